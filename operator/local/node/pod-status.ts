import type {
  ContainerStatus,
  PodCondition,
  PodStatus,
  ContainerState as WireState,
} from 'kubernetes-types/core/v1.js';
import { apiTime, type LivePod } from '../kinds.js';
import { type ContainerState, type ContainerView, succeeded } from './container-state.js';
import { POD_IP } from './field-ref.js';

/** What a pod's worker knows; with the pod and the clock it makes the status. */
export interface PodView {
  readonly containers: readonly ContainerView[];
  readonly startedAt: Date;
  /** No container runs and none will. */
  readonly finished: boolean;
  /** Why the node ended the pod, if it did. */
  readonly failure: { readonly reason: string; readonly message: string } | undefined;
}

/** The whole status, as pure data. Transition times of conditions that have not changed are kept. */
export function buildPodStatus(pod: LivePod, view: PodView, now: Date): PodStatus {
  const app = view.containers.filter((container) => container.role === 'app');
  const init = view.containers.filter((container) => container.role !== 'app');
  const phase = buildPhase(view, app, init);
  return {
    phase,
    conditions: buildConditions(pod, buildChecks(phase, app, init), now),
    hostIP: POD_IP,
    podIP: POD_IP,
    podIPs: [{ ip: POD_IP }],
    startTime: apiTime(view.startedAt),
    ...(init.length === 0 ? {} : { initContainerStatuses: init.map((one) => buildContainerStatus(one)) }),
    containerStatuses: app.map((one) => buildContainerStatus(one)),
    ...(view.failure ?? {}),
  };
}

type Phase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

function buildPhase(view: PodView, app: readonly ContainerView[], init: readonly ContainerView[]): Phase {
  if (view.failure !== undefined && view.finished) return 'Failed';
  if (view.finished) {
    const all = [...init.filter((container) => container.role === 'init'), ...app];
    return all.every((container) => succeeded(container.state)) ? 'Succeeded' : 'Failed';
  }
  const begun = app.some((container) => container.state.kind !== 'waiting' || container.last !== undefined);
  return begun && initialised(init) ? 'Running' : 'Pending';
}

const initialised = (init: readonly ContainerView[]): boolean =>
  init.every((container) => (container.role === 'sidecar' ? container.started : succeeded(container.state)));

interface Condition {
  readonly type: string;
  readonly ok: boolean;
  readonly reason?: string;
  readonly message?: string;
}

function buildChecks(
  phase: Phase,
  app: readonly ContainerView[],
  init: readonly ContainerView[],
): readonly Condition[] {
  const over = phase === 'Succeeded';
  const pending = init.filter((one) => (one.role === 'sidecar' ? !one.started : !succeeded(one.state)));
  const unready = app.filter((container) => !container.ready);
  const readiness = (type: string): Condition => {
    if (over) return { type, ok: false, reason: 'PodCompleted' };
    if (unready.length === 0 && pending.length === 0) return { type, ok: true };
    return {
      type,
      ok: false,
      reason: 'ContainersNotReady',
      message: `containers with unready status: ${names(unready)}`,
    };
  };
  const initialized: Condition =
    over || pending.length === 0
      ? { type: 'Initialized', ok: true, ...(over ? { reason: 'PodCompleted' } : {}) }
      : {
          type: 'Initialized',
          ok: false,
          reason: 'ContainersNotInitialized',
          message: `containers with incomplete status: ${names(pending)}`,
        };
  return [{ type: 'PodScheduled', ok: true }, initialized, readiness('ContainersReady'), readiness('Ready')];
}

const names = (containers: readonly ContainerView[]): string =>
  `[${containers.map((container) => container.spec.name).join(' ')}]`;

/** Conditions of other writers stay as they are, and hold the pod back where it lists them as readiness gates. */
function buildConditions(pod: LivePod, checks: readonly Condition[], now: Date): PodCondition[] {
  const previous = pod.status?.conditions ?? [];
  const foreign = previous.filter((condition) => !checks.some((check) => check.type === condition.type));
  const closed = (pod.spec.readinessGates ?? []).filter(
    (gate) => !foreign.some((condition) => condition.type === gate.conditionType && condition.status === 'True'),
  );
  const ours = checks.map((check) => {
    const held = check.type === 'Ready' && check.ok && closed.length > 0;
    return buildCondition(held ? { ...check, ok: false, reason: 'ReadinessGatesNotReady' } : check, previous, now);
  });
  return [...ours, ...foreign];
}

function buildCondition(check: Condition, previous: readonly PodCondition[], now: Date): PodCondition {
  const status = check.ok ? 'True' : 'False';
  const before = previous.find((condition) => condition.type === check.type);
  const since = before?.status === status ? before.lastTransitionTime : undefined;
  return {
    type: check.type,
    status,
    lastTransitionTime: since ?? apiTime(now),
    ...(check.reason === undefined ? {} : { reason: check.reason }),
    ...(check.message === undefined ? {} : { message: check.message }),
  };
}

function buildContainerStatus(view: ContainerView): ContainerStatus {
  const containerID = view.id === undefined ? undefined : `local://${view.id}`;
  const image = view.spec.image ?? '';
  return {
    name: view.spec.name,
    image,
    imageID: `local://${image}`,
    ready: view.role === 'init' ? succeeded(view.state) : view.ready,
    started: view.started,
    restartCount: view.restartCount,
    state: buildState(view.state, containerID),
    ...(view.last === undefined ? {} : { lastState: buildState(view.last, undefined) }),
    ...(containerID === undefined ? {} : { containerID }),
  };
}

function buildState(state: ContainerState, containerID: string | undefined): WireState {
  switch (state.kind) {
    case 'waiting':
      return {
        waiting: { reason: state.reason, ...(state.message === undefined ? {} : { message: state.message }) },
      };
    case 'running':
      return { running: { startedAt: apiTime(state.startedAt) } };
    case 'terminated': {
      const { exitCode, signal, reason, message, startedAt, finishedAt } = state;
      return {
        terminated: {
          exitCode,
          reason,
          ...(signal === undefined ? {} : { signal }),
          ...(message === undefined ? {} : { message }),
          ...(startedAt === undefined ? {} : { startedAt: apiTime(startedAt) }),
          ...(finishedAt === undefined ? {} : { finishedAt: apiTime(finishedAt) }),
          ...(containerID === undefined ? {} : { containerID }),
        },
      };
    }
  }
}
