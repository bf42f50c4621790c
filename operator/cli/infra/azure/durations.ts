const UNITS = { D: 86_400, H: 3_600, M: 60, S: 1 } as const;

/** `P14D`, `PT5M`, `PT300S` → seconds: Azure gives back another spelling of what it was given. */
export function secondsOf(duration: string | undefined): number | undefined {
  const [, days, rest = ''] = /^P(?:(\d+)D)?(?:T(.*))?$/.exec(duration ?? '') ?? [];
  if (days === undefined && rest === '') return undefined;
  const parts = [...rest.matchAll(/(\d+)([HMS])/g)].map(([, count, unit]) => Number(count) * UNITS[unit as 'S']);
  return parts.reduce((sum, one) => sum + one, Number(days ?? 0) * UNITS.D);
}
