/** One thing that is wrong with an object: where, what was given, why it is refused, what to write in its place. */
export interface FieldError {
  /** As in `spec.access.corsOrigins[0]`. */
  readonly path: string;
  readonly value: unknown;
  readonly message: string;
  readonly remedy: string;
}

export const describeFieldError = ({ path, value, message, remedy }: FieldError): string =>
  `${path}: ${message}${value === undefined ? '' : ` (got ${shorten(JSON.stringify(value))})`}; ${remedy}`;

const LONGEST = 80;
const shorten = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
