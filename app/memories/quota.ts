import type { Statement } from '../db/condition.js';
import { demandStep } from '../db/flight.js';
import type { Queryable } from '../db/pool.js';

export interface Quotas {
  readonly memories: number | null;
  readonly memoriesPerUser: number | null;
}

/** How many more fit. `null` is without bound. */
export interface Room {
  readonly tenant: number | null;
  readonly users: ReadonlyMap<string, number>;
}

/**
 * Below this distance from the tenant's quota writers take turns, so that the quota is exact; further away they do not
 * wait for each other. Larger than what twenty replicas can have in flight at once (10 connections, 1,000 rows each).
 */
const EXACT_WITHIN = 200_000;
const SHARDS = 16;

/** Inside the write's transaction: what it finds free stays free until the transaction ends. */
export const reserveRoom = async (
  db: Queryable,
  quotas: Quotas,
  adding: ReadonlyMap<string, number>,
  total: number,
): Promise<Room> => ({
  tenant: quotas.memories === null ? null : await reserveTenantRoom(db, quotas.memories, total),
  users:
    quotas.memoriesPerUser === null
      ? new Map()
      : await reserveUserRoom(db, quotas.memoriesPerUser, [...adding.keys()].sort()),
});

const reserveTenantRoom = async (db: Queryable, quota: number, adding: number): Promise<number> => {
  const used = await selectTenantUsage(db);
  if (used + adding + EXACT_WITHIN <= quota) return quota - used;
  await lockTenantUsage(db);
  return Math.max(0, quota - (await selectTenantUsage(db)));
};

const reserveUserRoom = async (
  db: Queryable,
  quota: number,
  refs: readonly string[],
): Promise<ReadonlyMap<string, number>> => {
  // One order for everybody, or two batches for the same two people would wait for each other.
  await db.query(
    `INSERT INTO user_usage (user_ref, memories) SELECT ref, 0 FROM unnest($1::uuid[]) AS ref ORDER BY ref ON CONFLICT DO NOTHING`,
    [refs],
  );
  const { rows } = await db.query<{ user_ref: string; memories: number }>(
    'SELECT user_ref, memories FROM user_usage WHERE user_ref = ANY ($1::uuid[]) ORDER BY user_ref FOR UPDATE',
    [refs],
  );
  return new Map(rows.map(({ user_ref, memories }) => [user_ref, Math.max(0, quota - memories)]));
};

const lockTenantUsage = async (db: Queryable): Promise<void> => {
  await db.query(`SELECT pg_advisory_xact_lock(hashtext('memplane quota'), hashtext(current_schema()))`);
};

export const selectTenantUsage = async (db: Queryable): Promise<number> => {
  const { rows } = await db.query<{ used: number }>('SELECT sum(memories)::bigint AS used FROM tenant_usage');
  return rows[0]?.used ?? 0;
};

/** Counts what was written (or, negative, deleted). Last in the transaction, so that the rows are locked shortly. */
export const addUsage = async (db: Queryable, users: ReadonlyMap<string, number>, total: number): Promise<void> => {
  const { text, values } = usageStep(users, total);
  await db.query(text, [...values]);
};

export const countByUser = (
  rows: readonly { readonly row: { readonly user_ref: string | null } }[],
): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { row } of rows) if (row.user_ref !== null) counts.set(row.user_ref, (counts.get(row.user_ref) ?? 0) + 1);
  return counts;
};

export const usageStep = (users: ReadonlyMap<string, number>, total: number): Statement => {
  const refs = [...users.keys()].sort();
  // One round trip. The shard's row is locked after the people's, by everybody: a WITH that nothing reads runs last.
  return {
    text: `WITH tenant AS (UPDATE tenant_usage SET memories = memories + $4 WHERE shard = $3)
     INSERT INTO user_usage AS usage (user_ref, memories)
     SELECT * FROM unnest($1::uuid[], $2::bigint[]) AS added (user_ref, memories) ORDER BY user_ref
     ON CONFLICT (user_ref) DO UPDATE SET memories = usage.memories + EXCLUDED.memories`,
    values: [refs, refs.map((ref) => users.get(ref) ?? 0), Math.floor(Math.random() * SHARDS), total],
  };
};

export interface RoomGuards {
  /** Far from the tenant's quota, where writers do not wait for each other. */
  readonly before: readonly Statement[];
  /** What the people have now, their counters held since they were counted up. */
  readonly after: readonly Statement[];
}

/** Statements that fail where there may be no room; then `reserveRoom` decides. */
export const roomGuards = (
  quotas: readonly Quotas[],
  users: ReadonlyMap<string, number>,
  adding: number,
): RoomGuards => {
  const memories = smallest(quotas.map((quota) => quota.memories));
  const ofUser = smallest(quotas.map((quota) => quota.memoriesPerUser));
  const enough = '(SELECT sum(memories) FROM tenant_usage) + $1::bigint <= $2::bigint';
  const within = 'NOT EXISTS (SELECT FROM user_usage WHERE user_ref = ANY ($1::uuid[]) AND memories > $2::bigint)';
  return {
    before: memories === null ? [] : [demandStep(enough, [adding + EXACT_WITHIN, memories])],
    after: ofUser === null ? [] : [demandStep(within, [[...users.keys()], ofUser])],
  };
};

const smallest = (limits: readonly (number | null)[]): number | null => {
  const set = limits.filter((limit) => limit !== null);
  return set.length === 0 ? null : Math.min(...set);
};
