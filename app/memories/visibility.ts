import type { Condition } from '../db/condition.js';
import { type MemoryRow, STATUS_EXPIRED } from './rows.js';
import { SCOPES } from './schema.js';
import type { Viewer } from './store.js';

/** As VISIBLE in store.ts, written out for one viewer: what cannot be true is not asked, which is what planning costs. */
export const visibleTo =
  (viewer: Viewer): Condition =>
  (bind) => {
    const { allOf, scopes, userRef, teamRefs, organizationRefs } = viewer;
    const open = scopes.filter((scope) => scope === 3 || allOf.includes(scope));
    if (open.length === SCOPES.length) return 'true';
    const parts =
      open.length === 0 ? [] : [open.length === 1 ? `scope = ${open[0]}` : `scope = ANY (${bind(open)}::smallint[])`];
    if (scopes.includes(0) && userRef !== null) parts.push(`scope = 0 AND user_ref = ${bind(userRef)}::uuid`);
    if (scopes.includes(1) && teamRefs.length > 0)
      parts.push(`scope = 1 AND team_ref = ANY (${bind(teamRefs)}::uuid[])`);
    if (scopes.includes(2) && organizationRefs.length > 0) {
      parts.push(`scope = 2 AND organization_ref = ANY (${bind(organizationRefs)}::uuid[])`);
    }
    if (parts.length === 0) return 'false';
    return `(${parts.map((part) => `(${part})`).join(' OR ')})`;
  };

/** The same of a row that is at hand. */
export const maySee = (
  { allOf, scopes, userRef, teamRefs, organizationRefs }: Viewer,
  row: Pick<MemoryRow, 'scope' | 'user_ref' | 'team_ref' | 'organization_ref'>,
): boolean => {
  const { scope } = row;
  if (!scopes.includes(scope)) return false;
  if (scope === 3 || allOf.includes(scope)) return true;
  if (scope === 0) return row.user_ref !== null && row.user_ref === userRef;
  if (scope === 1) return row.team_ref !== null && teamRefs.includes(row.team_ref);
  return row.organization_ref !== null && organizationRefs.includes(row.organization_ref);
};

/** Rows of these statuses now: one past its time is expired whether or not the cleaner has been there. */
export const inStatus =
  (statuses: readonly number[]): Condition =>
  () => {
    // Written out: there are five, and an index over the active ones is of use only when the planner sees which are meant.
    const listed =
      statuses.length === 1 ? `status = ${Number(statuses[0])}` : `status IN (${statuses.map(Number).join(', ')})`;
    const active = statuses.includes(0);
    if (!statuses.includes(STATUS_EXPIRED))
      return `(${listed} AND (status <> 0 OR expires_at IS NULL OR expires_at > now()))`;
    return active ? listed : `(${listed} OR (status = 0 AND expires_at <= now()))`;
  };
