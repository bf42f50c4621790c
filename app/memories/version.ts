import { type Problem, problem } from '../http/errors.js';
import type { MemoryRow } from './rows.js';

/** Whether one of a header's entity tags names this version. Weak tags are for the caller to strip: If-Match refuses them. */
export const matchesVersion = (header: string, version: number): boolean =>
  header.split(',').some((tag) => tag.trim() === '*' || tag.trim() === `"${version}"`);

/** What keeps a row as it is: a caller who decided on another version, or a hold. */
export const checkChangeable = (row: MemoryRow, ifMatch: string | undefined): void => {
  if (row.legal_hold) throw problem('legal_hold', `The memory ${row.id} is under a legal hold.`);
  if (ifMatch === undefined || matchesVersion(ifMatch, row.version)) return;
  throw problem('version_mismatch', `The memory ${row.id} has version ${row.version}.`, {
    headers: { ETag: `"${row.version}"` },
  });
};

export const missing = (id: string): Problem => problem('not_found', `There is no memory ${id}.`);
