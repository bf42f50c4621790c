export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Doubles from `baseMs` to `maxMs`; `failures` counts from 1. Half of it is jitter, so that many clients which failed
 * together do not come back together.
 */
export const backoffMs = ({ baseMs, maxMs }: Backoff, failures: number, random: () => number = Math.random): number => {
  // 2^30 is past every maximum in use; a larger exponent would only overflow.
  const ceiling = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return ceiling * (0.5 + random() / 2);
};
