import type { MemoryRow } from '../../../app/memories/rows.js';
import type { Degraded } from '../../../app/search/candidate.js';
import { planSearch } from '../../../app/search/plan.js';
import type { Reranker } from '../../../app/search/rerank.js';
import { rerankBest } from '../../../app/search/rerank-best.js';
import type { Scored } from '../../../app/search/score.js';
import type { SearchDeps } from '../../../app/search/search-deps.js';

const plan = planSearch(
  { query: 'tea', rerank: true },
  { dimensions: 3, settings: { index: 'keyword', clearMetadata: [] } },
);
const scored = (id: string, score: number): Scored => ({
  row: { id, slot: 16, created_at: new Date(0) } as MemoryRow,
  content: { content: id, subject: null, predicate: null, object: null, metadata: {}, source: {} },
  ...{ semantic: score, keyword: null, matched: [], score, rerank: null },
  prior: { recency: 1, importance: 1, trust: 1 },
});
/** A provider at the other end of a wire, which is not ours. */
const run = async (rerank: Reranker['rerank']) => {
  const degraded = new Set<Degraded>();
  const deps = { vault: { prepare: async () => undefined }, reranker: { name: 'stand-in', rerank } };
  const best = await rerankBest(
    deps as unknown as SearchDeps,
    plan,
    [scored('a', 0.8), scored('b', 0.6)],
    undefined,
    degraded,
  );
  return { order: best.map(({ row }) => row.id), scores: best.map(({ score }) => score), degraded: [...degraded] };
};

describe('a reranker of a provider', () => {
  it('changes the order, and what it says beyond [0, 1] counts as the end of it', async () => {
    const { order, scores, degraded } = await run(async (_, documents) =>
      documents.map(({ id }) => (id === 'b' ? 7 : -1)),
    );
    expect(order).toEqual(['b', 'a']);
    expect(scores).toEqual([expect.closeTo(0.6 + 0.4 * 0.6, 10), expect.closeTo(0.4 * 0.8, 10)]);
    expect(degraded).toEqual([]);
  });

  it('that fails leaves the order as it is, and the answer says so', async () => {
    const outcome = await run(async () => {
      throw new Error('503 from the provider');
    });
    expect(outcome).toEqual({ order: ['a', 'b'], scores: [0.8, 0.6], degraded: ['rerank'] });
  });
});
