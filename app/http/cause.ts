import { types } from 'node:util';

/** Unlike `instanceof Error` it also knows errors of another realm: a worker's, a test runner's. */
export const isError = (cause: unknown): cause is Error => types.isNativeError(cause);

export const messageOf = (cause: unknown): string => (isError(cause) ? cause.message : String(cause));
