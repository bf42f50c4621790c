import { and, type Condition } from '../db/condition.js';
import { STATUS_ACTIVE } from '../memories/rows.js';
import type { Caller, MemoryServiceDeps } from '../memories/service.js';
import type { RefFilter, Viewer } from '../memories/store.js';
import { partitionsOf, resolveRefFilter, resolveViewer, type Selectors } from '../memories/viewer.js';
import { inStatus, visibleTo } from '../memories/visibility.js';
import { readUserHeader, resolveUserId } from '../tenancy/identity.js';
import { type BoundFilter, bindFilter, type Filter } from './filter/index.js';

/** The rows that a request may be answered from. */
export interface SearchSpace {
  readonly viewer: Viewer;
  readonly partitions: readonly string[];
  /** Whose keys made the tokens of these rows. */
  readonly slots: readonly number[];
  /** Visible to the caller, asked for, in a status that is shown, and let through by what the filter says in SQL. */
  readonly allowed: Condition;
  readonly filter: BoundFilter;
}

export interface SpaceOptions {
  readonly selectors: Selectors;
  readonly filter: Filter | undefined;
  /** @default active ones */
  readonly statuses?: readonly number[];
  /** Rows as they were at a time: which of them count, and what the filter says of them, is seen when they are there. */
  readonly asOf?: Date | null;
}

/** The keys of what belongs to nobody in particular. */
const TENANT_SLOT = 0;

export const resolveSpace = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  { selectors, filter, statuses = [STATUS_ACTIVE], asOf }: SpaceOptions,
): Promise<SearchSpace> => {
  const { db, people } = deps;
  const viewer = await resolveViewer(db, people, caller.principal, caller.headers, selectors);
  const slots = await slotsOf(deps, caller, selectors);
  const bound = await bindFilter(deps, filter, slots);
  const narrowed = narrowTo(await resolveRefFilter(db, people, selectors));
  const shown = asOf
    ? [((bind) => `created_at <= ${bind(asOf)}`) satisfies Condition]
    : [inStatus(statuses), ...(filter ? [bound.condition] : [])];
  return {
    ...{ viewer, slots },
    partitions: partitionsOf(viewer),
    allowed: and([visibleTo(viewer), ...narrowed, ...shown]),
    filter: asOf && filter ? { ...bound, exact: false } : bound,
  };
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

const narrowTo = ({ agent, session, app }: RefFilter): readonly Condition[] =>
  Object.entries({ agent_ref: agent, session_ref: session, app_ref: app }).flatMap(([column, refs]) =>
    refs === null ? [] : [(bind) => `${column} = ANY (${bind(refs)}::uuid[])`],
  );
