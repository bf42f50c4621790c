import type { Container } from 'kubernetes-types/core/v1.js';

/** What a container is doing. The fold into a pod's status is in pod-status.ts. */
export type ContainerState =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message?: string }
  | { readonly kind: 'running'; readonly startedAt: Date }
  | Terminated;

export interface Terminated {
  readonly kind: 'terminated';
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
}

/**
 * `init` runs once, before the next one; `sidecar` is an init container that goes on beside the others; `app` is an
 * ordinary container.
 */
export type ContainerRole = 'init' | 'sidecar' | 'app';
export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

export interface ContainerView {
  readonly role: ContainerRole;
  readonly spec: Container;
  readonly state: ContainerState;
  readonly last: Terminated | undefined;
  readonly restartCount: number;
  readonly ready: boolean;
  readonly started: boolean;
  readonly id: string | undefined;
}

export const succeeded = (state: ContainerState): boolean => state.kind === 'terminated' && state.exitCode === 0;

/** Whether a container that ended with this code starts again. */
export function restarts(policy: RestartPolicy, exitCode: number): boolean {
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/** A container's role and the policy that holds for it; an init container that must go on is a sidecar. */
export function resolvePolicy(spec: Container, isInit: boolean, pod: RestartPolicy) {
  if (!isInit) return { role: 'app' as const, policy: pod };
  if (spec.restartPolicy === 'Always') return { role: 'sidecar' as const, policy: 'Always' as const };
  return { role: 'init' as const, policy: pod === 'Always' ? ('OnFailure' as const) : pod };
}
