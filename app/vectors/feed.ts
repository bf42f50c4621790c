import type { Queryable } from '../db/pool.js';

/** One thing that happened to a vector of a partition: it is there now, or it is gone. */
export interface VectorChange {
  readonly memory_id: string;
  readonly partition: string;
  readonly change: number;
  readonly gone: boolean;
}

export interface Changes {
  /** The oldest transaction still running: everything before it has been seen. */
  readonly watermark: string;
  readonly changes: readonly VectorChange[];
}

/** What happened to these partitions since each one's watermark. May repeat what was seen; never leaves anything out. */
export const selectChanges = async (
  db: Queryable,
  partitions: readonly string[],
  watermarks: readonly string[],
  model: string,
): Promise<Changes> => {
  const { rows } = await db.query<VectorChange & { xmin: string }>(
    `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin, happened.*
     FROM (SELECT 1) AS always LEFT JOIN (
       SELECT memory_id, partition, change, false AS gone
       FROM unnest($1::uuid[], $2::xid8[]) AS wanted (partition, since) JOIN vectors USING (partition)
       WHERE change_xid >= since AND model = $3
       UNION ALL
       SELECT memory_id, partition, change, true
       FROM unnest($1::uuid[], $2::xid8[]) AS wanted (partition, since) JOIN vector_tombstones USING (partition)
       WHERE change_xid >= since
     ) AS happened ON true
     ORDER BY change`,
    [partitions, watermarks, model],
  );
  return { watermark: rows[0]?.xmin ?? '0', changes: rows.filter(({ memory_id }) => memory_id !== null) };
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

export const selectVectors = async (db: Queryable, ids: readonly string[]): Promise<readonly StoredVector[]> => {
  const { rows } = await db.query<StoredVector>(
    'SELECT memory_id, version, slot, partition, sealed, vector, change FROM vectors WHERE memory_id = ANY ($1::uuid[])',
    [ids],
  );
  return rows;
};

/** Old tombstones have been read by every index that still lives; should one have missed them, the join hides the row. */
export const deleteOldTombstones = async (db: Queryable): Promise<void> => {
  await db.query(`DELETE FROM vector_tombstones WHERE deleted_at < now() - interval '1 day'`);
};
