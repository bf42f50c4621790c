import { roundFloat } from '../memories/round-float.js';
import type { Candidate } from './candidate.js';
import { fuseRanks, type Prior, recencyOf, weighPrior } from './fusion.js';
import type { SearchPlan } from './plan.js';
import type { Explain } from './schema.js';

export interface Scored extends Candidate {
  readonly score: number;
  readonly rerank: number | null;
  readonly prior: Prior;
}

type Scoring = Pick<SearchPlan, 'mode' | 'now'>;

/**
 * One score in [0, 1], whatever the mode. `semantic`: the nearness. `keyword`: the share of the words asked for. `hybrid`:
 * the fused rank times the stronger of the two, so that what is first among the irrelevant does not look relevant, and then
 * a little by recency, importance and trust.
 */
export const scoreCandidates = (candidates: readonly Candidate[], { mode, now }: Scoring): readonly Scored[] => {
  const fused =
    mode === 'hybrid' ? fuseRanks([scoresOf(candidates, 'semantic'), scoresOf(candidates, 'keyword')]) : null;
  const scored = candidates.map((candidate): Scored => {
    const prior = priorOf(candidate, now);
    const { semantic, keyword, row } = candidate;
    const strength = Math.max(semantic ?? 0, keyword ?? 0);
    const score = fused ? weighPrior((fused.get(row.id) ?? 0) * strength, prior) : (semantic ?? keyword ?? 0);
    return { ...candidate, prior, rerank: null, score: mode === 'keyword' ? (keyword ?? 0) : score };
  });
  return sortBest(scored);
};

const scoresOf = (candidates: readonly Candidate[], part: 'semantic' | 'keyword'): ReadonlyMap<string, number> =>
  new Map(
    candidates.flatMap((candidate) => {
      const score = candidate[part];
      return score === null || score === 0 ? [] : [[candidate.row.id, score] as const];
    }),
  );

const priorOf = ({ row }: Candidate, now: Date): Prior => ({
  recency: recencyOf(row.updated_at, now),
  importance: roundFloat(row.importance),
  trust: roundFloat(row.trust_score),
});

/** Best first; of equals the newest. */
export const sortBest = <T extends Pick<Scored, 'score' | 'row'>>(scored: readonly T[]): readonly T[] =>
  [...scored].sort(
    (a, b) =>
      b.score - a.score || b.row.created_at.getTime() - a.row.created_at.getTime() || (a.row.id < b.row.id ? 1 : -1),
  );

export const explainScore = ({ semantic, keyword, rerank, prior, matched }: Scored): Explain => ({
  semantic,
  keyword,
  rerank,
  ...prior,
  matched_terms: [...matched],
});
