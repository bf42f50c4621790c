import { buildArchiveJob } from '../../charts/manifests/tenant/archive-job.js';
import type { MemoryTenant } from '../api/v1alpha1/types.js';
import { KubeError } from '../clients/kube.js';
import { RESOURCES } from '../clients/kube-resources.js';
import { createRounds, forEachAtOnce, type Rounds } from '../runtime/rounds.js';
import type { TenantDependencies } from './dependencies.js';
import { secondsOf } from './duration.js';
import { gatherTenant } from './gather.js';
import { forgetGone } from './known-tenants.js';

/** How late a run may begin. */
const ROUND_MS = 30_000;
const AT_ONCE = 2;

/**
 * Which run is the newest that is due: intervals are counted from a moment of the tenant's own, so that thousands of them do
 * not begin at once. Every operator counts alike, so the number is in the name of the Job and no run begins twice.
 */
export function dueRun(tenantId: string, intervalSeconds: number, now: Date): number {
  const interval = intervalSeconds * 1_000;
  const offset = Number.parseInt(tenantId.slice(0, 8), 16) % interval;
  return Math.floor((now.getTime() - offset) / interval);
}

export const archiveJobName = (run: number): string => `archive-${run.toString(36)}`;

/** Starts the Jobs that put the tenants' logs under lock, each at most once in an interval; suspended tenants' too. */
export function createArchiveSchedule(deps: TenantDependencies): Rounds {
  const started = new Map<string, number>();
  return createRounds({
    everyMs: ROUND_MS,
    look: (signal) => lookAtAll(deps, started, signal),
    onTrouble: (err) => deps.log.error({ err }, 'archives that are due were not started; trying again'),
  });
}

async function lookAtAll(deps: TenantDependencies, started: Map<string, number>, signal: AbortSignal): Promise<void> {
  const tenants = deps.tenants.list();
  forgetGone(started, tenants);
  await forEachAtOnce(tenants, AT_ONCE, async (tenant) => {
    if (signal.aborted) return;
    const run = runOf(deps, tenant);
    if (run === undefined || started.get(tenant.metadata.uid) === run) return;
    if (await startRun(deps, tenant, run, signal)) started.set(tenant.metadata.uid, run);
  });
}

/** Undefined while there is nothing to archive from, or nowhere to put it. */
export function runOf(
  deps: Pick<TenantDependencies, 'planes' | 'now'>,
  { metadata, spec, status }: MemoryTenant,
): number | undefined {
  if (metadata.deletionTimestamp !== undefined || spec.paused || status?.tenantID === undefined) return undefined;
  // The tables are there once the service has answered.
  const isAvailable = status.conditions?.some(({ type, status: is }) => type === 'Available' && is === 'True');
  if (!isAvailable && spec.mode !== 'Suspended') return undefined;
  if (deps.planes.get(spec.planeRef.name)?.spec.buckets.audit === undefined) return undefined;
  return dueRun(status.tenantID, secondsOf(spec.audit.archiveInterval), deps.now());
}

/** True when the run is there, whoever started it. */
async function startRun(
  deps: TenantDependencies,
  tenant: MemoryTenant,
  run: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { name } = tenant.metadata;
  try {
    const gathered = await gatherTenant(deps, tenant, signal);
    if (gathered.kind !== 'done') return false;
    const { options } = gathered.facts.context;
    if (options.archive === undefined) return false;
    await deps.kube.create(RESOURCES.jobs, buildArchiveJob(options, options.archive, archiveJobName(run)), signal);
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.reason === 'AlreadyExists') return true;
    if (!signal.aborted) deps.log.warn({ err: error, tenant: name }, 'its archive could not be started; trying again');
    return false;
  }
}
