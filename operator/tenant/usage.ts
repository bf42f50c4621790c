import type { MemoryTenant, MemoryTenantStatus } from '../api/v1alpha1/types.js';
import { KubeError } from '../clients/kube.js';
import { connectionProblem, type Database, identifier, literal, type Sql, unlessUnmade } from '../clients/postgres.js';
import { createRounds, forEachAtOnce, type Rounds } from '../runtime/rounds.js';
import type { TenantDependencies } from './dependencies.js';
import { planMigration, readVectorModels, type VectorModels, vectorModel } from './embedding.js';
import { forgetGone } from './known-tenants.js';
import { foldMigration } from './status.js';

type Usage = NonNullable<MemoryTenantStatus['usage']>;
/** In the order of the status. */
const COUNTED = ['memories', 'vectors', 'storageBytes', 'tokensToday'] as const;
export type Counted = Readonly<Record<(typeof COUNTED)[number], number>>;

/** As often as a status may change by it. */
const EVERY_MS = 5 * 60_000;
/** A new tenant shows what it uses within this time. */
const ROUND_MS = 15_000;
/** A look takes some milliseconds of a database that others use. */
const AT_ONCE = 4;
const TIMEOUT = '5s';
/** From so many on the planner's estimate, which lies within a percent or so, is worth more than the wait for a count. */
const ESTIMATED_FROM = 100_000;

/** What the tenant's tables say of it, in numbers alone; `undefined` before the service has made them. */
export function readUsage(database: Pick<Database, 'transaction'>, schema: string): Promise<Counted | undefined> {
  return unlessUnmade(database.transaction((sql) => countUsage(sql, schema)));
}

async function countUsage(sql: Sql, schema: string): Promise<Counted | undefined> {
  await sql.query(`SET LOCAL statement_timeout = '${TIMEOUT}'`);
  const [name, text] = [identifier(schema), literal(schema)];
  const [row] = await sql.query<Readonly<Record<keyof Counted, string>>>(
    `SELECT (SELECT sum(memories) FROM ${name}.tenant_usage) AS memories,
       (SELECT CASE WHEN reltuples >= ${ESTIMATED_FROM} THEN reltuples::bigint ELSE (SELECT count(*) FROM ${name}.vectors) END
        FROM pg_class WHERE relnamespace = ${text}::regnamespace AND relname = 'vectors') AS vectors,
       (SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = ${text}::regnamespace AND relkind = 'r')
         + (SELECT coalesce(sum(bytes), 0) FROM ${name}.artifacts) AS "storageBytes",
       (SELECT coalesce(sum(count), 0) FROM ${name}.usage_daily WHERE day = (now() AT TIME ZONE 'UTC')::date
          AND kind IN ('embedding_tokens', 'extraction_tokens_in')) AS "tokensToday"`,
  );
  if (row === undefined) return undefined;
  const { memories, vectors, storageBytes, tokensToday } = row;
  return {
    memories: Number(memories),
    vectors: Number(vectors),
    storageBytes: Number(storageBytes),
    tokensToday: Number(tokensToday),
  };
}

/** What the status shall say; `undefined` when it is to stay: it is fresh, or no number moved by a percent. */
export function planUsage(shown: Usage | undefined, counted: Counted, now: Date): Usage | undefined {
  const next = { observedTime: `${now.toISOString().slice(0, 19)}Z`, ...counted };
  if (shown === undefined) return next;
  if (!isDue(shown, now)) return undefined;
  return COUNTED.some((name) => moved(shown[name] ?? 0, counted[name])) ? next : undefined;
}

/** A look that comes as soon as it may must not miss what it came for: what is shown was seen a little after its round began. */
const isDue = ({ observedTime }: Usage, now: Date): boolean =>
  now.getTime() - Date.parse(observedTime ?? '1970-01-01') >= EVERY_MS - ROUND_MS;

const moved = (before: number, after: number): boolean => before !== after && Math.abs(after - before) * 100 >= before;

/** One for the process: it remembers when it last looked, so that what does not move costs no status write and few queries. */
export function createUsageWatch(deps: TenantDependencies): Rounds {
  const looked = new Map<string, number>();
  return createRounds({
    everyMs: ROUND_MS,
    look: (signal) => lookAtAll(deps, looked, signal),
    onTrouble: (err) => deps.log.error({ err }, 'what tenants use was not read; trying again'),
  });
}

/** At those that were not looked at for five minutes. */
async function lookAtAll(deps: TenantDependencies, looked: Map<string, number>, signal: AbortSignal): Promise<void> {
  const now = deps.now().getTime();
  const tenants = deps.tenants.list();
  forgetGone(looked, tenants);
  const due = tenants.filter((tenant) => isPlaced(tenant) && now - (looked.get(tenant.metadata.uid) ?? 0) >= EVERY_MS);
  const away = new Set<string>();
  await forEachAtOnce(due, AT_ONCE, async (tenant) => {
    if (signal.aborted) return;
    if (await lookAt(deps, tenant, away)) looked.set(tenant.metadata.uid, now);
  });
}

const isPlaced = ({ metadata, status }: MemoryTenant): boolean =>
  metadata.deletionTimestamp === undefined && status?.placement !== undefined;

/** What was counted, and what the vectors are of: `undefined` where the spec is not the one any more that they were held against. */
function planStatus(
  { spec, status }: MemoryTenant,
  counted: Counted,
  models: VectorModels | undefined,
  now: Date,
): MemoryTenantStatus | undefined {
  if (status === undefined) return undefined;
  const usage = planUsage(status.usage, counted, now);
  const before = usage === undefined ? status : { ...status, usage };
  const after =
    models === undefined
      ? undefined
      : foldMigration(before, planMigration(vectorModel(spec.providers.embedding), models), now);
  return after ?? (usage === undefined ? undefined : before);
}

/** False when it is to be tried again soon. A database that is away is told by its plane, and asked for one tenant only. */
async function lookAt(
  deps: TenantDependencies,
  { metadata, spec, status }: MemoryTenant,
  away: Set<string>,
): Promise<boolean> {
  const plane = deps.planes.get(spec.planeRef.name);
  const { database: name, schema } = status?.placement ?? {};
  if (plane === undefined || name === undefined || schema === undefined) return false;
  const place = `${plane.metadata.name}/${name}`;
  if (away.has(place)) return false;
  const database = await deps.stores.database(plane, name);
  if (database.kind !== 'done') return false;
  try {
    const counted = await readUsage(database.facts, schema);
    const model = vectorModel(spec.providers.embedding);
    const models = await readVectorModels(database.facts, schema, model);
    // Reading took a while: what the watch knows by now is what is written on.
    const tenant = deps.tenants.get(metadata.name);
    if (counted === undefined || tenant?.metadata.uid !== metadata.uid || !isPlaced(tenant)) return false;
    const asked = vectorModel(tenant.spec.providers.embedding) === model ? models : undefined;
    const next = planStatus(tenant, counted, asked, deps.now());
    if (next !== undefined) await deps.patchStatus(tenant, next);
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.reason === 'Conflict') return false;
    if (connectionProblem(error) === undefined)
      deps.log.warn({ err: error, tenant: metadata.name }, 'its usage could not be read');
    else away.add(place);
    return false;
  }
}
