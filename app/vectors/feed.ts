import type { Queryable } from '../db/pool.js';

/** One thing that happened to a vector of a partition: it is there now, or it is gone. */
export interface VectorChange {
  readonly memory_id: string;
  readonly partition: string;
  readonly change: number;
  readonly gone: boolean;
}

export interface Changes {
  /**
   * A snapshot of the database: everything that it shows has been seen. The oldest transaction still running would not do: it
   * may be another database's, and run for hours.
   */
  readonly watermark: string;
  readonly changes: readonly VectorChange[];
}

/** The snapshot of whoever has seen nothing. */
export const UNSEEN = '1:1:';

/** SQL: what a snapshot does not show, which an index finds in two parts. */
export interface Unseen {
  readonly snapshot: string;
  readonly table: 'vectors' | 'vector_tombstones';
  /** Of its columns. */
  readonly where: string;
}

/** From the table: what began later. */
export const begunAfter = ({ snapshot, table, where }: Unseen): string =>
  `FROM ${table} WHERE ${where} AND change_xid >= pg_snapshot_xmax(${snapshot})`;

/** From it under its name: what was running then. One transaction after the other, or the planner reads all that `where` lets through. */
export const runningAt = ({ snapshot, table, where }: Unseen): string =>
  `FROM pg_snapshot_xip(${snapshot}) AS running (xid)
     CROSS JOIN LATERAL (SELECT * FROM ${table} WHERE ${where} AND change_xid = running.xid OFFSET 0) AS ${table}`;

/** What happened to these partitions since each one's watermark: what a transaction did is told once. */
export const selectChanges = async (
  db: Queryable,
  partitions: readonly string[],
  watermarks: readonly string[],
  model: string,
): Promise<Changes> => {
  const there = { snapshot: 'since', table: 'vectors', where: 'partition = name AND model = $3' } as const;
  const gone = { snapshot: 'since', table: 'vector_tombstones', where: 'partition = name' } as const;
  const columns = 'SELECT memory_id, partition, change';
  const { rows } = await db.query<VectorChange & { snapshot: string }>(
    `SELECT pg_current_snapshot()::text AS snapshot, happened.*
     FROM (SELECT 1) AS always LEFT JOIN (
       unnest($1::uuid[], $2::pg_snapshot[]) AS wanted (name, since) CROSS JOIN LATERAL (
         ${columns}, false AS gone ${begunAfter(there)} UNION ALL ${columns}, false ${runningAt(there)}
         UNION ALL ${columns}, true ${begunAfter(gone)} UNION ALL ${columns}, true ${runningAt(gone)}) AS happened
     ) ON true
     ORDER BY change`,
    [partitions, watermarks, model],
  );
  return { watermark: rows[0]?.snapshot ?? UNSEEN, changes: rows.filter(({ memory_id }) => memory_id !== null) };
};

export interface StoredVector {
  readonly memory_id: string;
  readonly version: number;
  readonly slot: number;
  readonly partition: string;
  readonly sealed: boolean;
  readonly vector: Buffer;
  readonly change: number;
}

/** In the order in which they changed: an index that is made of them in another order is another one. */
export const selectVectors = async (db: Queryable, ids: readonly string[]): Promise<readonly StoredVector[]> => {
  const { rows } = await db.query<StoredVector>(
    `SELECT memory_id, version, slot, partition, sealed, vector, change FROM vectors WHERE memory_id = ANY ($1::uuid[])
     ORDER BY change`,
    [ids],
  );
  return rows;
};

/** Old tombstones have been read by every index that still lives; should one have missed them, the join hides the row. */
export const deleteOldTombstones = async (db: Queryable): Promise<void> => {
  await db.query(`DELETE FROM vector_tombstones WHERE deleted_at < now() - interval '1 day'`);
};
