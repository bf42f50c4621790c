import type { Permission } from '../access/permissions.js';
import { isAllowedIn, type Principal } from '../access/principal.js';
import { requireIn } from '../access/scoped.js';
import { problem } from '../http/errors.js';
import type { Caller } from '../memories/service.js';
import { missing } from '../memories/version.js';
import type { Selectors } from '../memories/viewer.js';
import { readUserHeader, requireUserId, resolveUserId } from '../tenancy/identity.js';
import type { Person } from '../tenancy/people.js';
import type { RemoteRecord } from './provider.js';
import { notSupportedThere } from './refusals.js';
import type { RemoteDeps } from './remote-deps.js';

/** Only people have memories there: a provider knows no teams, and what it does not know it cannot keep apart. */
export const requireOwnScope = ({ provider }: RemoteDeps, { scope, team_id, organization_id }: Selectors): void => {
  const named = Object.entries({ team_id, organization_id }).flatMap(([name, id]) => (id == null ? [] : [`/${name}`]));
  if (scope !== undefined && scope !== 'user') named.push('/scope');
  if (named.length > 0) throw notSupportedThere(provider.name, named);
};

/** Whose memories are read: the credential's own person, or the one that is named. `undefined`: nobody has written for them. */
export const findOwner = async (
  deps: RemoteDeps,
  { principal, headers }: Caller,
  userId: string | null,
  permission: Permission,
): Promise<Person | undefined> => {
  const named = requireUserId(principal, { explicit: userId, header: readUserHeader(headers) });
  requireIn(principal, permission, 'user');
  return deps.people.find(deps.db, named);
};

export interface Found {
  readonly person: Person;
  readonly record: RemoteRecord;
}

/**
 * One memory by its id, if the caller may see it. What belongs to somebody else, of this tenant or of another one that shares
 * the provider's account, is not there. Whoever names nobody sees those of every person of this tenant, and of nobody else.
 */
export const findRecord = async (
  deps: RemoteDeps,
  { principal, headers }: Caller,
  id: string,
  permission: Permission,
): Promise<Found> => {
  const userId = resolveUserId(principal, { explicit: null, header: readUserHeader(headers) });
  if (userId === null) return findOfAnybody(deps, principal, id, permission);
  requireIn(principal, permission, 'user');
  const person = await deps.people.find(deps.db, userId);
  const record = person && (await deps.provider.get(person.ref, id));
  if (!person || !record) throw missing(id);
  return { person, record };
};

const findOfAnybody = async (
  { provider, people, db }: RemoteDeps,
  principal: Principal,
  id: string,
  permission: Permission,
): Promise<Found> => {
  if (!provider.capabilities.get_of_anybody) {
    throw problem('user_required', `${provider.name} finds a memory only by whose it is.`, {
      errors: [{ pointer: '/header/x-user-id', code: 'user_required', detail: 'is required with this provider' }],
      remedy: 'Name the person by the header X-User-ID, or use a key that belongs to them.',
    });
  }
  if (!isAllowedIn(principal, 'retrieve.all', 'user')) throw missing(id);
  requireIn(principal, permission, 'user');
  const record = await provider.get(null, id);
  const name = record && (await people.names(db, [record.owner])).get(record.owner);
  const person = name === undefined ? undefined : await people.find(db, name);
  if (!record || person?.ref !== record.owner) throw missing(id);
  return { person, record };
};
