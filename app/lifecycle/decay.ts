/** Days after which a memory of no confidence counts half; one of full confidence holds five times as long. */
export const BASE_HALF_LIFE_DAYS = 90;
const CONFIDENCE_FACTOR = 4;
const DAY_MS = 86_400_000;

export interface Decaying {
  readonly importance: number;
  readonly confidence: number;
  /** The last time that somebody wrote it, changed it or gave feedback on it. */
  readonly updatedAt: Date;
}

/**
 * What is left of a memory's importance: `importance × 2^(−age / halfLife)`, `halfLife = 90 days × (1 + 4 × confidence)`.
 * In closed form: a run that was missed, or that comes twice, changes nothing.
 */
export const retainedImportance = ({ importance, confidence, updatedAt }: Decaying, now: Date): number => {
  const ageDays = Math.max(0, now.getTime() - updatedAt.getTime()) / DAY_MS;
  return importance * 2 ** (-ageDays / (BASE_HALF_LIFE_DAYS * (1 + CONFIDENCE_FACTOR * confidence)));
};

/** The same over the columns of `memories`, at the time that the parameter names. */
export const retainedImportanceSql = (now: string): string =>
  `importance::float8 * power(2::float8, -greatest(0, extract(epoch FROM ${now}::timestamptz - updated_at)::float8 / 86400)` +
  ` / (${BASE_HALF_LIFE_DAYS} * (1 + ${CONFIDENCE_FACTOR} * confidence::float8)))`;
