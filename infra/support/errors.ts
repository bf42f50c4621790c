/** A configuration that a unit does not build. Thrown at synth, before anything is written. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

/** `unit.field: why (got VALUE); what to do` */
export function refused(at: string, value: unknown, why: string, remedy: string): RefusedError {
  return new RefusedError(`${at}: ${why} (got ${JSON.stringify(value) ?? 'nothing'}); ${remedy}`);
}

/** Makes a `switch` exhaustive: a new cloud or kind does not compile until every unit knows it. */
export function unreachable(value: never): never {
  throw new RefusedError(`unknown variant ${JSON.stringify(value)}; add a case where it is switched on`);
}
