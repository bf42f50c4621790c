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

/** What an apply makes of the references in a text, where Google's names follow from ours. */
export function filledIn(graph: StackGraph, text: unknown): string {
  return String(text).replace(/\$\{[^}]*\}/g, (expression) => {
    const one = graph.referred(expression);
    const field = /\.([a-z_]+)\}$/.exec(expression)?.[1] ?? '';
    const known = one === undefined ? undefined : MADE[`${one.type}.${field}`]?.(graph, one);
    return known ?? String(graph.settled(expression));
  });
}

const emailOf = (graph: StackGraph, { attributes }: GraphResource): string =>
  `${attributes.account_id}@${projectOf(graph, attributes).replace('projects/', '')}.iam.gserviceaccount.com`;

const MADE: Readonly<Record<string, (graph: StackGraph, one: GraphResource) => string>> = {
  'google_service_account.email': emailOf,
  'google_service_account.name': (graph, one) =>
    `${projectOf(graph, one.attributes)}/serviceAccounts/${emailOf(graph, one)}`,
  'google_project_iam_custom_role.name': (graph, { attributes }) =>
    `${projectOf(graph, attributes)}/roles/${attributes.role_id}`,
  'google_iam_workload_identity_pool.name': (graph, { attributes }) =>
    `${projectOf(graph, attributes)}/locations/global/workloadIdentityPools/${attributes.workload_identity_pool_id}`,
  'google_kms_crypto_key.id': idOf,
  'google_memorystore_instance.id': (graph, { attributes }) =>
    `${projectOf(graph, attributes)}/locations/${attributes.location}/instances/${attributes.instance_id}`,
  'google_artifact_registry_repository.id': (graph, { attributes }) =>
    `${projectOf(graph, attributes)}/locations/${attributes.location}/repositories/${attributes.repository_id}`,
};
