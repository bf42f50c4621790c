import type { QueryConfig } from 'pg';
import type { Queryable } from '../db/pool.js';
import { type VectorWrite, vectorValues } from '../embeddings/outbox.js';
import { type MemoryRow, OUTBOX_EMBED, VECTOR_PENDING, VECTOR_SKIPPED } from '../memories/rows.js';

/** Whose present words have no vector of the model that will take over. */
const LACKING = `memories LEFT JOIN next_vectors AS next ON next.memory_id = id AND next.version = memories.version AND next.model = $1
  WHERE next.memory_id IS NULL AND vector_status <> ${VECTOR_SKIPPED}`;

export const selectLacking = async (
  db: Queryable,
  model: string,
  after: string,
  limit: number,
): Promise<readonly MemoryRow[]> => {
  const { rows } = await db.query<MemoryRow>(
    `SELECT memories.* FROM ${LACKING} AND id > $2::uuid ORDER BY id LIMIT $3`,
    [model, after, limit],
  );
  return rows;
};

export const countLacking = async (db: Queryable, model: string): Promise<number> => {
  const { rows } = await db.query<{ count: number }>(`SELECT count(*) AS count FROM ${LACKING}`, [model]);
  return rows[0]?.count ?? 0;
};

/** Of those that still are what was embedded; says how many. Doing it twice leaves what doing it once leaves. */
export const upsertNext = async (db: Queryable, rows: readonly VectorWrite[], model: string): Promise<number> => {
  const { rowCount } = await db.query(
    `INSERT INTO next_vectors (memory_id, version, slot, partition, sealed, vector, model)
     SELECT made.*, $7 FROM unnest($1::uuid[], $2::integer[], $3::bigint[], $4::uuid[], $5::boolean[], $6::bytea[])
       AS made (memory_id, version, slot, partition, sealed, vector)
     JOIN memories ON memories.id = made.memory_id AND memories.version = made.version FOR KEY SHARE OF memories
     ON CONFLICT (memory_id) DO UPDATE SET version = EXCLUDED.version, slot = EXCLUDED.slot, partition = EXCLUDED.partition,
       sealed = EXCLUDED.sealed, vector = EXCLUDED.vector, model = EXCLUDED.model`,
    vectorValues(rows, model),
  );
  return rowCount ?? 0;
};

/** What another attempt with another model left behind, or all of it. */
export const deleteNext = async (db: Queryable, except: string | null): Promise<void> => {
  await db.query('DELETE FROM next_vectors WHERE $1::text IS NULL OR model <> $1', [except]);
};

/** A million vectors take some minutes; the connections' own limit is meant for questions. */
const PATIENCE_MS = 900_000;

/**
 * In one transaction: every vector becomes that of the new model, what was written a moment ago is owed one, and whoever looks
 * which model answers is told so. Who writes a memory waits until it is done: nothing can slip in between. Says how many changed.
 */
export const takeOver = async (transaction: Queryable, model: string): Promise<number> => {
  const run = (text: string, values: readonly unknown[] = [model]) =>
    transaction.query({ text, values: [...values], query_timeout: PATIENCE_MS } as QueryConfig);
  await run('LOCK TABLE memories IN SHARE ROW EXCLUSIVE MODE', []);
  const { rowCount } = await run(
    `INSERT INTO vectors (memory_id, version, slot, partition, sealed, vector, model)
     SELECT memory_id, next.version, next.slot, partition, next.sealed, vector, model FROM next_vectors AS next
       JOIN memories ON memories.id = memory_id AND memories.version = next.version WHERE model = $1
     ON CONFLICT (memory_id) DO UPDATE SET version = EXCLUDED.version, slot = EXCLUDED.slot, partition = EXCLUDED.partition,
       sealed = EXCLUDED.sealed, vector = EXCLUDED.vector, model = EXCLUDED.model, change = nextval('change_number'),
       change_xid = pg_current_xact_id()`,
  );
  await run(
    `WITH owed AS (
       UPDATE memories SET vector_status = ${VECTOR_PENDING} WHERE vector_status <> ${VECTOR_SKIPPED}
         AND NOT EXISTS (SELECT FROM vectors WHERE memory_id = memories.id AND model = $1) RETURNING id, version
     )
     INSERT INTO outbox (kind, memory_id, version) SELECT ${OUTBOX_EMBED}, owed.id, owed.version FROM owed
     WHERE NOT EXISTS (SELECT FROM outbox WHERE memory_id = owed.id AND NOT failed)`,
  );
  await run('DELETE FROM next_vectors', []);
  await run('UPDATE embedding_model SET model = $1, switched_at = now()');
  return rowCount ?? 0;
};
