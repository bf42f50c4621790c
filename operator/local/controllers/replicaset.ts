import type { ReplicaSetStatus } from 'kubernetes-types/apps/v1.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import type { RunResult } from '../../runtime/queue.js';
import { apiTime, type LivePod, type LiveReplicaSet, namespaceOf } from '../kinds.js';
import { createOwnedPod, deletePods, listOwnedPods } from './owned-pods.js';
import { splitKey } from './ownership.js';
import { availableIn, isActive, isReady } from './pod-state.js';
import { isSameStatus } from './status-equality.js';
import type { WorkloadContext } from './workload-context.js';

/** A mistake in a template must not make a thousand pods before it is seen. */
const BURST = 50;

/** Keeps as many active pods as the spec says. */
export const reconcileReplicaSet =
  (context: WorkloadContext) =>
  async (key: string): Promise<RunResult> => {
    const { client, now } = context;
    const { name, namespace } = splitKey(key);
    const set = await client.get<LiveReplicaSet>({ resource: RESOURCES.replicaSets, name, namespace });
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return {};
    const active = (await listOwnedPods(client, set)).filter(isActive);
    const missing = (set.spec.replicas ?? 1) - active.length;
    const failure = missing > 0 ? await createPods(context, set, missing) : undefined;
    if (missing < 0) await deletePods(client, chooseVictims(active, -missing));
    await writeStatus(context, set, active, failure);
    if (failure !== undefined) throw failure;
    return { requeueAfterMs: nextAvailability(set, active, now()) };
  };

async function createPods(context: WorkloadContext, set: LiveReplicaSet, count: number): Promise<unknown> {
  const creations = Array.from({ length: Math.min(count, BURST) }, () =>
    createOwnedPod(context.client, set, set.spec.template),
  );
  const results = await Promise.allSettled(creations);
  return results.find((result) => result.status === 'rejected')?.reason;
}

/** The least useful first: not ready before ready, then the youngest. */
export function chooseVictims(pods: readonly LivePod[], count: number): readonly LivePod[] {
  const age = (pod: LivePod): number => Date.parse(pod.metadata.creationTimestamp ?? '');
  return [...pods].sort((a, b) => Number(isReady(a)) - Number(isReady(b)) || age(b) - age(a)).slice(0, count);
}

async function writeStatus(
  { client, now }: WorkloadContext,
  set: LiveReplicaSet,
  active: readonly LivePod[],
  failure: unknown,
): Promise<void> {
  const status = buildReplicaSetStatus(set, active, failure, now());
  if (isSameStatus(status, set.status)) return;
  const ref = { resource: RESOURCES.replicaSets, name: set.metadata.name, namespace: namespaceOf(set) };
  await client.mergePatch(ref, { status }, { subresource: 'status' });
}

export function buildReplicaSetStatus(
  set: LiveReplicaSet,
  active: readonly LivePod[],
  failure: unknown,
  now: Date,
): ReplicaSetStatus {
  const minReady = set.spec.minReadySeconds ?? 0;
  const labels = Object.entries(set.spec.template?.metadata?.labels ?? {});
  const labelled = active.filter((pod) => labels.every(([key, value]) => pod.metadata.labels?.[key] === value));
  const known = set.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  const message = failure instanceof Error ? failure.message : String(failure);
  const condition = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message };
  return {
    replicas: active.length,
    fullyLabeledReplicas: labelled.length,
    readyReplicas: active.filter(isReady).length,
    availableReplicas: active.filter((pod) => availableIn(pod, minReady, now) === 0).length,
    observedGeneration: set.metadata.generation ?? 0,
    conditions:
      failure === undefined ? [] : [{ ...condition, lastTransitionTime: known?.lastTransitionTime ?? apiTime(now) }],
  };
}

/** When the next ready pod becomes available without any further event. */
function nextAvailability(set: LiveReplicaSet, active: readonly LivePod[], now: Date): number | undefined {
  const waits = active
    .map((pod) => availableIn(pod, set.spec.minReadySeconds ?? 0, now))
    .filter((ms): ms is number => ms !== undefined && ms > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}
