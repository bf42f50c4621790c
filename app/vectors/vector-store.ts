import type { Changes } from './feed.js';

/** Finds the nearest vectors. What it says is a proposal: the caller joins it with the rows that exist and may be seen. */
export interface VectorStore {
  /** The best `k` of these partitions together, best first; scores in [0, 1], higher is better. */
  search(partitions: readonly string[], vector: Float32Array, k: number): Promise<VectorHits>;
  /**
   * What is in memory at this moment, for a caller who reads `vectors` and the rows in one statement: one round trip in place
   * of two. Nothing when something must be read first. @default never
   */
  propose?(partitions: readonly string[], vector: Float32Array, k: number): Proposal | undefined;
  /** `undefined` when all is well. */
  trouble(): string | undefined;
  /** How many vectors are in memory. */
  size(): number;
  close(): Promise<void>;
  /** Of one that may become another: the one that it is now. @default itself */
  current?(): VectorStore;
}

/** Only as good as what was known: it counts once `accept` has seen what happened since. */
export interface Proposal {
  readonly hits: readonly VectorHit[];
  readonly exhausted: boolean;
  /** For each partition that was asked for: since when changes are to be read. */
  readonly watermarks: readonly string[];
  /** Whether these changes hold nothing new. If they do, search. */
  accept(changes: Changes): boolean;
}

export interface VectorHits {
  readonly hits: readonly VectorHit[];
  /** There is no more than this: asking for a larger `k` finds nothing else. */
  readonly exhausted: boolean;
  /** False while a partition is still being read: the hits are right, but some may be missing. */
  readonly complete: boolean;
}
export interface VectorHit {
  readonly id: string;
  readonly score: number;
}

/** The partition of what the whole tenant may see. */
export const TENANT_PARTITION = '00000000-0000-0000-0000-000000000000';

/** Cosine as a score: what points away is no better than what is unrelated. */
export const toScore = (cosine: number): number => Math.min(1, Math.max(0, cosine));
