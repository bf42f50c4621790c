import type { JobCondition, JobStatus } from 'kubernetes-types/batch/v1.js';
import { apiTime, type LiveJob, type LivePod } from '../kinds.js';
import { isActive, isReady } from './pod-state.js';

/** A job's pods, counted. */
export interface JobPods {
  readonly active: readonly LivePod[];
  readonly succeeded: number;
  readonly failed: number;
  /** Restarts of containers inside the active pods, which a job that restarts in place pays its limit with. */
  readonly restarts: number;
  readonly lastFailureAt: number | undefined;
}

export interface JobVerdict {
  readonly type: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

const BACKOFF_LIMIT = 6;

/** Counts never fall, even when somebody deletes a pod that has been counted. */
export function countPods(job: LiveJob, pods: readonly LivePod[]): JobPods {
  const inPhase = (phase: string): readonly LivePod[] => pods.filter((pod) => pod.status?.phase === phase);
  const failed = inPhase('Failed');
  const active = pods.filter(isActive);
  const ends = failed.flatMap((pod) =>
    (pod.status?.containerStatuses ?? []).flatMap(({ state }) => state?.terminated?.finishedAt ?? []),
  );
  const restarts = active.flatMap((pod) => pod.status?.containerStatuses ?? []);
  return {
    active,
    succeeded: Math.max(job.status?.succeeded ?? 0, inPhase('Succeeded').length),
    failed: Math.max(job.status?.failed ?? 0, failed.length),
    restarts: restarts.reduce((total, { restartCount }) => total + restartCount, 0),
    lastFailureAt: ends.length === 0 ? undefined : Math.max(...ends.map((at) => Date.parse(at))),
  };
}

/** Whether the job is over, and why; the first that applies. */
export function judgeJob(job: LiveJob, pods: JobPods, now: Date): JobVerdict | undefined {
  const limit = job.spec.backoffLimit ?? BACKOFF_LIMIT;
  const inPlace = job.spec.template.spec?.restartPolicy === 'OnFailure' ? pods.restarts : 0;
  if (pods.failed + inPlace > limit) {
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  }
  if (deadlineInMs(job, now) === 0) {
    return { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  }
  const { completions } = job.spec;
  const over =
    completions === undefined && job.spec.parallelism !== undefined
      ? pods.succeeded > 0 && pods.active.length === 0
      : pods.succeeded >= (completions ?? 1);
  if (!over) return undefined;
  return { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
}

/** How many pods should run now. */
export function wantedActive(job: LiveJob, pods: JobPods): number {
  const parallelism = job.spec.parallelism ?? 1;
  if (job.spec.completions === undefined && job.spec.parallelism !== undefined) {
    return pods.succeeded > 0 ? Math.min(pods.active.length, parallelism) : parallelism;
  }
  return Math.min(parallelism, Math.max(0, (job.spec.completions ?? 1) - pods.succeeded));
}

/** Milliseconds until the job has been active for too long; undefined when it may take its time. */
export function deadlineInMs(job: LiveJob, now: Date): number | undefined {
  const { startTime } = job.status ?? {};
  if (job.spec.activeDeadlineSeconds === undefined || startTime === undefined) return undefined;
  return Math.max(0, Date.parse(startTime) + job.spec.activeDeadlineSeconds * 1_000 - now.getTime());
}

export const findVerdict = (job: LiveJob): JobCondition | undefined =>
  job.status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');

export function buildJobStatus(job: LiveJob, pods: JobPods, verdict: JobVerdict | undefined, now: Date): JobStatus {
  const suspended = job.spec.suspend === true;
  const startTime = job.status?.startTime ?? (suspended ? undefined : apiTime(now));
  return {
    active: verdict === undefined && !suspended ? pods.active.length : 0,
    ready: verdict === undefined && !suspended ? pods.active.filter(isReady).length : 0,
    succeeded: pods.succeeded,
    failed: pods.failed,
    conditions: [...buildSuspended(job, suspended, now), ...(verdict === undefined ? [] : buildVerdict(verdict, now))],
    ...(startTime === undefined ? {} : { startTime }),
    ...(verdict?.type === 'Complete' ? { completionTime: apiTime(now) } : {}),
  };
}

/** The API asks that the decision be there beside the end that it leads to. */
const DECISIONS = { Complete: 'SuccessCriteriaMet', Failed: 'FailureTarget' } as const;

function buildVerdict({ type, reason, message }: JobVerdict, now: Date): readonly JobCondition[] {
  const times = { lastProbeTime: apiTime(now), lastTransitionTime: apiTime(now) };
  return [DECISIONS[type], type].map((one) => ({ type: one, status: 'True', reason, message, ...times }));
}

function buildSuspended(job: LiveJob, suspended: boolean, now: Date): readonly JobCondition[] {
  const before = job.status?.conditions?.find(({ type }) => type === 'Suspended');
  if (before === undefined && !suspended) return [];
  const status = suspended ? 'True' : 'False';
  if (before?.status === status) return [before];
  const [reason, message] = suspended ? ['JobSuspended', 'Job suspended'] : ['JobResumed', 'Job resumed'];
  return [
    { type: 'Suspended', status, reason, message, lastProbeTime: apiTime(now), lastTransitionTime: apiTime(now) },
  ];
}
