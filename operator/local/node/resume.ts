import type { ContainerStatus, ContainerState as WireState } from 'kubernetes-types/core/v1.js';
import { type RestartPolicy, restarts, type Terminated } from './container-state.js';

/** Where a container goes on whose pod an earlier agent has run. */
export interface Resumed {
  /** Shown by the next run. */
  readonly restartCount: number;
  readonly last: Terminated | undefined;
  /** Set when it does not run again. */
  readonly over?: Terminated;
}

const KILLED_EXIT_CODE = 137;

export const FRESH: Resumed = { restartCount: 0, last: undefined };

/** A process does not outlive its agent: what was running then has been lost, which the restart policy must answer. */
export function resolveResumed(status: ContainerStatus | undefined, policy: RestartPolicy, now: Date): Resumed {
  if (status === undefined) return FRESH;
  const end = status.state?.running === undefined ? readTerminated(status.state) : lost(status, now);
  if (end !== undefined && !restarts(policy, end.exitCode)) {
    return { restartCount: status.restartCount, last: readTerminated(status.lastState), over: end };
  }
  const last = end ?? readTerminated(status.lastState);
  return { restartCount: status.restartCount + (last === undefined ? 0 : 1), last };
}

function lost(status: ContainerStatus, now: Date): Terminated {
  const startedAt = status.state?.running?.startedAt;
  return {
    kind: 'terminated',
    exitCode: KILLED_EXIT_CODE,
    reason: 'ContainerStatusUnknown',
    message: 'The node agent ended while the container ran',
    finishedAt: now,
    ...(startedAt === undefined ? {} : { startedAt: new Date(startedAt) }),
  };
}

function readTerminated(state: WireState | undefined): Terminated | undefined {
  const wire = state?.terminated;
  if (wire === undefined) return undefined;
  return {
    kind: 'terminated',
    exitCode: wire.exitCode,
    reason: wire.reason ?? 'Error',
    ...(wire.signal === undefined ? {} : { signal: wire.signal }),
    ...(wire.message === undefined ? {} : { message: wire.message }),
    ...(wire.startedAt === undefined ? {} : { startedAt: new Date(wire.startedAt) }),
    ...(wire.finishedAt === undefined ? {} : { finishedAt: new Date(wire.finishedAt) }),
  };
}
