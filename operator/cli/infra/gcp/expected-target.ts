import type { GraphResource, StackGraph } from '../graph.js';

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
