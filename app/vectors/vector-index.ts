import type { VectorHit } from './vector-store.js';

export interface IndexPoint {
  readonly id: string;
  readonly partition: string;
  /** Of length one. */
  readonly vector: Float32Array;
}

/**
 * A search index outside this process. It may lag, and it may be lost: Postgres has every vector, and what feeds the index
 * starts anew when it must. Everything here may be done twice.
 */
export interface VectorIndex {
  /** Which index this is: another model, size or place is another index, fed from the beginning. */
  readonly name: string;
  /** Makes what is missing. Throws `IndexMismatch` when what is there cannot take our vectors. */
  prepare(): Promise<void>;
  /** Resolves when a search finds them. */
  put(points: readonly IndexPoint[]): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  /** The best `k` of these partitions together, best first; scores in [0, 1]. */
  search(partitions: readonly string[], vector: Float32Array, k: number): Promise<readonly VectorHit[]>;
  /** Of this tenant, exactly; -1 when it is known to have lost some. */
  count(): Promise<number>;
  /** Forgets this tenant's points, no other's. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Trying again does not help: somebody must change the index or the configuration. */
export class IndexMismatch extends Error {}
