import type { Problem } from './environment.js';

export type Check = Problem | undefined;

/** `allowed`: in words, where the pattern is no help. */
export function pattern(path: string, value: string, shape: RegExp, message: string, allowed = shape.source): Check {
  return typeof value === 'string' && shape.test(value) ? undefined : { path, value, message, allowed };
}

export function oneOf<T extends string>(
  path: string,
  value: T,
  allowed: readonly T[],
  message = 'not one of the known values here',
): Check {
  return allowed.includes(value) ? undefined : { path, value, message, allowed: allowed.join(', ') };
}

/** Whole numbers from `least` to `most`. */
export function range(path: string, value: number, least: number, most: number, message: string): Check {
  const inside = Number.isInteger(value) && value >= least && value <= most;
  return inside ? undefined : { path, value, message, allowed: `${least} to ${most}` };
}
