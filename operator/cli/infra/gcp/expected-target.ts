import type { GraphResource, StackGraph } from '../graph.js';
import type { Facts, Target } from '../target.js';

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

/** `projects/<p>/locations/<l>/keyRings/<r>/cryptoKeys/<k>`: the name and the id are one. */
export function keyId(graph: StackGraph, expression: unknown): string | undefined {
  const key = graph.referred(expression);
  return key === undefined ? undefined : idOf(graph, key);
}

export function idOf(graph: StackGraph, key: GraphResource): string {
  const ring = graph.referred(key.attributes.key_ring)?.attributes ?? {};
  const [project, location, name] = [ring.project, ring.location, ring.name].map(graph.settled);
  return `projects/${project}/locations/${location}/keyRings/${name}/cryptoKeys/${key.attributes.name}`;
}

/** `projects/<p>`, of the resource or of the provider. */
export const projectOf = (graph: StackGraph, { project }: GraphResource['attributes']): string =>
  `projects/${graph.settled(project ?? graph.provider.project)}`;
