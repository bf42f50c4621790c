import type { CustomResourceDefinition } from '../../operator/api/v1alpha1/crd.js';
import { OWN_RESOURCES } from '../../operator/api/v1alpha1/resources.js';
import { KubeError, type ObjectRef, type Resource } from '../../operator/clients/kube.js';
import { createKubeClient, type KubeHttpClient } from '../../operator/clients/kube-http.js';
import { collectionPath, objectPath } from '../../operator/clients/kube-paths.js';
import { RESOURCES } from '../../operator/clients/kube-resources.js';
import type { Attempt, Manifest } from '../operator/api/rules.cases.js';

export interface RuleBench {
  /** Plays one attempt and clears up after it. The server's answer when it refuses, undefined when it accepts. */
  attempt(attempt: Attempt): Promise<string | undefined>;
  close(): Promise<void>;
}

const DEADLINE_MS = 60_000;

/** Installs our CRDs in the cluster of a kubeconfig, real or embedded, and waits until they are served. */
export const openRuleBench = async (
  kubeconfigPath: string,
  crds: readonly CustomResourceDefinition[],
): Promise<RuleBench> => {
  const client = await createKubeClient({ kubeconfigPath, fieldManager: 'rules' });
  for (const crd of crds) {
    await client.apply(RESOURCES.customResourceDefinitions, crd);
    await untilServed(client, crd.metadata.name);
  }
  return { attempt: (attempt) => playAttempt(client, attempt), close: () => client.close() };
};

interface Established {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const untilServed = async (client: KubeHttpClient, name: string): Promise<void> => {
  const path = objectPath({ resource: RESOURCES.customResourceDefinitions, name });
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const { status } = await client.request<Established>({ method: 'GET', path });
    if (status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True')) break;
    if (Date.now() > deadline) throw new Error(`${name} was not established: ${JSON.stringify(status)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const resource = OWN_RESOURCES.find(({ plural }) => name.startsWith(`${plural}.`));
  if (resource === undefined) throw new Error(`${name} is none of our kinds`);
  // Established comes a moment before the paths answer.
  await until(() => client.request({ method: 'GET', path: collectionPath(resource, namespaceOf(resource)) }), deadline);
};

const until = async (call: () => Promise<unknown>, deadline: number): Promise<void> => {
  for (;;) {
    try {
      await call();
      return;
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 404 || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
};

const namespaceOf = ({ namespaced }: Resource): string | undefined => (namespaced ? 'default' : undefined);

const playAttempt = async (
  client: KubeHttpClient,
  { before, status, manifest }: Attempt,
): Promise<string | undefined> => {
  const ref = refOf(manifest);
  try {
    if (before !== undefined) await create(client, before);
    if (status !== undefined) await client.mergePatch(ref, { status }, { subresource: 'status' });
    return await refusal(() => (before === undefined ? create(client, manifest) : replace(client, ref, manifest)));
  } finally {
    await client.delete(ref);
  }
};

const refOf = ({ kind, metadata: { name, namespace } }: Manifest): ObjectRef => {
  const resource = OWN_RESOURCES.find((candidate) => candidate.kind === kind);
  if (resource === undefined) throw new Error(`${kind} is none of our kinds`);
  return { resource, name, ...(namespace === undefined ? {} : { namespace }) };
};

const STRICT = { fieldValidation: 'Strict' };

const create = (client: KubeHttpClient, manifest: Manifest): Promise<unknown> => {
  const { resource, namespace } = refOf(manifest);
  return client.request({ method: 'POST', path: collectionPath(resource, namespace), query: STRICT, body: manifest });
};

const replace = async (client: KubeHttpClient, ref: ObjectRef, manifest: Manifest): Promise<unknown> => {
  const path = objectPath(ref);
  const { metadata } = await client.request<Manifest>({ method: 'GET', path });
  return await client.request({ method: 'PUT', path, query: STRICT, body: { ...manifest, metadata } });
};

/** Only an answer about the object is a refusal; anything else is a broken test. */
const refusal = async (write: () => Promise<unknown>): Promise<string | undefined> => {
  try {
    await write();
    return undefined;
  } catch (error) {
    if (error instanceof KubeError && (error.status === 422 || error.status === 400)) return error.message;
    throw error;
  }
};
