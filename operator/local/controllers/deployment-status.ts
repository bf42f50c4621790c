import type { DeploymentCondition, DeploymentStatus } from 'kubernetes-types/apps/v1.js';
import { apiTime, type LiveDeployment, type LiveReplicaSet } from '../kinds.js';
import { resolveBounds } from './rollout.js';

const PROGRESS_DEADLINE_SECONDS = 600;

export interface DeploymentSets {
  readonly current: LiveReplicaSet | undefined;
  readonly old: readonly LiveReplicaSet[];
}

/** What `kubectl rollout status` and `kubectl wait` read. Times move only when what they date has changed. */
export function buildDeploymentStatus(deployment: LiveDeployment, sets: DeploymentSets, now: Date): DeploymentStatus {
  const all = [...(sets.current === undefined ? [] : [sets.current]), ...sets.old];
  const count = (field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
    all.reduce((total, set) => total + (set.status?.[field] ?? 0), 0);
  const counts = {
    replicas: count('replicas'),
    updatedReplicas: sets.current?.status?.replicas ?? 0,
    readyReplicas: count('readyReplicas'),
    availableReplicas: count('availableReplicas'),
  };
  const asked = all.reduce((total, set) => total + (set.spec.replicas ?? 0), 0);
  const failure = sets.current?.status?.conditions?.find(({ type }) => type === 'ReplicaFailure');
  const conditions = [
    buildAvailable(deployment, counts, now),
    buildProgressing(deployment, sets, counts, now),
    failure === undefined ? undefined : keepTimes(deployment, failure, false, now),
  ];
  return {
    observedGeneration: deployment.metadata.generation ?? 0,
    ...counts,
    unavailableReplicas: Math.max(0, asked - counts.availableReplicas),
    conditions: conditions.flatMap((condition) => condition ?? []),
  };
}

/** Milliseconds until a rollout that makes no progress must be called failed; undefined when none is under way. */
export function progressDeadlineInMs(
  deployment: LiveDeployment,
  status: DeploymentStatus,
  now: Date,
): number | undefined {
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
  if (progressing?.reason !== 'ReplicaSetUpdated') return undefined;
  return Math.max(1_000, deadlineOf(deployment, progressing) - now.getTime());
}

interface Counts {
  readonly replicas: number;
  readonly updatedReplicas: number;
  readonly availableReplicas: number;
}

function buildAvailable(deployment: LiveDeployment, counts: Counts, now: Date): DeploymentCondition {
  const minimum = (deployment.spec.replicas ?? 1) - resolveBounds(deployment.spec).maxUnavailable;
  const ok = counts.availableReplicas >= minimum;
  const wanted = ok
    ? { status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
    : {
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
  return keepTimes(deployment, { type: 'Available', ...wanted }, false, now);
}

function buildProgressing(
  deployment: LiveDeployment,
  { current }: DeploymentSets,
  counts: Counts,
  now: Date,
): DeploymentCondition | undefined {
  const type = 'Progressing';
  const before = findCondition(deployment, type);
  if (deployment.spec.paused === true) {
    const message = 'Deployment is paused';
    return keepTimes(deployment, { type, status: 'Unknown', reason: 'DeploymentPaused', message }, false, now);
  }
  if (current === undefined) return before;
  const name = `ReplicaSet "${current.metadata.name}"`;
  if (isComplete(deployment, counts)) {
    const message = `${name} has successfully progressed.`;
    return keepTimes(deployment, { type, status: 'True', reason: 'NewReplicaSetAvailable', message }, false, now);
  }
  const moved = hasProgressed(deployment, counts) || before?.reason !== 'ReplicaSetUpdated';
  const failed = before?.reason === 'ProgressDeadlineExceeded' && !hasProgressed(deployment, counts);
  if (failed || (!moved && before !== undefined && deadlineOf(deployment, before) <= now.getTime())) {
    const message = `${name} has timed out progressing.`;
    return keepTimes(deployment, { type, status: 'False', reason: 'ProgressDeadlineExceeded', message }, false, now);
  }
  const message = `${name} is progressing.`;
  return keepTimes(deployment, { type, status: 'True', reason: 'ReplicaSetUpdated', message }, moved, now);
}

const isComplete = (deployment: LiveDeployment, counts: Counts): boolean => {
  const desired = deployment.spec.replicas ?? 1;
  return counts.updatedReplicas === desired && counts.replicas === desired && counts.availableReplicas >= desired;
};

/** Against the status that was written last. A new generation starts the clock again. */
function hasProgressed(deployment: LiveDeployment, counts: Counts): boolean {
  const { status } = deployment;
  const oldBefore = (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0);
  return (
    status?.observedGeneration !== deployment.metadata.generation ||
    counts.updatedReplicas > (status?.updatedReplicas ?? 0) ||
    counts.availableReplicas > (status?.availableReplicas ?? 0) ||
    counts.replicas - counts.updatedReplicas < oldBefore
  );
}

const deadlineOf = (deployment: LiveDeployment, progressing: DeploymentCondition): number =>
  Date.parse(progressing.lastUpdateTime ?? '') +
  (deployment.spec.progressDeadlineSeconds ?? PROGRESS_DEADLINE_SECONDS) * 1_000;

const findCondition = (deployment: LiveDeployment, type: string): DeploymentCondition | undefined =>
  deployment.status?.conditions?.find((condition) => condition.type === type);

function keepTimes(
  deployment: LiveDeployment,
  wanted: Omit<DeploymentCondition, 'lastUpdateTime' | 'lastTransitionTime'>,
  moved: boolean,
  now: Date,
): DeploymentCondition {
  const before = findCondition(deployment, wanted.type);
  const same = before?.status === wanted.status && before.reason === wanted.reason && before.message === wanted.message;
  const { type, status, reason = '', message = '' } = wanted;
  return {
    type,
    status,
    reason,
    message,
    lastUpdateTime: same && !moved ? (before.lastUpdateTime ?? apiTime(now)) : apiTime(now),
    lastTransitionTime: before?.status === wanted.status ? (before.lastTransitionTime ?? apiTime(now)) : apiTime(now),
  };
}
