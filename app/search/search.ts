import { type Embedder, EmbedderUnavailable, normalize } from '../embeddings/embedder.js';
import { problem } from '../http/errors.js';
import { observeRead } from '../memories/observe-read.js';
import type { MemoryRow } from '../memories/rows.js';
import type { Memory, Search } from '../memories/schema.js';
import type { Caller, MemoryServiceDeps } from '../memories/service.js';
import { type RefFilter, selectCandidates, selectPage, selectPending, type Viewer } from '../memories/store.js';
import { readVector } from '../memories/vector-input.js';
import { partitionsOf, resolveRefFilter, resolveViewer } from '../memories/viewer.js';
import { dot } from '../vectors/partition.js';
import { toScore, type VectorStore } from '../vectors/vector-store.js';
import { scoreByWords } from './lexical.js';

export interface SearchDeps extends MemoryServiceDeps {
  readonly embedder: Embedder;
  readonly vectors: VectorStore;
}

export interface SearchResult {
  readonly results: readonly (Memory & { readonly score: number; readonly rank: number })[];
  readonly truncated: boolean;
  readonly took_ms: number;
  readonly degraded: readonly ('embedding' | 'vectors')[];
}

interface Scored {
  readonly row: MemoryRow;
  readonly score: number;
}

/** Rows without a vector that a search looks at: what one person writes within a few seconds. */
const MAX_PENDING = 64;
/** Of these so many get a vector for this search alone; each costs some 6 ms of the local model, the rest go by words. */
const MAX_EMBEDDED_PENDING = 8;
/** Without any vector to compare, the newest rows are searched by their words. */
const MAX_BY_WORDS = 500;
/** The first question asks for more than is wanted, since filters may hide some. */
const OVERSAMPLE = 4;

export const searchMemories = async (deps: SearchDeps, caller: Caller, body: Search): Promise<SearchResult> => {
  const startedAt = performance.now();
  checkMode(body);
  const given = body.vector === undefined ? undefined : normalize(readVector(body.vector, deps.embedder.dimensions));
  const viewer = await resolveViewer(deps.db, deps.people, caller.principal, caller.headers, body);
  const filter = await resolveRefFilter(deps.db, deps.people, body);
  const limit = body.limit ?? 10;
  const degraded = new Set<'embedding' | 'vectors'>();
  const vector = given ?? (await embedQuery(deps, body.query ?? '', degraded));
  const pending = await selectPending(deps.db, viewer, filter, MAX_PENDING);
  const scored = [
    ...(vector
      ? await scoreByVector(deps, viewer, filter, vector, limit, degraded)
      : await scoreNewest(deps, viewer, filter, body.query ?? '')),
    ...(await scorePending(deps, pending, vector, body.query)),
  ];
  const best = pickBest(scored, limit, body.threshold ?? 0);
  const memories = await deps.presenter.present(
    deps.db,
    best.map(({ row }) => row),
    { vector: body.include === 'vector' },
  );
  const scores = new Map(best.map(({ row, score }) => [row.id, score]));
  await observeRead(
    deps.audit,
    'search',
    best.map(({ row }) => row),
    { query: body.query ?? null },
  );
  return {
    results: memories.map((memory, index) => ({ ...memory, score: scores.get(memory.id) ?? 0, rank: index + 1 })),
    truncated: false,
    took_ms: Math.round((performance.now() - startedAt) * 100) / 100,
    degraded: [...degraded],
  };
};

const checkMode = (body: Search): void => {
  if (body.mode !== undefined && body.mode !== 'semantic') {
    throw problem('not_supported', `The mode ${body.mode} is not in this version.`, {
      remedy: 'Use mode semantic, or leave it out.',
    });
  }
  if (body.query === undefined && body.vector === undefined) {
    throw problem('invalid_request', 'A search needs query or vector.', {
      errors: [{ pointer: '/query', code: 'required', detail: 'query or vector is required' }],
    });
  }
};

const embedQuery = async (
  { embedder }: SearchDeps,
  query: string,
  degraded: Set<string>,
): Promise<Float32Array | undefined> => {
  try {
    return (await embedder.embed([query]))[0];
  } catch (cause) {
    if (!(cause instanceof EmbedderUnavailable)) throw cause;
    degraded.add('embedding');
    return undefined;
  }
};

/** Asks for more and more until enough of what is near may also be seen. */
const scoreByVector = async (
  deps: SearchDeps,
  viewer: Viewer,
  filter: RefFilter,
  vector: Float32Array,
  limit: number,
  degraded: Set<string>,
): Promise<readonly Scored[]> => {
  const partitions = partitionsOf(viewer);
  const scores = new Map<string, number>();
  const rows = new Map<string, MemoryRow>();
  for (let k = limit * OVERSAMPLE; ; k *= OVERSAMPLE) {
    const found = await deps.vectors.search(partitions, vector, k);
    if (!found.complete) degraded.add('vectors');
    const news = found.hits.filter(({ id }) => !scores.has(id));
    for (const { id, score } of news) scores.set(id, score);
    for (const row of await selectCandidates(
      deps.db,
      viewer,
      filter,
      news.map(({ id }) => id),
    ))
      rows.set(row.id, row);
    if (rows.size >= limit || found.exhausted || news.length === 0) break;
  }
  return [...rows.values()].map((row) => ({ row, score: scores.get(row.id) ?? 0 }));
};

const scoreNewest = async (
  deps: SearchDeps,
  viewer: Viewer,
  filter: RefFilter,
  query: string,
): Promise<readonly Scored[]> => {
  const page = { status: 0, descending: true, after: null, limit: MAX_BY_WORDS };
  return scoreRowsByWords(deps, await selectPage(deps.db, viewer, filter, page), query);
};

const scoreRowsByWords = async (
  { vault, presenter }: SearchDeps,
  rows: readonly MemoryRow[],
  query: string,
): Promise<readonly Scored[]> => {
  await vault.prepare(rows.map(({ slot }) => slot));
  return rows.flatMap((row) => {
    const score = scoreByWords(query, presenter.open(row)?.content ?? '');
    return score > 0 ? [{ row, score }] : [];
  });
};

/** What was written a moment ago and has no vector yet is found all the same. */
const scorePending = async (
  deps: SearchDeps,
  rows: readonly MemoryRow[],
  vector: Float32Array | undefined,
  query: string | undefined,
): Promise<readonly Scored[]> => {
  const near = vector ? rows.slice(0, MAX_EMBEDDED_PENDING) : [];
  const rest = await scoreRowsByWords(deps, rows.slice(near.length), query ?? '');
  if (near.length === 0 || !vector) return rest;
  await deps.vault.prepare(near.map(({ slot }) => slot));
  const texts = near.map((row) => deps.presenter.open(row)?.content ?? '');
  try {
    const vectors = await deps.embedder.embed(texts);
    return [...near.map((row, index) => ({ row, score: toScore(dot(vectors[index] ?? vector, vector)) })), ...rest];
  } catch (cause) {
    if (!(cause instanceof EmbedderUnavailable)) throw cause;
    return [...(await scoreRowsByWords(deps, near, query ?? '')), ...rest];
  }
};

/** A row may have got its vector between two looks: its better score counts. */
const pickBest = (scored: readonly Scored[], limit: number, threshold: number): readonly Scored[] => {
  const best = new Map<string, Scored>();
  for (const item of scored) {
    if (item.score >= threshold && item.score > (best.get(item.row.id)?.score ?? -1)) best.set(item.row.id, item);
  }
  const newestFirst = (a: Scored, b: Scored): number => b.row.created_at.getTime() - a.row.created_at.getTime();
  return [...best.values()]
    .sort((a, b) => b.score - a.score || newestFirst(a, b) || (a.row.id < b.row.id ? 1 : -1))
    .slice(0, limit);
};
