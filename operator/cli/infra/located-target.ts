import type { GraphResource, StackGraph } from './graph.js';
import type { Facts, Target } from './target.js';

/** Of a cloud whose resources say themselves where they are. */
export const target = (
  graph: StackGraph,
  resource: GraphResource,
  kind: string,
  name: string,
  expected: Facts,
): Target => ({
  stack: graph.name,
  address: resource.address,
  kind,
  name,
  region: String(resource.attributes.location ?? resource.attributes.region ?? ''),
  expected,
});
