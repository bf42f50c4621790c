import type { LivePod } from '../kinds.js';

export const isTerminal = (pod: LivePod): boolean =>
  pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** Counts towards its owner: it may still run, and nobody has asked for its end. */
export const isActive = (pod: LivePod): boolean => !isTerminal(pod) && pod.metadata.deletionTimestamp === undefined;

export function readySince(pod: LivePod): Date | undefined {
  const ready = pod.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
  if (ready === undefined) return undefined;
  return new Date(ready.lastTransitionTime ?? 0);
}

export const isReady = (pod: LivePod): boolean => readySince(pod) !== undefined;

/** Milliseconds until a ready pod has been so for long enough; 0 when it has, undefined when it is not ready. */
export function availableIn(pod: LivePod, minReadySeconds: number, now: Date): number | undefined {
  const since = readySince(pod);
  if (since === undefined) return undefined;
  return Math.max(0, since.getTime() + minReadySeconds * 1_000 - now.getTime());
}
