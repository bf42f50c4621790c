import { and, type Condition } from '../db/condition.js';
import { problem } from '../http/errors.js';
import { partitionOf } from '../memories/partition-of.js';
import { STATUS_ACTIVE } from '../memories/rows.js';
import type { Caller, MemoryServiceDeps } from '../memories/service.js';
import type { RefFilter, Viewer } from '../memories/store.js';
import {
  isOfMany,
  partitionsOf,
  resolveRefFilter,
  resolveViewer,
  resolveViewerOfOne,
  type Selectors,
} from '../memories/viewer.js';
import { inStatus, visibleTo } from '../memories/visibility.js';
import { readUserHeader, resolveUserId } from '../tenancy/identity.js';
import { type BoundFilter, bindFilter, type Filter } from './filter/index.js';
import { selectOwners } from './store.js';

/** The rows that a request may be answered from. */
export interface SearchSpace {
  readonly viewer: Viewer;
  readonly partitions: readonly string[];
  /** Whose keys made the tokens of these rows. */
  readonly slots: readonly number[];
  /** Visible to the caller, asked for, in a status that is shown, and let through by what the filter says in SQL. */
  readonly allowed: Condition;
  readonly filter: BoundFilter;
  /** Active rows that the viewer may see, and no other condition. */
  readonly isPlain: boolean;
}

export interface SpaceOptions {
  readonly selectors: Selectors;
  readonly filter: Filter | undefined;
  /** @default active ones */
  readonly statuses?: readonly number[];
  /** Rows as they were at a time: which of them count, and what the filter says of them, is seen when they are there. */
  readonly asOf?: Date | null;
  /** Of everybody whom this key may see rather than of one person, when it is a key of the tenant that names nobody. */
  readonly ofAnybody?: boolean;
}

/** The keys of what belongs to nobody in particular. */
const TENANT_SLOT = 0;

export const resolveSpace = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  { selectors, filter, statuses = [STATUS_ACTIVE], asOf, ofAnybody }: SpaceOptions,
): Promise<SearchSpace> => {
  const { db, people } = deps;
  const { principal, headers } = caller;
  const viewer = ofAnybody
    ? await resolveViewerOfOne(db, people, principal, headers)
    : await resolveViewer(db, people, principal, headers, selectors);
  // Whose rows they are is not known yet: tokens, which differ from person to person, say nothing.
  const slots = isOfMany(viewer) ? null : await slotsOf(deps, caller, selectors);
  const bound = await bindFilter(deps, filter, slots);
  const narrowed = narrowTo(await resolveRefFilter(db, people, selectors));
  const shown = asOf
    ? [((bind) => `created_at <= ${bind(asOf)}`) satisfies Condition]
    : [inStatus(statuses), ...(filter ? [bound.condition] : [])];
  const allowed = and([visibleTo(viewer), ...narrowed, ...shown]);
  return {
    ...{ viewer, allowed },
    ...(slots ? { slots, partitions: partitionsOf(viewer) } : { slots: [], partitions: [] }),
    filter: asOf && filter ? { ...bound, exact: false } : bound,
    isPlain: !filter && !asOf && narrowed.length === 0 && slots !== null && isActiveOnly(statuses),
  };
};

const isActiveOnly = (statuses: readonly number[]): boolean => statuses.length === 1 && statuses[0] === STATUS_ACTIVE;

/** As many people as a search over all of them takes without becoming slow for everybody else. */
const MAX_OWNERS = 1_000;

/** The space of everybody, with those whose rows are in it: what a search by meaning and by words goes by. */
export const findOwners = async ({ db }: MemoryServiceDeps, space: SearchSpace): Promise<SearchSpace> => {
  if (!isOfMany(space.viewer)) return space;
  const owners = await selectOwners(db, space.allowed, MAX_OWNERS + 1);
  if (owners.length > MAX_OWNERS) {
    throw problem('limit_too_large', `The search is about more than ${MAX_OWNERS} people.`, {
      remedy: 'Name one person, or narrow the filter.',
      errors: [{ pointer: '/filters', code: 'limit_too_large', detail: `matches more than ${MAX_OWNERS} people` }],
    });
  }
  const slots = [...new Set([...owners.map(({ slot }) => slot), TENANT_SLOT])];
  return { ...space, slots, partitions: [...new Set(owners.map(partitionOf))] };
};

const slotsOf = async (
  { db, people }: MemoryServiceDeps,
  { principal, headers }: Caller,
  { user_id }: Selectors,
): Promise<readonly number[]> => {
  const userId = resolveUserId(principal, { explicit: user_id ?? null, header: readUserHeader(headers) });
  const person = userId === null ? undefined : await people.find(db, userId);
  return person ? [person.slot, TENANT_SLOT] : [TENANT_SLOT];
};

const narrowTo = (refs: RefFilter): readonly Condition[] =>
  NARROWING.flatMap((kind): readonly Condition[] => {
    const known = refs[kind];
    return known === null ? [] : [(bind) => `${kind}_ref = ANY (${bind(known)}::uuid[])`];
  });

const NARROWING = ['agent', 'session', 'app', 'team', 'organization'] as const satisfies readonly (keyof RefFilter)[];
