import type { Cache } from '../cache/cache.js';
import { afterCommit, type Queryable } from '../db/pool.js';
import type { MemoryRow } from './rows.js';
import type { Viewer } from './store.js';

type Owned = Pick<MemoryRow, 'scope' | 'user_ref' | 'team_ref' | 'organization_ref'>;

const [USER, TEAM, ORGANIZATION] = [0, 1, 2];
const allOf = (scope: number): string => `scope ${scope}`;

/** By what a cached sum is known to be about a row: by whoever sees its owner's, and by whoever sees all of its scope. */
export const tagsOfRows = (rows: readonly Owned[]): readonly string[] => {
  const tags = new Set<string>();
  let last: Owned | undefined;
  for (const row of rows) {
    // Of a batch mostly one person's.
    if (last !== undefined && isAlike(last, row)) continue;
    last = row;
    tags.add(allOf(row.scope));
    const owner = [row.user_ref, row.team_ref, row.organization_ref][row.scope];
    if (owner) tags.add(`${row.scope} ${owner}`);
  }
  return [...tags];
};

const isAlike = (a: Owned, b: Owned): boolean =>
  a.scope === b.scope &&
  a.user_ref === b.user_ref &&
  a.team_ref === b.team_ref &&
  a.organization_ref === b.organization_ref;

/** All that a viewer's sums are made of. */
export const tagsOfViewer = (viewer: Viewer): readonly string[] =>
  viewer.scopes.flatMap((scope): readonly string[] => {
    if (viewer.allOf.includes(scope)) return [allOf(scope)];
    if (scope === USER) return viewer.userRef === null ? [] : [`${scope} ${viewer.userRef}`];
    if (scope === TEAM) return viewer.teamRefs.map((ref) => `${scope} ${ref}`);
    if (scope === ORGANIZATION) return viewer.organizationRefs.map((ref) => `${scope} ${ref}`);
    return [allOf(scope)];
  });

/** What was cached of these rows is forgotten once they are committed, before whoever changed them is answered. */
export const touchRows = (
  { cache }: { readonly cache: Pick<Cache, 'touch'> },
  transaction: Queryable,
  rows: readonly Owned[],
): Promise<void> => {
  const tags = tagsOfRows(rows);
  return tags.length === 0 ? Promise.resolve() : afterCommit(transaction, () => cache.touch(tags));
};
