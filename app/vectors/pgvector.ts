import type { Database } from '../db/pool.js';
import { inTransaction } from '../db/pool.js';
import { IndexMismatch, type IndexPoint, type VectorIndex } from './vector-index.js';
import { toScore, type VectorHit } from './vector-store.js';

export interface PgvectorOptions {
  readonly db: Database;
  readonly dimensions: number;
  readonly model: string;
}

export const createPgvectorIndex = (options: PgvectorOptions): VectorIndex => new PgvectorIndex(options);

interface Place {
  /** The schema that the extension is in: rarely the tenant's. */
  readonly schema: string;
}

/**
 * A table beside the rows, without a log: a crash empties it, and it is fed again. `vector_points_whole` is such a table too:
 * while its one row is there, there was no crash. Half precision.
 */
class PgvectorIndex implements VectorIndex {
  readonly name: string;
  readonly #options: PgvectorOptions;
  #place: Place | undefined;

  constructor(options: PgvectorOptions) {
    this.#options = options;
    this.name = `pgvector ${options.model} ${options.dimensions}`;
  }

  async prepare(): Promise<void> {
    const { db, dimensions } = this.#options;
    const { rows } = await db.query<{ schema: string; size: number | null }>(
      `SELECT quote_ident(nspname) AS schema, (
         SELECT atttypmod FROM pg_attribute WHERE attrelid = to_regclass('vector_points') AND attname = 'vector') AS size
       FROM pg_extension JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'vector'`,
    );
    const [found] = rows;
    if (!found)
      throw new IndexMismatch('The extension vector is not in the database: run CREATE EXTENSION vector there');
    if (found.size === null)
      throw new IndexMismatch('The table vector_points is missing: run the role migrate with VECTOR_PROVIDER=pgvector');
    if (found.size !== dimensions) {
      throw new IndexMismatch(
        `The table vector_points holds ${found.size} dimensions, not ${dimensions}: run the role migrate with VECTOR_DIMENSIONS=${dimensions}`,
      );
    }
    this.#place = { schema: found.schema };
  }

  async put(points: readonly IndexPoint[]): Promise<void> {
    const { schema } = this.#prepared();
    await this.#options.db.query(
      `INSERT INTO vector_points (id, partition, vector)
       SELECT id, partition, vector::${schema}.halfvec FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS given (id, partition, vector)
       ON CONFLICT (id) DO UPDATE SET partition = EXCLUDED.partition, vector = EXCLUDED.vector`,
      [points.map(({ id }) => id), points.map(({ partition }) => partition), points.map(({ vector }) => write(vector))],
    );
  }

  async remove(ids: readonly string[]): Promise<void> {
    await this.#options.db.query('DELETE FROM vector_points WHERE id = ANY ($1::uuid[])', [ids]);
  }

  search(partitions: readonly string[], vector: Float32Array, k: number): Promise<readonly VectorHit[]> {
    const { schema } = this.#prepared();
    return inTransaction(this.#options.db, async (transaction) => {
      // Goes on through the graph until enough of these partitions are found: a filter after a fixed number finds too few.
      const prepared = await transaction.query<{ whole: boolean }>(
        `SELECT set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.ef_search', $1, true),
           EXISTS (SELECT 1 FROM vector_points_whole) AS whole`,
        [String(Math.min(1000, Math.max(100, k * 2)))],
      );
      if (!prepared.rows[0]?.whole) throw new Error('The database crashed and emptied vector_points');
      const distance = `vector OPERATOR(${schema}.<=>) $1::${schema}.halfvec`;
      const { rows } = await transaction.query<{ id: string; distance: number }>(
        `SELECT id, ${distance} AS distance FROM vector_points WHERE partition = ANY ($2::uuid[]) ORDER BY ${distance} LIMIT $3`,
        [write(vector), partitions, k],
      );
      return rows.map(({ id, distance: away }) => ({ id, score: toScore(1 - away) }));
    });
  }

  async count(): Promise<number> {
    const { rows } = await this.#options.db.query<{ count: number }>(
      `SELECT CASE WHEN EXISTS (SELECT 1 FROM vector_points_whole) THEN (SELECT count(*) FROM vector_points) ELSE -1 END AS count`,
    );
    return rows[0]?.count ?? -1;
  }

  /** The service owns no table, so it cannot truncate one. */
  async clear(): Promise<void> {
    await this.#options.db.query('DELETE FROM vector_points');
    await this.#options.db.query('INSERT INTO vector_points_whole VALUES (true) ON CONFLICT DO NOTHING');
  }

  async close(): Promise<void> {}

  #prepared(): Place {
    if (!this.#place) throw new Error('The vector index was not prepared yet');
    return this.#place;
  }
}

const write = (vector: Float32Array): string => `[${vector.join(',')}]`;
