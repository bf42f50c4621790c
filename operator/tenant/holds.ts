import { MEMORY_HOLDS } from '../api/v1alpha1/resources.js';
import type { MemoryHold } from '../api/v1alpha1/types.js';
import type { KubeClient } from '../clients/kube.js';

export const holdsOn = (holds: readonly MemoryHold[], tenant: string): readonly string[] =>
  holds.filter(({ spec }) => spec.tenantNames.includes(tenant)).map(({ metadata }) => metadata.name);

/**
 * The same, asked of the server at this moment: what is watched may lag behind, by minutes when a connection died in
 * silence, and what is destroyed does not come back.
 */
export async function holdsNow(
  kube: Pick<KubeClient, 'list'>,
  tenant: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const { items } = await kube.list<MemoryHold>(MEMORY_HOLDS, {}, signal);
  return holdsOn(items, tenant);
}
