import { GRANT_SCOPES, type GrantScope } from '../access/permissions.js';
import { isAllowed, isAllowedIn, type Principal } from '../access/principal.js';
import { and, type Condition } from '../db/condition.js';
import { problem } from '../http/errors.js';
import type { Memory } from '../memories/schema.js';
import type { Caller, MemoryServiceDeps } from '../memories/service.js';
import { bindFilter, parseFilter } from '../search/filter/index.js';
import { indexSettings } from '../search/index-mark.js';
import { readUserHeader, resolveUserId } from '../tenancy/identity.js';
import type { Person } from '../tenancy/people.js';

/** Whose memories an export is about. */
export interface Subject {
  /** `null`: the whole tenant. */
  readonly userId: string | null;
  /** `undefined` for somebody nobody has written for. */
  readonly person: Person | undefined;
  readonly condition: Condition;
  /** Decides on the opened memory where the condition lets through more. */
  readonly matches: ((memory: Memory) => boolean) | undefined;
}

/**
 * A person named, or the credential's own: what is theirs, and what they wrote for others to read. Nobody named: all of the
 * tenant, for a key that may read all of it. Whatever its status.
 */
export const resolveSubject = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  asked: { readonly userId: string | null; readonly filters: unknown },
): Promise<Subject> => {
  const { principal, headers } = caller;
  const userId = resolveUserId(principal, { explicit: asked.userId, header: readUserHeader(headers) });
  if (userId === null && !isAllowed(principal, 'retrieve.all')) {
    throw problem('user_required', 'Exporting the whole tenant needs a key that may read all of it.', {
      errors: [{ pointer: '/user_id', code: 'user_required', detail: 'is required with this key' }],
    });
  }
  const person = userId === null ? undefined : await deps.people.find(deps.db, userId);
  const owned: Condition = (bind) => (userId === null ? 'true' : `user_ref = ${bind(person?.ref ?? NOBODY)}::uuid`);
  const clearMetadata = indexSettings(deps.policies()).clearMetadata;
  const parsed =
    asked.filters === undefined ? undefined : parseFilter(asked.filters, { pointer: '/filters', clearMetadata });
  const bound = await bindFilter(deps, parsed, null);
  const condition = and([owned, allowedScopes(caller, userId === null), bound.condition]);
  return { userId, person, condition, matches: bound.exact ? undefined : bound.matches };
};

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** A grant may be for some scopes only; what is shared with the whole tenant needs no right to read everybody's. */
const allowedScopes =
  ({ principal }: Caller, isWholeTenant: boolean): Condition =>
  (bind) => {
    const isOpen = (scope: GrantScope) =>
      isAllowedIn(principal, 'export', scope) && (!isWholeTenant || scope === 'global' || readsAllIn(principal, scope));
    const scopes = GRANT_SCOPES.flatMap((scope, code) => (isOpen(scope) ? [code] : []));
    return scopes.length === GRANT_SCOPES.length ? 'true' : `scope = ANY (${bind(scopes)}::integer[])`;
  };

const readsAllIn = (principal: Principal, scope: GrantScope): boolean =>
  isAllowedIn(principal, 'retrieve.all', scope) && isAllowedIn(principal, 'retrieve', scope);

/** Whose files of the whole tenant are theirs to fetch. */
export const readsWholeTenant = (principal: Principal): boolean =>
  principal.userId === null && GRANT_SCOPES.every((scope) => readsAllIn(principal, scope));
