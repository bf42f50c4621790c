/** One question of the truth table: who, does what, to what, and whether it must go through. */
export interface Question<C> {
  /** `operator`, `administrator without MFA` */
  readonly who: string;
  readonly action: string;
  /** What makes the call special: `of another namespace`, `without a context`. */
  readonly how: string;
  /** Address of the resource, for the report. */
  readonly on: string;
  readonly call: C;
  readonly want: 'allow' | 'deny';
}

export const wanted = (want: 'allow' | 'deny'): string => (want === 'allow' ? 'allowed' : 'denied');

/** Something that nobody has taught the evaluators: the proof fails, and says what, rather than guess. */
export class UnknownTermError extends Error {
  override readonly name = 'UnknownTermError';
}
