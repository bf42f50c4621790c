import type { Logger } from 'pino';
import type { Database } from '../db/pool.js';
import type { Vault } from '../tenancy/vault.js';
import { mergeHits, searchExactly } from './exact.js';
import { type Feeder, startFeeder } from './feeder.js';
import { openVectors } from './open-vector.js';
import { dot } from './partition.js';
import { selectUnfed } from './position-store.js';
import type { VectorIndex } from './vector-index.js';
import { toScore, type VectorHit, type VectorHits, type VectorStore } from './vector-store.js';

export interface IndexedStoreOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly dimensions: number;
  readonly model: string;
  readonly index: VectorIndex;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}

/** What the index was not given yet is compared here: what a service stores in a moment. More than this is a rebuild. */
const MAX_UNFED = 1_000;

export const createIndexedStore = (options: IndexedStoreOptions): VectorStore => new IndexedStore(options);

/**
 * An index outside, and Postgres beside it: what was committed a moment ago is compared here, and while the index is away,
 * lost or being built, everything is. So an answer is slower in bad times, never poorer.
 */
class IndexedStore implements VectorStore {
  readonly #options: IndexedStoreOptions;
  readonly #feeder: Feeder;

  constructor(options: IndexedStoreOptions) {
    this.#options = options;
    this.#feeder = startFeeder(options);
  }

  async search(partitions: readonly string[], vector: Float32Array, k: number): Promise<VectorHits> {
    const { db, index, model } = this.#options;
    if (this.#feeder.trouble() !== undefined) return searchExactly(this.#options, partitions, vector, k);
    // Read before the index is asked: what moves over between the two is then in both, never in neither.
    const unfed = await selectUnfed(db, index.name, partitions, model, MAX_UNFED + 1);
    if (unfed.length > MAX_UNFED) return searchExactly(this.#options, partitions, vector, k);
    const found = await this.#ask(partitions, vector, k);
    if (!found) return searchExactly(this.#options, partitions, vector, k);
    const fresh = await openVectors(this.#options.vault, unfed, this.#options.dimensions);
    const compared = fresh.map(({ memory_id: id, plain }) => ({ id, score: toScore(dot(plain, vector)) }));
    return { hits: mergeHits([compared, found], k), exhausted: found.length < k, complete: true };
  }

  trouble(): string | undefined {
    return this.#feeder.trouble();
  }

  /** None: they are elsewhere. */
  size(): number {
    return 0;
  }

  async close(): Promise<void> {
    await this.#feeder.stop();
    await this.#options.index.close();
  }

  async #ask(
    partitions: readonly string[],
    vector: Float32Array,
    k: number,
  ): Promise<readonly VectorHit[] | undefined> {
    try {
      return await this.#options.index.search(partitions, vector, k);
    } catch (err) {
      this.#feeder.distrust(err);
      this.#options.log.warn({ err }, 'the vector index did not answer; Postgres does');
      return undefined;
    }
  }
}
