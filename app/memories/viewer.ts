import type { IncomingHttpHeaders } from 'node:http';
import { isAllowedIn, type Permission, type Principal } from '../access/principal.js';
import type { Queryable } from '../db/pool.js';
import { problem } from '../http/errors.js';
import { after, type Maybe } from '../http/maybe.js';
import { readUserHeader, requireUserId, resolveUserId } from '../tenancy/identity.js';
import type { People } from '../tenancy/people.js';
import { TENANT_PARTITION } from '../vectors/vector-store.js';
import { SCOPES, type Scope } from './schema.js';
import type { RefFilter, Viewer } from './store.js';

export interface Selectors {
  readonly user_id?: string | undefined;
  readonly agent_id?: string | undefined;
  readonly session_id?: string | undefined;
  readonly app_id?: string | undefined;
  readonly team_id?: string | undefined;
  readonly organization_id?: string | undefined;
  readonly scope?: Scope | undefined;
}

/** For what has been decided by other means already: by an owner's token, by a row just written. */
export const EVERYTHING: Viewer = {
  userRef: null,
  teamRefs: [],
  organizationRefs: [],
  allOf: [0, 1, 2, 3],
  scopes: [0, 1, 2, 3],
};

/**
 * Reading many: always on somebody's behalf, unless only what the whole tenant shares, or what a team or an organization has,
 * is asked for.
 */
export const resolveViewer = async (
  db: Queryable,
  people: People,
  principal: Principal,
  headers: IncomingHttpHeaders,
  selectors: Selectors,
  purpose: Permission = 'retrieve',
): Promise<Viewer> => {
  const named = { explicit: selectors.user_id ?? null, header: readUserHeader(headers) };
  const { team_id, organization_id, scope } = selectors;
  const isOfGroup = (team_id !== undefined || organization_id !== undefined) && scope !== 'user';
  const isShared = scope === 'global' || isOfGroup;
  const userId = isShared ? resolveUserId(principal, named) : requireUserId(principal, named);
  const userRef = await refOf(db, people, principal, userId);
  const viewer = buildViewer(principal, userRef, { from: scope ?? 'user', purpose, allOf: [] });
  const admit = (kind: 'team' | 'organization', id: string | undefined, own: readonly string[]) =>
    id === undefined ? own : resolveGroup(db, people, principal, { kind, id, own, isOfNobody: userId === null });
  return {
    ...viewer,
    teamRefs: await admit('team', team_id, viewer.teamRefs),
    organizationRefs: await admit('organization', organization_id, viewer.organizationRefs),
  };
};

interface NamedGroup {
  readonly kind: 'team' | 'organization';
  readonly id: string;
  readonly own: readonly string[];
  /** Whether no person is named: who names one sees what that person sees. */
  readonly isOfNobody: boolean;
}

/** One of the credential's own, or any of them for a key of the tenant that may read them all. */
const resolveGroup = async (
  db: Queryable,
  people: People,
  principal: Principal,
  { kind, id, own, isOfNobody }: NamedGroup,
): Promise<readonly string[]> => {
  const refs = await people.findEntities(db, kind, id);
  if (refs.some((ref) => own.includes(ref))) return own;
  if (isOfNobody && isAllowedIn(principal, 'retrieve.all', kind)) return refs;
  // Whether there is such a group is not told.
  throw problem('forbidden', `This credential does not read for that ${kind}.`, {
    remedy: `Name a ${kind} of the credential, or use a key with retrieve.all:${kind} that names no person.`,
    errors: [{ pointer: `/${kind}_id`, code: 'forbidden', detail: `/${kind}_id names a ${kind} of others` }],
  });
};

/**
 * One memory by its id: a key of the tenant that names nobody may see all; whoever is named sees what that person sees.
 * Whoever may change what lies in a scope need not be able to read there: the purpose counts as well.
 */
export const resolveViewerOfOne = (
  db: Queryable,
  people: People,
  principal: Principal,
  headers: IncomingHttpHeaders,
  purpose: Permission = 'retrieve',
): Maybe<Viewer> => {
  const named = readUserHeader(headers);
  const own = named === null && purpose === 'retrieve';
  const known = own ? readers.get(principal) : undefined;
  if (known !== undefined) return known;
  const userId = resolveUserId(principal, { explicit: null, header: named });
  const allOf = userId === null ? allowedScopes(principal) : [];
  return after(refOf(db, people, principal, userId), (ref) => {
    const viewer = buildViewer(principal, ref, { from: 'user', purpose, allOf });
    if (own) readers.set(principal, viewer);
    return viewer;
  });
};

/** What a credential sees that names nobody. A principal never changes: another role or person is another principal. */
const readers = new WeakMap<Principal, Viewer>();

/** A person nobody has written for has no reference: whoever asks on their behalf sees what is shared. */
const refOf = (db: Queryable, people: People, principal: Principal, userId: string | null): Maybe<string | null> => {
  if (userId === null) return null;
  if (userId === principal.userId) return principal.userRef;
  return after(people.find(db, userId), (person) => person?.ref ?? null);
};

interface View {
  readonly from: Scope;
  readonly purpose: Permission;
  readonly allOf: readonly number[];
}

const buildViewer = (principal: Principal, userRef: string | null, { from, purpose, allOf }: View): Viewer => ({
  userRef,
  teamRefs: principal.teamRefs,
  organizationRefs: principal.organizationRefs,
  allOf,
  scopes: scopesOf(principal, from, purpose),
});

const scopesOf = (principal: Principal, from: Scope, purpose: Permission): readonly number[] => {
  const narrowest = SCOPES.indexOf(from);
  return SCOPES.flatMap((scope, code) => {
    const granted = isAllowedIn(principal, 'retrieve', scope) || isAllowedIn(principal, purpose, scope);
    return code >= narrowest && granted ? [code] : [];
  });
};

/** `retrieve.all`, or of some scopes only: `retrieve.all:team` is what any team has, and nothing else of others. */
const allowedScopes = (principal: Principal): readonly number[] =>
  SCOPES.flatMap((scope, code) => (isAllowedIn(principal, 'retrieve.all', scope) ? [code] : []));

/** Nothing of the tenant is hidden from them: neither a person's nor a scope's. */
export const seesWholeTenant = ({ allOf, scopes }: Viewer): boolean =>
  allOf.length === SCOPES.length && scopes.length === SCOPES.length;

/** Whether it is nobody in particular who looks, and so at the rows of many. */
export const isOfMany = ({ allOf }: Viewer): boolean => allOf.length > 0;

/** The partitions that hold what this viewer may see. */
export const partitionsOf = (viewer: Viewer): readonly string[] =>
  [
    viewer.scopes.includes(0) && viewer.userRef !== null ? [viewer.userRef] : [],
    viewer.scopes.includes(1) ? viewer.teamRefs : [],
    viewer.scopes.includes(2) ? viewer.organizationRefs : [],
    viewer.scopes.includes(3) ? [TENANT_PARTITION] : [],
  ].flat();

export const resolveRefFilter = async (db: Queryable, people: People, selectors: Selectors): Promise<RefFilter> => {
  const refs = async (kind: keyof RefFilter, id: string | undefined) =>
    id === undefined ? null : people.findEntities(db, kind, id);
  return {
    agent: await refs('agent', selectors.agent_id),
    session: await refs('session', selectors.session_id),
    app: await refs('app', selectors.app_id),
    team: await refs('team', selectors.team_id),
    organization: await refs('organization', selectors.organization_id),
  };
};
