import type { Degraded } from './candidate.js';
import type { SearchPlan } from './plan.js';
import { createLocalReranker } from './rerank.js';
import { type Scored, sortBest } from './score.js';
import type { SearchDeps } from './search-deps.js';
import { compareStored } from './semantic.js';

/** So many are looked at again; more would make a provider's model slow and expensive. */
const MIN_RERANKED = 50;
/** The second look counts for more than the first. */
const SHARE = 0.6;

const local = createLocalReranker();

/** The order of the best few, looked at again. Those behind them are left out: their scores do not compare. */
export const rerankBest = async (
  deps: SearchDeps,
  { query = '', limit }: SearchPlan,
  scored: readonly Scored[],
  vector: Float32Array | undefined,
  degraded: Set<Degraded>,
): Promise<readonly Scored[]> => {
  const best = scored.slice(0, Math.max(MIN_RERANKED, limit));
  if (best.length === 0) return best;
  const near = await nearnessOf(deps, best, vector);
  await deps.vault.prepare(best.map(({ row }) => row.slot));
  const documents = best.map(({ row, content, keyword }) => ({
    id: row.id,
    content: (content ?? deps.presenter.open(row))?.content ?? '',
    semantic: near.get(row.id) ?? null,
    keyword,
  }));
  try {
    const scores = await (deps.reranker ?? local).rerank(query, documents);
    return sortBest(
      best.map((one, index) => {
        const rerank = Math.min(1, Math.max(0, scores[index] ?? 0));
        return { ...one, rerank, score: SHARE * rerank + (1 - SHARE) * one.score };
      }),
    );
  } catch {
    // Whoever provides it logs why: the search is answered without it.
    degraded.add('rerank');
    return scored;
  }
};

/** What was found by its words alone is compared too. */
const nearnessOf = async (
  deps: SearchDeps,
  best: readonly Scored[],
  vector: Float32Array | undefined,
): Promise<ReadonlyMap<string, number>> => {
  const known = best.flatMap(({ row, semantic }) => (semantic === null ? [] : [[row.id, semantic] as const]));
  const others = best.filter(({ semantic }) => semantic === null).map(({ row }) => row.id);
  if (!vector || others.length === 0) return new Map(known);
  return new Map([...known, ...(await compareStored(deps, others, vector))]);
};
