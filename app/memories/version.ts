import type { Queryable } from '../db/pool.js';
import { demandFree, type KeptDeps } from '../holds/holds.js';
import { type Problem, problem } from '../http/errors.js';
import type { MemoryRow } from './rows.js';

export interface ChangeOptions {
  readonly ifMatch: string | undefined;
  readonly reason: string | null;
}

/** Whether one of a header's entity tags names this version. Weak tags are for the caller to strip: If-Match refuses them. */
export const matchesVersion = (header: string, version: number): boolean =>
  header.split(',').some((tag) => tag.trim() === '*' || tag.trim() === `"${version}"`);

/** What keeps a row as it is: a caller who decided on another version, or a hold. */
export const checkChangeable = async (
  deps: KeptDeps,
  transaction: Queryable,
  row: MemoryRow,
  ifMatch: string | undefined,
): Promise<void> => {
  deps.marks.demand(row);
  if (row.legal_hold) await demandFree(deps, transaction, [row]);
  checkVersion(row, ifMatch);
};

export const checkVersion = (row: Pick<MemoryRow, 'id' | 'version'>, ifMatch: string | undefined): void => {
  if (ifMatch === undefined || matchesVersion(ifMatch, row.version)) return;
  const remedy = remedyFor(ifMatch);
  throw problem('version_mismatch', `The memory ${row.id} has version ${row.version}.`, {
    headers: { ETag: `"${row.version}"` },
    ...(remedy === undefined ? {} : { remedy }),
  });
};

/** A tag that could name no version at all: reading the memory again would not help. */
const remedyFor = (ifMatch: string): string | undefined => {
  const tag = ifMatch.split(',').find((one) => !/^\s*("[^"]*"|\*)\s*$/.test(one));
  if (tag === undefined) return undefined;
  const version = /\d{1,10}/.exec(tag)?.[0] ?? '3';
  return `Write the version in quotes, as the header ETag of an answer does: If-Match: "${version}".`;
};

export const missing = (id: string): Problem => problem('not_found', `There is no memory ${id}.`);
