import type { CronJobStatus } from 'kubernetes-types/batch/v1.js';
import { KubeError } from '../../clients/kube.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import type { RunResult } from '../../runtime/queue.js';
import { apiTime, type LiveCronJob, type LiveJob, namespaceOf } from '../kinds.js';
import { findVerdict } from './job-status.js';
import { buildOwnerReference, isControlledBy, splitKey } from './ownership.js';
import { type Due, resolveDue } from './schedule.js';
import { isSameStatus } from './status-equality.js';
import type { WorkloadContext } from './workload-context.js';

const HISTORY = { successful: 3, failed: 1 } as const;
const MINUTE_MS = 60_000;

/** Starts a Job at each scheduled time, and comes back for the next one. */
export const reconcileCronJob =
  (context: WorkloadContext) =>
  async (key: string): Promise<RunResult> => {
    const { client } = context;
    const { name, namespace } = splitKey(key);
    const cron = await client.get<LiveCronJob>({ resource: RESOURCES.cronJobs, name, namespace });
    if (cron === undefined || cron.metadata.deletionTimestamp !== undefined) return {};
    const { items } = await client.list<LiveJob>(RESOURCES.jobs, { namespace });
    const jobs = items.filter((job) => isControlledBy(job, cron));
    await removeHistory(context, cron, jobs);
    const due = observeDue(context, cron);
    const started = due?.at === undefined ? undefined : await startJob(context, cron, jobs, due.at);
    const active = [...jobs.filter((job) => findVerdict(job) === undefined), ...(started?.job ?? [])];
    await writeStatus(context, cron, buildStatus(cron, jobs, active, started?.at));
    return { requeueAfterMs: due?.nextInMs };
  };

function observeDue({ log, now }: WorkloadContext, cron: LiveCronJob): Due | undefined {
  if (cron.spec.suspend === true) return undefined;
  const last = cron.status?.lastScheduleTime ?? cron.metadata.creationTimestamp ?? '';
  try {
    return resolveDue(cron.spec, new Date(last), now());
  } catch (err) {
    // Nothing to retry until somebody edits it.
    log.warn({ err, cronJob: cron.metadata.name, schedule: cron.spec.schedule }, 'schedule or time zone is not valid');
    return undefined;
  }
}

interface Started {
  readonly at: Date;
  readonly job: readonly LiveJob[];
}

async function startJob(
  { client }: WorkloadContext,
  cron: LiveCronJob,
  jobs: readonly LiveJob[],
  at: Date,
): Promise<Started | undefined> {
  const running = jobs.filter((job) => findVerdict(job) === undefined);
  const policy = cron.spec.concurrencyPolicy ?? 'Allow';
  if (policy === 'Forbid' && running.length > 0) return undefined;
  if (policy === 'Replace') {
    for (const job of running) {
      const ref = { resource: RESOURCES.jobs, name: job.metadata.name, namespace: namespaceOf(job) };
      await client.delete(ref, { uid: job.metadata.uid, propagationPolicy: 'Background' });
    }
  }
  const { metadata, spec } = cron.spec.jobTemplate;
  try {
    const job = await client.create<LiveJob>(RESOURCES.jobs, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        // Named by its time: a second start of the same time is refused by the server.
        name: `${cron.metadata.name}-${Math.floor(at.getTime() / MINUTE_MS)}`,
        namespace: namespaceOf(cron),
        labels: { ...metadata?.labels },
        annotations: { ...metadata?.annotations, 'batch.kubernetes.io/cronjob-scheduled-timestamp': apiTime(at) },
        ...{ ownerReferences: [buildOwnerReference(cron)] },
      },
      spec,
    });
    return { at, job: [job] };
  } catch (error) {
    if (error instanceof KubeError && error.reason === 'AlreadyExists') return { at, job: [] };
    throw error;
  }
}

async function removeHistory({ client }: WorkloadContext, cron: LiveCronJob, jobs: readonly LiveJob[]): Promise<void> {
  const ended = (type: string): readonly LiveJob[] =>
    jobs
      .filter((job) => findVerdict(job)?.type === type)
      .sort((a, b) => Date.parse(b.status?.startTime ?? '') - Date.parse(a.status?.startTime ?? ''));
  const excess = [
    ...ended('Complete').slice(cron.spec.successfulJobsHistoryLimit ?? HISTORY.successful),
    ...ended('Failed').slice(cron.spec.failedJobsHistoryLimit ?? HISTORY.failed),
  ];
  for (const job of excess) {
    const ref = { resource: RESOURCES.jobs, name: job.metadata.name, namespace: namespaceOf(job) };
    await client.delete(ref, { uid: job.metadata.uid, propagationPolicy: 'Background' });
  }
}

function buildStatus(
  cron: LiveCronJob,
  jobs: readonly LiveJob[],
  active: readonly LiveJob[],
  startedAt: Date | undefined,
): CronJobStatus {
  const successes = jobs.flatMap((job) => job.status?.completionTime ?? []);
  const lastSuccess = [...successes, cron.status?.lastSuccessfulTime ?? ''].sort().at(-1) ?? '';
  const lastSchedule = startedAt === undefined ? cron.status?.lastScheduleTime : apiTime(startedAt);
  return {
    active: active.map(({ metadata }) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      uid: metadata.uid,
    })),
    ...(lastSchedule === undefined ? {} : { lastScheduleTime: lastSchedule }),
    ...(lastSuccess === '' ? {} : { lastSuccessfulTime: lastSuccess }),
  };
}

async function writeStatus({ client }: WorkloadContext, cron: LiveCronJob, status: CronJobStatus): Promise<void> {
  if (isSameStatus(status, cron.status)) return;
  const ref = { resource: RESOURCES.cronJobs, name: cron.metadata.name, namespace: namespaceOf(cron) };
  await client.mergePatch(ref, { status }, { subresource: 'status' });
}
