import type { Queryable } from '../db/pool.js';
import type { MemoryRow } from '../memories/rows.js';
import { hasContent } from '../memories/store.js';

/** Memories without a vector of this model, in the order of their ids. */
export const selectForeign = async (
  db: Queryable,
  model: string,
  after: string,
  limit: number,
): Promise<readonly MemoryRow[]> => {
  const { rows } = await db.query<MemoryRow>(
    `SELECT memories.* FROM memories LEFT JOIN vectors ON memory_id = id
     WHERE id > $2::uuid AND model IS DISTINCT FROM $1 ORDER BY id LIMIT $3`,
    [model, after, limit],
  );
  return rows;
};

export const countForeign = async (db: Queryable, model: string): Promise<number> => {
  const { rows } = await db.query<{ count: number }>(
    'SELECT count(*) AS count FROM memories LEFT JOIN vectors ON memory_id = id WHERE model IS DISTINCT FROM $1',
    [model],
  );
  return rows[0]?.count ?? 0;
};

export interface KnownVector {
  readonly content_hash: string;
  readonly memory_id: string;
  readonly version: number;
  readonly slot: number;
  readonly sealed: boolean;
  readonly vector: Buffer;
}

/** Vectors of this model of the same words of the same person: equal texts have equal keyed hashes. */
export const selectKnownVectors = async (
  db: Queryable,
  model: string,
  hashes: readonly Buffer[],
): Promise<readonly KnownVector[]> => {
  const { rows } = await db.query<KnownVector>(
    `SELECT DISTINCT ON (content_hash) encode(content_hash, 'hex') AS content_hash, memory_id, vectors.version,
       vectors.slot, vectors.sealed, vector
     FROM memories JOIN vectors ON memory_id = id
     WHERE ${hasContent('$2')}
       AND status = 0 AND model = $1 AND vectors.version = memories.version
     ORDER BY content_hash, memory_id`,
    [model, hashes],
  );
  return rows;
};

export const deleteWorkOf = async (db: Queryable, ids: readonly string[]): Promise<void> => {
  await db.query('DELETE FROM outbox WHERE memory_id = ANY ($1::uuid[])', [ids]);
};
