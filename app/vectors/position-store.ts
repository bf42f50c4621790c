import type { Queryable } from '../db/pool.js';
import { type Changes, type StoredVector, UNSEEN, type VectorChange } from './feed.js';

/** How far an index has followed: the last change it was given. */
export interface Position {
  readonly xid: string;
  readonly change: number;
}

export const BEGINNING: Position = { xid: '0', change: 0 };

export const createPosition = async (db: Queryable, name: string): Promise<void> => {
  await db.query('INSERT INTO vector_index (name) VALUES ($1) ON CONFLICT DO NOTHING', [name]);
};

/** Locks it for the transaction. `undefined` when another replica is feeding the index at this moment. */
export const takePosition = async (db: Queryable, name: string): Promise<Position | undefined> => {
  const { rows } = await db.query<Position>(
    'SELECT xid::text AS xid, change FROM vector_index WHERE name = $1 FOR UPDATE SKIP LOCKED',
    [name],
  );
  return rows[0];
};

export const movePosition = async (db: Queryable, name: string, { xid, change }: Position): Promise<void> => {
  await db.query('UPDATE vector_index SET xid = $2::xid8, change = $3, fed_at = now() WHERE name = $1', [
    name,
    xid,
    change,
  ]);
};

export interface OwedChange extends Position {
  readonly memory_id: string;
  readonly gone: boolean;
}

/** Uses $1 and $2. */
const AFTER = '(change_xid, change) > ($1::xid8, $2)';
const OLDEST_RUNNING = 'pg_snapshot_xmin(pg_current_snapshot())';

/** What happened after the position, in order, as far as every reader sees it: nothing can still commit before it. */
export const selectOwedChanges = async (
  db: Queryable,
  { xid, change }: Position,
  model: string,
  limit: number,
): Promise<readonly OwedChange[]> => {
  const settled = `${AFTER} AND change_xid < ${OLDEST_RUNNING}`;
  const { rows } = await db.query<OwedChange>(
    `SELECT change_xid::text AS xid, change, memory_id, gone FROM (
       (SELECT change_xid, change, memory_id, false AS gone FROM vectors WHERE ${settled} AND model = $3
        ORDER BY change_xid, change LIMIT $4)
       UNION ALL
       (SELECT change_xid, change, memory_id, true FROM vector_tombstones WHERE ${settled}
        ORDER BY change_xid, change LIMIT $4)
     ) AS owed ORDER BY change_xid, change LIMIT $4`,
    [xid, change, model, limit],
  );
  return rows;
};

/** Committed changes after it, also those that may not be given yet, because a transaction that began before them still runs. */
export const hasLater = async (db: Queryable, { xid, change }: Position, model: string): Promise<boolean> => {
  const { rows } = await db.query<{ some: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM vectors WHERE ${AFTER} AND model = $3)
         OR EXISTS (SELECT 1 FROM vector_tombstones WHERE ${AFTER}) AS some`,
    [xid, change, model],
  );
  return rows[0]?.some ?? false;
};

/** The vectors of these partitions that the index was not given yet. */
export const selectUnfed = async (
  db: Queryable,
  name: string,
  partitions: readonly string[],
  model: string,
  limit: number,
): Promise<readonly StoredVector[]> => {
  const { rows } = await db.query<StoredVector>(
    `SELECT memory_id, version, slot, partition, sealed, vector, vectors.change
     FROM vector_index AS fed JOIN vectors ON (change_xid, vectors.change) > (fed.xid, fed.change)
     WHERE fed.name = $1 AND partition = ANY ($2::uuid[]) AND change_xid >= fed.xid AND model = $3 LIMIT $4`,
    [name, partitions, model, limit],
  );
  return rows;
};

export const countVectors = async (db: Queryable, model: string): Promise<number> => {
  const { rows } = await db.query<{ count: number }>('SELECT count(*) AS count FROM vectors WHERE model = $1', [model]);
  return rows[0]?.count ?? 0;
};

/** One partition's vectors, a page at a time by id. */
export const selectPartitionPage = async (
  db: Queryable,
  partitions: readonly string[],
  model: string,
  after: string,
  limit: number,
): Promise<readonly StoredVector[]> => {
  const { rows } = await db.query<StoredVector>(
    `SELECT memory_id, version, slot, partition, sealed, vector, change FROM vectors
     WHERE partition = ANY ($1::uuid[]) AND model = $2 AND memory_id > $3::uuid ORDER BY memory_id LIMIT $4`,
    [partitions, model, after, limit],
  );
  return rows;
};

/**
 * The vectors of one partition, a page at a time: a large one's list would be larger than its index. What happens while the
 * pages are read is among the changes since the first one's watermark.
 */
export const selectChangePage = async (
  db: Queryable,
  partition: string,
  after: Position,
  model: string,
  limit: number,
): Promise<Changes & { readonly end: Position | undefined }> => {
  const { rows } = await db.query<VectorChange & { snapshot: string; xid: string }>(
    `SELECT pg_current_snapshot()::text AS snapshot, page.*
     FROM (SELECT 1) AS always LEFT JOIN (
       SELECT memory_id, partition, change, change_xid::text AS xid, false AS gone FROM vectors
       WHERE partition = $1 AND change_xid >= $2::xid8 AND (change_xid, change) > ($2::xid8, $3) AND model = $4
       ORDER BY change_xid, change LIMIT $5
     ) AS page ON true
     ORDER BY xid::xid8, change`,
    [partition, after.xid, after.change, model, limit],
  );
  const changes = rows.filter(({ memory_id }) => memory_id !== null);
  const last = changes.length < limit ? undefined : changes.at(-1);
  return { watermark: rows[0]?.snapshot ?? UNSEEN, changes, end: last && { xid: last.xid, change: last.change } };
};
