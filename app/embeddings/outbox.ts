import type { Queryable } from '../db/pool.js';
import type { MemoryRow } from '../memories/rows.js';
import { OUTBOX_EMBED, VECTOR_FAILED, VECTOR_SUCCEEDED } from '../memories/rows.js';

export interface ClaimedWork {
  readonly id: number;
  readonly memory_id: string;
  readonly version: number;
  readonly attempts: number;
}

/** Takes due work for as long as the lease: whoever dies with it leaves it to the next after that. */
export const claimWork = async (db: Queryable, limit: number, leaseMs: number): Promise<readonly ClaimedWork[]> => {
  const { rows } = await db.query<ClaimedWork>(
    `UPDATE outbox SET attempts = attempts + 1, run_at = now() + $2 * interval '1 millisecond'
     WHERE id IN (
       SELECT id FROM outbox WHERE NOT failed AND run_at <= now() AND kind = ${OUTBOX_EMBED}
       ORDER BY run_at, id LIMIT $1 FOR UPDATE SKIP LOCKED
     )
     RETURNING id, memory_id, version, attempts`,
    [limit, leaseMs],
  );
  return rows;
};

export const selectWorkRows = async (db: Queryable, ids: readonly string[]): Promise<readonly MemoryRow[]> => {
  const { rows } = await db.query<MemoryRow>('SELECT * FROM memories WHERE id = ANY ($1::uuid[])', [ids]);
  return rows;
};

export interface VectorWrite {
  readonly memory_id: string;
  readonly version: number;
  readonly slot: number;
  readonly partition: string;
  readonly sealed: boolean;
  readonly vector: Buffer;
}

/** Marks the rows that are still there in this version, and locks them against a delete until the vectors are written. */
export const markSucceeded = async (db: Queryable, writes: readonly VectorWrite[]): Promise<ReadonlySet<string>> => {
  const { rows } = await db.query<{ id: string }>(
    `UPDATE memories SET vector_status = ${VECTOR_SUCCEEDED}
     FROM unnest($1::uuid[], $2::integer[]) AS done (id, version)
     WHERE memories.id = done.id AND memories.version = done.version RETURNING memories.id`,
    [writes.map(({ memory_id }) => memory_id), writes.map(({ version }) => version)],
  );
  return new Set(rows.map(({ id }) => id));
};

/** Doing it twice leaves what doing it once leaves. */
export const upsertVectors = async (db: Queryable, rows: readonly VectorWrite[], model: string): Promise<void> => {
  await db.query(
    `INSERT INTO vectors (memory_id, version, slot, partition, sealed, vector, model)
     SELECT *, $7 FROM unnest($1::uuid[], $2::integer[], $3::bigint[], $4::uuid[], $5::boolean[], $6::bytea[])
     ON CONFLICT (memory_id) DO UPDATE SET
       version = EXCLUDED.version, slot = EXCLUDED.slot, partition = EXCLUDED.partition, sealed = EXCLUDED.sealed,
       vector = EXCLUDED.vector, model = EXCLUDED.model, change = nextval('change_number'), change_xid = pg_current_xact_id()
     WHERE vectors.version <= EXCLUDED.version`,
    vectorValues(rows, model),
  );
};

/** As $1 to $7 of a statement that stores vectors. */
export const vectorValues = (rows: readonly VectorWrite[], model: string): unknown[] => [
  rows.map((row) => row.memory_id),
  rows.map((row) => row.version),
  rows.map((row) => row.slot),
  rows.map((row) => row.partition),
  rows.map((row) => row.sealed),
  rows.map((row) => row.vector),
  model,
];

export const deleteWork = async (db: Queryable, ids: readonly number[]): Promise<void> => {
  await db.query('DELETE FROM outbox WHERE id = ANY ($1::bigint[])', [ids]);
};

export const postponeWork = async (db: Queryable, id: number, afterMs: number): Promise<void> => {
  await db.query(`UPDATE outbox SET run_at = now() + $2 * interval '1 millisecond' WHERE id = $1`, [id, afterMs]);
};

/** Stays in the table for whoever looks into it; the memory says so too. */
export const failWork = async (db: Queryable, work: ClaimedWork): Promise<void> => {
  await db.query(
    `WITH work AS (UPDATE outbox SET failed = true WHERE id = $1)
     UPDATE memories SET vector_status = ${VECTOR_FAILED} WHERE id = $2 AND version = $3`,
    [work.id, work.memory_id, work.version],
  );
};

export const countWork = async (db: Queryable): Promise<{ readonly waiting: number; readonly failed: number }> => {
  const { rows } = await db.query<{ waiting: number; failed: number }>(
    'SELECT count(*) FILTER (WHERE NOT failed) AS waiting, count(*) FILTER (WHERE failed) AS failed FROM outbox',
  );
  return rows[0] ?? { waiting: 0, failed: 0 };
};
