import type { Principal } from '../access/principal.js';
import { type Problem, problem } from '../http/errors.js';
import { partitionOf } from './partition-of.js';
import type { Quotas, Room } from './quota.js';
import type { NewMemoryRow } from './rows.js';
import { SCOPES } from './schema.js';
import type { PreparedRow } from './write-context.js';

/** The memory that a draft is about: the same words, nearly the same, or the same key. */
export interface Matched {
  readonly as: 'duplicate' | 'merged' | 'updated';
  readonly id: string;
}

/** One answer for each prepared row: written, there already, or why not. */
export type WriteOutcome =
  | { readonly kind: 'created' }
  | { readonly kind: 'matched'; readonly matched: Matched }
  | { readonly kind: 'refused'; readonly problem: Problem };

interface Known {
  readonly strangers: ReadonlySet<PreparedRow>;
  readonly ids: ReadonlySet<string>;
  readonly keys: ReadonlySet<string>;
  readonly matched: ReadonlyMap<PreparedRow, Matched>;
}

/** Pure: in the order of the request, each row takes its room until there is none. */
export const admitRows = (
  rows: readonly PreparedRow[],
  { strangers, ids, keys: existingKeys, matched }: Known,
  room: Room,
  quotas: Quotas,
): readonly WriteOutcome[] => {
  let tenantRoom = room.tenant ?? Number.POSITIVE_INFINITY;
  const userRoom = new Map(room.users);
  const keys = new Set(existingKeys);
  return rows.map((prepared) => {
    const { row } = prepared;
    if (strangers.has(prepared)) return refuse(notMember());
    const found = matched.get(prepared);
    if (found) return { kind: 'matched', matched: found };
    if (ids.has(row.id)) return refuse(problem('key_exists', `There is a memory ${row.id} already.`));
    const token = row.key_token?.toString('hex');
    if (token !== undefined && keys.has(token)) return refuse(keyTaken());
    if (tenantRoom < 1) return refuse(quotaExceeded('memories', quotas.memories));
    const ofUser = row.user_ref === null ? undefined : userRoom.get(row.user_ref);
    if (ofUser !== undefined && ofUser < 1) return refuse(quotaExceeded('memoriesPerUser', quotas.memoriesPerUser));
    tenantRoom--;
    if (token !== undefined) keys.add(token);
    if (row.user_ref !== null && ofUser !== undefined) userRoom.set(row.user_ref, ofUser - 1);
    return { kind: 'created' };
  });
};

const refuse = (reason: Problem): WriteOutcome => ({ kind: 'refused', problem: reason });

/** A key of a person writes for that person's teams and organizations; a key of the tenant for any. */
export const isMember = ({ userId, teamRefs, organizationRefs }: Principal, row: NewMemoryRow): boolean => {
  if (userId === null) return true;
  const owner = partitionOf(row);
  const scope = SCOPES[row.scope];
  return scope === 'team' ? teamRefs.includes(owner) : scope !== 'organization' || organizationRefs.includes(owner);
};

export const checkMembership = (principal: Principal, row: NewMemoryRow): void => {
  if (!isMember(principal, row)) throw notMember();
};

const notMember = (): Problem =>
  problem('forbidden', 'The person of this key does not belong to that team or organization.', {
    remedy: 'Use a narrower scope, or a key of a member.',
  });

const keyTaken = (): Problem =>
  problem('key_exists', 'There is a memory of this key already.', {
    remedy: 'Use PUT /api/v1/memories/by-key/{key} to replace it.',
    errors: [{ pointer: '/key', code: 'key_exists', detail: '/key is in use in this namespace' }],
  });

const quotaExceeded = (name: 'memories' | 'memoriesPerUser', limit: number | null): Problem =>
  problem('quota_exceeded', `The quota ${name} of ${limit} is used up.`, {
    errors: [{ pointer: '', code: name, detail: `spec.quotas.${name} of the MemoryTenant is ${limit}` }],
  });
