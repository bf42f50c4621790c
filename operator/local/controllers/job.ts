import { RESOURCES } from '../../clients/kube-resources.js';
import type { RunResult } from '../../runtime/queue.js';
import { apiTime, type LiveJob, namespaceOf } from '../kinds.js';
import {
  buildJobStatus,
  countPods,
  deadlineInMs,
  findVerdict,
  type JobPods,
  type JobVerdict,
  judgeJob,
  wantedActive,
} from './job-status.js';
import { createOwnedPod, deletePods, listOwnedPods } from './owned-pods.js';
import { splitKey } from './ownership.js';
import { isSameStatus } from './status-equality.js';
import type { WorkloadContext } from './workload-context.js';

const MAX_BACKOFF_MS = 360_000;
const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid';

/** Runs pods until enough have succeeded, or too many have failed; then keeps the result for as long as asked. */
export const reconcileJob =
  (context: WorkloadContext) =>
  async (key: string): Promise<RunResult> => {
    const { client, now } = context;
    const { name, namespace } = splitKey(key);
    const job = await client.get<LiveJob>({ resource: RESOURCES.jobs, name, namespace });
    if (job === undefined || job.metadata.deletionTimestamp !== undefined) return {};
    const over = findVerdict(job);
    if (over !== undefined) return expireJob(context, job, over.lastTransitionTime);
    if (job.spec.selector === undefined) await writeSelector(context, job);
    const pods = countPods(job, await listOwnedPods(client, job));
    const verdict = judgeJob(job, pods, now());
    const waitMs = await applyPods(context, job, pods, verdict);
    await writeStatus(context, job, pods, verdict);
    if (verdict !== undefined) return expireJob(context, job, apiTime(now()));
    return { requeueAfterMs: earliest(waitMs, deadlineInMs(job, now())) };
  };

const earliest = (...times: readonly (number | undefined)[]): number | undefined => {
  const set = times.filter((ms): ms is number => ms !== undefined);
  return set.length === 0 ? undefined : Math.min(...set);
};

/** Removes a finished job when its time is over. */
async function expireJob(
  { client, now }: WorkloadContext,
  job: LiveJob,
  since: string | undefined,
): Promise<RunResult> {
  const ttl = job.spec.ttlSecondsAfterFinished;
  if (ttl === undefined) return {};
  const left = Date.parse(since ?? '') + ttl * 1_000 - now().getTime();
  if (left > 0) return { requeueAfterMs: left };
  const ref = { resource: RESOURCES.jobs, name: job.metadata.name, namespace: namespaceOf(job) };
  await client.delete(ref, { uid: job.metadata.uid, propagationPolicy: 'Background' });
  return {};
}

/** A real API server sets it on creation; `kubectl logs job/…` finds the pods by it. */
async function writeSelector({ client }: WorkloadContext, job: LiveJob): Promise<void> {
  const ref = { resource: RESOURCES.jobs, name: job.metadata.name, namespace: namespaceOf(job) };
  const selector = { matchLabels: { [CONTROLLER_UID]: job.metadata.uid } };
  await client.mergePatch(ref, { spec: { selector, template: { metadata: { labels: buildLabels(job) } } } });
}

const buildLabels = (job: LiveJob): Readonly<Record<string, string>> => ({
  [CONTROLLER_UID]: job.metadata.uid,
  'batch.kubernetes.io/job-name': job.metadata.name,
  'controller-uid': job.metadata.uid,
  'job-name': job.metadata.name,
});

/** Creates and deletes pods; answers in how many milliseconds the next may be created, if one has to wait. */
async function applyPods(
  context: WorkloadContext,
  job: LiveJob,
  pods: JobPods,
  verdict: JobVerdict | undefined,
): Promise<number | undefined> {
  const wanted = verdict !== undefined || job.spec.suspend === true ? 0 : wantedActive(job, pods);
  const missing = wanted - pods.active.length;
  if (missing < 0) await deletePods(context.client, pods.active.slice(missing));
  if (missing <= 0) return undefined;
  const waitMs = backoffLeft(context, pods);
  if (waitMs > 0) return waitMs;
  const { template } = job.spec;
  const restartPolicy = template.spec?.restartPolicy === 'OnFailure' ? 'OnFailure' : 'Never';
  const overrides = { labels: buildLabels(job), spec: { restartPolicy } };
  await Promise.all(Array.from({ length: missing }, () => createOwnedPod(context.client, job, template, overrides)));
  return undefined;
}

function backoffLeft({ jobBackoffMs, now }: WorkloadContext, { failed, lastFailureAt }: JobPods): number {
  if (failed === 0 || lastFailureAt === undefined) return 0;
  const ms = Math.min(MAX_BACKOFF_MS, jobBackoffMs * 2 ** (failed - 1));
  return Math.max(0, lastFailureAt + ms - now().getTime());
}

async function writeStatus(
  { client, now }: WorkloadContext,
  job: LiveJob,
  pods: JobPods,
  verdict: JobVerdict | undefined,
): Promise<void> {
  const status = buildJobStatus(job, pods, verdict, now());
  if (isSameStatus(status, job.status)) return;
  const ref = { resource: RESOURCES.jobs, name: job.metadata.name, namespace: namespaceOf(job) };
  await client.mergePatch(ref, { status }, { subresource: 'status' });
}
