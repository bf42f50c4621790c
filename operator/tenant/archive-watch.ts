import { CONDITIONS, REASONS } from '../api/v1alpha1/conditions.js';
import type { MemoryTenant, MemoryTenantStatus } from '../api/v1alpha1/types.js';
import { KubeError, type LiveObject } from '../clients/kube.js';
import { RESOURCES } from '../clients/kube-resources.js';
import { connectionProblem, type Database, identifier, unlessUnmade } from '../clients/postgres.js';
import { type ConditionInput, mergeConditions } from '../runtime/conditions.js';
import { createRounds, forEachAtOnce, type Rounds } from '../runtime/rounds.js';
import { archiveJobName, runOf } from './archive-schedule.js';
import type { TenantDependencies } from './dependencies.js';
import { forgetGone } from './known-tenants.js';

/** A run takes seconds, and is told within so long of its end. */
const ROUND_MS = 30_000;
const AT_ONCE = 4;

/** How a run went; `undefined` while it is under way, or was not begun. */
export type RunEnd = { readonly failed: false } | { readonly failed: true; readonly why: string };

interface JobObject extends LiveObject {
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

export function endOf({ status }: JobObject): RunEnd | undefined {
  const last = status?.conditions?.find(({ type, status: is }) => is === 'True' && /^(Complete|Failed)$/.test(type));
  if (last === undefined) return undefined;
  if (last.type === 'Complete') return { failed: false };
  return { failed: true, why: [last.reason, last.message].filter(Boolean).join(': ') || 'it does not say why' };
}

/** What the run itself wrote down once all of it was under lock: the number of the newest event, `undefined` before the first. */
export async function readArchivedThrough(
  database: Pick<Database, 'query'>,
  schema: string,
): Promise<number | undefined> {
  const rows = await unlessUnmade(
    database.query<{ size: string | null }>(`SELECT max(size) AS size FROM ${identifier(schema)}.audit_archives`),
  );
  const size = Number(rows?.[0]?.size ?? 0);
  return size > 0 ? size - 1 : undefined;
}

/** One for the process: each run is looked at until it has ended, and once more by an operator that takes over. */
export function createArchiveWatch(deps: TenantDependencies): Rounds {
  const told = new Map<string, number>();
  return createRounds({
    everyMs: ROUND_MS,
    look: (signal) => lookAtAll(deps, told, signal),
    onTrouble: (err) => deps.log.error({ err }, 'how archives went was not read; trying again'),
  });
}

async function lookAtAll(deps: TenantDependencies, told: Map<string, number>, signal: AbortSignal): Promise<void> {
  const tenants = deps.tenants.list();
  forgetGone(told, tenants);
  await forEachAtOnce(tenants, AT_ONCE, async (tenant) => {
    const run = runOf(deps, tenant);
    if (signal.aborted || run === undefined || told.get(tenant.metadata.uid) === run) return;
    if (await tellRun(deps, tenant, run)) told.set(tenant.metadata.uid, run);
  });
}

/** False when it is to be looked at again. */
async function tellRun(deps: TenantDependencies, { metadata, status }: MemoryTenant, run: number): Promise<boolean> {
  const { name } = metadata;
  const namespace = status?.namespace;
  if (namespace === undefined) return false;
  const job = { namespace, name: archiveJobName(run) };
  try {
    const found = await deps.kube.get<JobObject>({ resource: RESOURCES.jobs, ...job });
    const end = found === undefined ? undefined : endOf(found);
    if (end === undefined) return false;
    const through = await archivedThrough(deps, name);
    // Reading took a while: what the watch knows by now is what is written on.
    const tenant = deps.tenants.get(name);
    if (tenant?.status === undefined || tenant.metadata.uid !== metadata.uid) return false;
    await deps.patchStatus(tenant, planArchiveStatus(tenant, tenant.status, { end, through, job }, deps.now()));
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.reason === 'Conflict') return false;
    if (connectionProblem(error) === undefined)
      deps.log.warn({ err: error, tenant: name }, 'how its archive went could not be read; trying again');
    return false;
  }
}

async function archivedThrough(deps: TenantDependencies, name: string): Promise<number | undefined> {
  const tenant = deps.tenants.get(name);
  const plane = tenant && deps.planes.get(tenant.spec.planeRef.name);
  const { database: place, schema } = tenant?.status?.placement ?? {};
  if (plane === undefined || place === undefined || schema === undefined) return undefined;
  const database = await deps.stores.database(plane, place);
  if (database.kind !== 'done') throw new Error(database.message);
  return await readArchivedThrough(database.facts, schema);
}

interface Found {
  readonly end: RunEnd;
  readonly through: number | undefined;
  readonly job: { readonly namespace: string; readonly name: string };
}

/** Pure: the status with what the run says; all else stays. */
function planArchiveStatus(
  { metadata, spec }: MemoryTenant,
  status: MemoryTenantStatus,
  { end, through, job }: Found,
  now: Date,
): MemoryTenantStatus {
  const previous = status.conditions ?? [];
  const others = previous.filter(({ type }) => type !== CONDITIONS.auditReady);
  const kept = through === undefined ? 'nothing is under lock yet' : `events up to ${through} are under lock`;
  const said: ConditionInput = end.failed
    ? {
        ...{ type: CONDITIONS.auditReady, status: 'False', reason: REASONS.ArchiveFailed },
        message: `the Job ${job.namespace}/${job.name} failed (${end.why.slice(0, 300)}); ${kept}; see "kubectl logs -n ${job.namespace} job/${job.name}"; a run within ${spec.audit.archiveInterval} goes on from there`,
      }
    : {
        ...{ type: CONDITIONS.auditReady, status: 'True', reason: REASONS.Archived },
        message: 'the last run put what was new of the log under lock',
      };
  return {
    ...status,
    ...(through === undefined ? {} : { audit: { ...status.audit, archivedThrough: through } }),
    conditions: mergeConditions(
      previous,
      [...others, { ...said, observedGeneration: metadata.generation }],
      now,
    ) as NonNullable<MemoryTenantStatus['conditions']>,
  };
}
