/** The usual constant of reciprocal rank fusion: the first few ranks weigh about the same. */
const RANK_OFFSET = 60;

/** The ranks of one list: best first, from 1. Equal scores share a rank. */
export const rankOf = (scores: ReadonlyMap<string, number>): ReadonlyMap<string, number> => {
  const ranks = new Map<string, number>();
  let rank = 0;
  let last: number | undefined;
  for (const [id, score] of [...scores].sort((a, b) => b[1] - a[1])) {
    if (score !== last) rank = ranks.size + 1;
    last = score;
    ranks.set(id, rank);
  }
  return ranks;
};

/**
 * Reciprocal rank fusion of several lists, as a number in [0, 1]: 1 for what every list that found anything has first.
 */
export const fuseRanks = (lists: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> => {
  const filled = lists.filter((list) => list.size > 0);
  const fused = new Map<string, number>();
  for (const scores of filled) {
    for (const [id, rank] of rankOf(scores)) {
      fused.set(id, (fused.get(id) ?? 0) + (RANK_OFFSET + 1) / (RANK_OFFSET + rank) / filled.length);
    }
  }
  return fused;
};

export interface Prior {
  readonly recency: number;
  readonly importance: number;
  readonly trust: number;
}

const HALF_LIFE_DAYS = 30;
const DAY_MS = 86_400_000;

/** 1 for what was written at this moment, half of it every month. */
export const recencyOf = (updatedAt: Date, now: Date): number =>
  Math.min(1, 0.5 ** (Math.max(0, now.getTime() - updatedAt.getTime()) / DAY_MS / HALF_LIFE_DAYS));

/** Only what is about equally relevant changes places by it; what is certain stays certain. */
const PRIOR_SHARE = 0.1;

export const weighPrior = (relevance: number, { recency, importance, trust }: Prior): number =>
  relevance ** (1 + PRIOR_SHARE * (1 - (0.5 * importance + 0.3 * recency + 0.2 * trust)));
