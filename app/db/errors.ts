import { isError } from '../http/cause.js';
import { type Problem, problem } from '../http/errors.js';

/** SQLSTATE classes and codes that mean "not now": connection lost, resources, operator intervention, read-only standby. */
const UNAVAILABLE = /^(08|53|57|25006)/;
const NODE_UNAVAILABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);
/** What node-postgres says without a code when a connection dies or none comes in time. */
const MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after)/;

/** A failure of the database as a problem, or `undefined` when the cause is something else. */
export const classifyDatabaseError = (cause: unknown): Problem | undefined => {
  if (!isError(cause)) return undefined;
  const code = codeOf(cause);
  if (UNAVAILABLE.test(code) || NODE_UNAVAILABLE.has(code) || MESSAGES.test(cause.message)) {
    return problem('store_unavailable', 'The database does not answer.', { cause });
  }
  return undefined;
};

export const codeOf = (cause: unknown): string => {
  const code = (cause as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
};

export const UNIQUE_VIOLATION = '23505';
/** Worth running the whole transaction again: serialization failure, deadlock. */
export const RETRYABLE: ReadonlySet<string> = new Set(['40001', '40P01']);
