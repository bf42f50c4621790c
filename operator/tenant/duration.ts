const UNITS: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1, ms: 0.001 };

/** Of a GEP-2257 duration, which the schema has checked; at least one. */
export const secondsOf = (duration: string): number => {
  const pairs = duration.matchAll(/([0-9]+)(ms|h|m|s)/g);
  const seconds = [...pairs].reduce((sum, [, count, unit = 's']) => sum + Number(count) * (UNITS[unit] ?? 0), 0);
  return Math.max(1, Math.round(seconds));
};
