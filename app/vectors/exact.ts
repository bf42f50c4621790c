import type { Database } from '../db/pool.js';
import type { Vault } from '../tenancy/vault.js';
import { openVectors } from './open-vector.js';
import { dot } from './partition.js';
import { selectPartitionPage } from './position-store.js';
import { TENANT_PARTITION, toScore, type VectorHit, type VectorHits } from './vector-store.js';

export interface ExactOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly dimensions: number;
  readonly model: string;
}

/** One read: some 1 MB, and some 15 ms of opening seals on the event loop. */
const PAGE = 500;

/** Compares with every vector that Postgres has. Slow, and never wrong: for as long as there is no index. */
export const searchExactly = async (
  { db, vault, dimensions, model }: ExactOptions,
  partitions: readonly string[],
  vector: Float32Array,
  k: number,
): Promise<VectorHits> => {
  let best: readonly VectorHit[] = [];
  let seen = 0;
  let after = TENANT_PARTITION;
  for (;;) {
    const rows = await selectPartitionPage(db, partitions, model, after, PAGE);
    const opened = await openVectors(vault, rows, dimensions);
    seen += opened.length;
    const hits = opened.map(({ memory_id: id, plain }) => ({ id, score: toScore(dot(plain, vector)) }));
    best = mergeHits([best, hits], k);
    if (rows.length < PAGE) break;
    after = rows.at(-1)?.memory_id ?? after;
  }
  return { hits: best, exhausted: best.length >= seen, complete: false };
};

/** The best of several lists; of an id that is in more than one the first list's score counts. */
export const mergeHits = (lists: readonly (readonly VectorHit[])[], k: number): readonly VectorHit[] => {
  const merged = new Map<string, VectorHit>();
  for (const hit of lists.flat()) if (!merged.has(hit.id)) merged.set(hit.id, hit);
  return [...merged.values()].sort((a, b) => b.score - a.score).slice(0, k);
};
