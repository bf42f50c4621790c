import type { KubeClient, LiveObject, ObjectRef } from '../clients/kube.js';
import { buildMergePatch } from './merge-patch.js';

export { type Condition, type ConditionInput, kubeTime, mergeConditions } from './conditions.js';

/**
 * Makes `status` of the object equal `next` with one merge patch, or with no call when it is already. `live` is what
 * the decision was based on: if the object changed since, the server refuses (`Conflict`), so a stale writer loses.
 * Build conditions with `mergeConditions`, or their times alone would make each status differ.
 */
export const patchStatus = async (
  client: Pick<KubeClient, 'mergePatch'>,
  ref: ObjectRef,
  live: LiveObject,
  next: unknown,
  signal?: AbortSignal,
): Promise<'patched' | 'unchanged'> => {
  const status = buildMergePatch(live.status ?? {}, next);
  if (status === undefined) return 'unchanged';
  const { resourceVersion, uid } = live.metadata;
  await client.mergePatch(ref, { metadata: { resourceVersion, uid }, status }, { subresource: 'status' }, signal);
  return 'patched';
};
