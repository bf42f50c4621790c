import { EmbedderUnavailable } from '../embeddings/embedder.js';
import type { MemoryRow } from '../memories/rows.js';
import { openVectors } from '../vectors/open-vector.js';
import { dot } from '../vectors/partition.js';
import { toScore } from '../vectors/vector-store.js';
import type { Candidate, Degraded } from './candidate.js';
import { recallNearest } from './recall.js';
import type { SearchDeps } from './search-deps.js';
import type { SearchSpace } from './space.js';
import { selectCandidates, selectIds, selectPendingIds, selectVectorsOf } from './store.js';

/** Rows without a vector that a search looks at: what one person writes within a few seconds. */
const MAX_PENDING = 64;
/** Of these so many get a vector for this search alone; each costs some 6 ms of the local model. */
const MAX_EMBEDDED = 8;
/** Up to so many rows that a filter lets through are compared one by one rather than looked for among the nearest. */
const MAX_ONE_BY_ONE = 2_000;
/** When this many times what is wanted was looked at in vain, a filter hides nearly all of it. */
const OVERSAMPLE = 8;

/** A few more than wanted: what was superseded or expired since must not cost a second look. */
const SLACK = 6;

export interface SemanticMatches {
  readonly candidates: readonly Candidate[];
  /** Rows that have no vector to compare yet, and were not given one. */
  readonly wordless: readonly MemoryRow[];
}

/** The `count` nearest rows of the space, and what was written a moment ago. */
export const findNearest = async (
  deps: SearchDeps,
  space: SearchSpace,
  vector: Float32Array,
  count: number,
  degraded: Set<Degraded>,
): Promise<SemanticMatches> => {
  const recalled = await recallNearest(deps, space, vector, { count, slack: SLACK });
  if (recalled) return { candidates: recalled, wordless: [] };
  // Before the index is asked: what gets its vector between the two looks is then in both, never in neither.
  const waiting = await selectPendingIds(deps.db, space.allowed, MAX_PENDING);
  const found = await deps.vectors.search(space.partitions, vector, count + SLACK);
  if (!found.complete) degraded.add('vectors');
  const scores = new Map(found.hits.map(({ id, score }) => [id, score]));
  const rows = await selectCandidates(deps.db, space.allowed, [...new Set([...scores.keys(), ...waiting])]);
  const near = new Map(rows.filter(({ id }) => scores.has(id)).map((row) => [row.id, row]));
  const pending = rows.filter(({ id }) => !near.has(id));
  if (near.size < count && !found.exhausted) await lookFurther(deps, space, vector, count, { near, scores });
  const late = await scorePending(deps, pending, vector);
  const compared = [...near.values()].map((row) => compare(row, scores.get(row.id) ?? 0));
  return { candidates: [...compared, ...late.candidates], wordless: late.wordless };
};

const compare = (row: MemoryRow, semantic: number): Candidate => ({ row, semantic, keyword: null, matched: [] });

interface Found {
  readonly near: Map<string, MemoryRow>;
  readonly scores: Map<string, number>;
}

/** Much of what is near may not be seen. Either it is a little more, or a filter leaves so few that all can be compared. */
const lookFurther = async (
  deps: SearchDeps,
  space: SearchSpace,
  vector: Float32Array,
  count: number,
  { near, scores }: Found,
): Promise<void> => {
  for (let k = count * OVERSAMPLE; ; k *= OVERSAMPLE) {
    const found = await deps.vectors.search(space.partitions, vector, k);
    const news = found.hits.filter(({ id }) => !scores.has(id));
    for (const { id, score } of news) scores.set(id, score);
    const fresh = await selectCandidates(
      deps.db,
      space.allowed,
      news.map(({ id }) => id),
    );
    for (const row of fresh) near.set(row.id, row);
    if (near.size >= count || found.exhausted || news.length === 0) return;
    const ids = await selectIds(deps.db, space.allowed, MAX_ONE_BY_ONE + 1);
    if (ids.length <= MAX_ONE_BY_ONE) return await compareAll(deps, space, vector, count, ids, { near, scores });
  }
};

const compareAll = async (
  deps: SearchDeps,
  space: SearchSpace,
  vector: Float32Array,
  count: number,
  ids: readonly string[],
  { near, scores }: Found,
): Promise<void> => {
  for (const [id, score] of await compareStored(deps, ids, vector)) scores.set(id, score);
  const best = ids.filter((id) => scores.has(id)).sort((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0));
  for (const row of await selectCandidates(deps.db, space.allowed, best.slice(0, count))) near.set(row.id, row);
};

/** The nearness of rows by the vectors that Postgres keeps, whatever an index knows of them. */
export const compareStored = async (
  { db, vault, embedder }: SearchDeps,
  ids: readonly string[],
  vector: Float32Array,
): Promise<ReadonlyMap<string, number>> => {
  const opened = await openVectors(vault, await selectVectorsOf(db, ids, embedder.model), vector.length);
  return new Map(opened.map(({ memory_id, plain }) => [memory_id, toScore(dot(plain, vector))]));
};

/** What was written a moment ago and has no vector yet is found all the same. */
const scorePending = async (
  deps: SearchDeps,
  rows: readonly MemoryRow[],
  vector: Float32Array,
): Promise<SemanticMatches> => {
  const [near, wordless] = [rows.slice(0, MAX_EMBEDDED), rows.slice(MAX_EMBEDDED)];
  if (near.length === 0) return { candidates: [], wordless };
  await deps.vault.prepare(near.map(({ slot }) => slot));
  const opened = near.flatMap((row) => {
    const content = deps.presenter.open(row);
    return content ? [{ row, content }] : [];
  });
  try {
    const vectors = await deps.embedder.embed(opened.map(({ content }) => content.content));
    const candidates = opened.map(({ row, content }, index) => ({
      ...compare(row, toScore(dot(vectors[index] ?? vector, vector))),
      content,
    }));
    return { candidates, wordless };
  } catch (cause) {
    if (!(cause instanceof EmbedderUnavailable)) throw cause;
    return { candidates: [], wordless: rows };
  }
};
