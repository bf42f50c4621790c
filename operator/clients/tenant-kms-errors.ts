import { CloudRefused } from './cloud-rest.js';
import { KeyringError } from './keyring-errors.js';

export interface Refusals {
  /** `Cloud KMS` */
  readonly who: string;
  /** What to do when the operator may not. */
  readonly forbidden: string;
  /** What to do when there is no such thing. */
  readonly missing: string;
}

/** Refusals last until somebody changes something; with anything else it is worth another try. */
export function kmsProblem({ who, forbidden, missing }: Refusals, what: string, cause: unknown): unknown {
  if (!(cause instanceof CloudRefused)) return cause;
  const { status, message } = cause;
  const why = `${who} did not ${what}: ${message}`;
  const refused = (remedy: string) => new KeyringError('KmsRefused', why, remedy, { cause });
  if (status === 401 || status === 403) return refused(forbidden);
  if (status === 404) return refused(missing);
  if (status !== undefined && status >= 400 && status < 429 && status !== 408) return refused('look at what it says');
  const remedy = `check that ${who} and the source of the operator's tokens are reachable; it is tried again`;
  return new KeyringError('KmsUnavailable', why, remedy, { cause });
}
