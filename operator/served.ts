import { KubeError, type Resource } from './clients/kube.js';
import type { KubeHttpClient } from './clients/kube-http.js';
import { RESOURCES } from './clients/kube-resources.js';

/** Kinds that a cluster may lack: they come with an extension. */
const OPTIONAL: readonly Resource[] = [RESOURCES.httpRoutes];

/** Asks once which optional kinds there are; installing one later takes a restart of the operator. */
export async function discoverServed(kube: KubeHttpClient): Promise<(resource: Resource) => boolean> {
  const missing = new Set<Resource>();
  for (const resource of OPTIONAL) if (!(await isServed(kube, resource))) missing.add(resource);
  return (resource) => !missing.has(resource);
}

async function isServed(kube: KubeHttpClient, { apiVersion, kind }: Resource): Promise<boolean> {
  try {
    const path = `/apis/${apiVersion}`;
    const list = await kube.request<{ readonly resources?: readonly { readonly kind: string }[] }>({
      method: 'GET',
      path,
    });
    return list.resources?.some((one) => one.kind === kind) === true;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return false;
    throw error;
  }
}
