import type { Permission } from '../access/permissions.js';
import { isAllowedIn } from '../access/principal.js';
import { requireIn } from '../access/scoped.js';
import { and, type Condition } from '../db/condition.js';
import { BEFORE_ALL } from '../db/first-id.js';
import type { Queryable } from '../db/pool.js';
import { problem } from '../http/errors.js';
import { isRecord } from '../http/json.js';
import { bindFilter, parseFilter } from '../search/filter/index.js';
import { indexSettings } from '../search/index-mark.js';
import type { MemoryRow } from './rows.js';
import { type Memory, SCOPES, scopeOf } from './schema.js';
import type { Caller, MemoryServiceDeps } from './service.js';
import type { Viewer } from './store.js';
import { resolveRefFilter, resolveViewer, resolveViewerOfOne, type Selectors } from './viewer.js';
import { visibleTo } from './visibility.js';

export interface Selection extends Selectors {
  readonly ids?: readonly string[] | undefined;
  readonly filters?: unknown;
  /** Of everybody whom this key may see rather than of one person, when it is a key of the tenant that names nobody. */
  readonly ofAnybody?: boolean | undefined;
}

export interface Selected {
  readonly viewer: Viewer;
  readonly condition: Condition;
  /** Decides on the opened memory where the condition lets through more; absent when the condition says it all. */
  readonly matches: ((memory: Memory) => boolean) | undefined;
}

/** Whoever names nothing means nothing: an empty filter, or the header alone, is no selector. */
export const demandSelector = ({ ids, filters, ...names }: Selection): void => {
  const isFilter = typeof filters === 'object' && filters !== null && Object.keys(filters).length > 0;
  const named = [names.user_id, names.agent_id, names.session_id, names.app_id].some((name) => name !== undefined);
  if (ids !== undefined && (filters !== undefined || named || names.scope !== undefined)) {
    throw problem('invalid_request', 'Name memories by ids or by filters, not by both.', {
      errors: [{ pointer: '/ids', code: 'exclusive', detail: '/ids goes with no other selector' }],
    });
  }
  if ((ids?.length ?? 0) > 0 || isFilter || named || (filters !== undefined && !isRecord(filters))) return;
  throw problem('selector_required', 'The request does not say which memories.', {
    errors: [{ pointer: '', code: 'selector_required', detail: 'ids, filters or a name of an owner is required' }],
  });
};

/**
 * By ids: of those that may be seen, and that the purpose is granted for. By filters: of the one scope that is named,
 * `user` unless another is: what others read too is never swept away with what is one's own.
 */
export const resolveSelection = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  { ids, filters, ofAnybody, ...names }: Selection,
  purpose: Permission = 'retrieve',
): Promise<Selected> => {
  const { db, people } = deps;
  const { principal, headers } = caller;
  if (ids) {
    const seen = await resolveViewerOfOne(db, people, principal, headers, purpose);
    const viewer = {
      ...seen,
      scopes: seen.scopes.filter((scope) => isAllowedIn(principal, purpose, scopeOf({ scope }))),
    };
    const listed = [...new Set(ids.map((id) => id.toLowerCase()))];
    const condition: Condition = and([visibleTo(viewer), (bind) => `id = ANY (${bind(listed)}::uuid[])`]);
    return { viewer, condition, matches: undefined };
  }
  const scope = names.scope ?? 'user';
  requireIn(principal, purpose, scope);
  const viewer = ofAnybody
    ? await resolveViewerOfOne(db, people, principal, headers, purpose)
    : await resolveViewer(db, people, principal, headers, { ...names, scope }, purpose);
  const refs = await resolveRefFilter(db, people, names);
  const clearMetadata = indexSettings(deps.policies()).clearMetadata;
  const parsed = filters === undefined ? undefined : parseFilter(filters, { pointer: '/filters', clearMetadata });
  const bound = await bindFilter(deps, parsed, null);
  const narrowed = (['agent', 'session', 'app', 'team', 'organization'] as const).flatMap(
    (name): readonly Condition[] => {
      const found = refs[name];
      return found === null ? [] : [(bind) => `${name}_ref = ANY (${bind(found)}::uuid[])`];
    },
  );
  const inScope: Condition = (bind) => `scope = ${bind(SCOPES.indexOf(scope))}`;
  const condition = and([visibleTo(viewer), inScope, ...narrowed, bound.condition]);
  return { viewer, condition, matches: bound.exact ? undefined : bound.matches };
};

const CHUNK = 500;

/** All rows of the selection, oldest first, at most `limit`. What the database cannot decide is decided on the opened row. */
export const selectMatching = async (
  deps: MemoryServiceDeps,
  db: Queryable,
  { condition, matches }: Selected,
  limit: number,
): Promise<{ readonly rows: readonly MemoryRow[]; readonly matched: number }> => {
  const rows: MemoryRow[] = [];
  let matched = 0;
  let after = BEFORE_ALL;
  for (;;) {
    const page = await selectChunk(db, condition, after);
    const chosen = matches ? await decide(deps, db, page, matches) : page;
    matched += chosen.length;
    rows.push(...chosen.slice(0, limit - rows.length));
    const last = page.at(-1);
    if (!last || page.length < CHUNK) return { rows, matched };
    after = last.id;
  }
};

const selectChunk = async (db: Queryable, condition: Condition, after: string): Promise<readonly MemoryRow[]> => {
  const values: unknown[] = [];
  const bind = (value: unknown): string => `$${values.push(value)}`;
  const text = `SELECT * FROM memories WHERE ${condition(bind)} AND id > ${bind(after)}::uuid ORDER BY id LIMIT ${CHUNK}`;
  return (await db.query<MemoryRow>(text, values)).rows;
};

const decide = async (
  { presenter }: MemoryServiceDeps,
  db: Queryable,
  page: readonly MemoryRow[],
  matches: (memory: Memory) => boolean,
): Promise<readonly MemoryRow[]> => {
  const memories = new Map((await presenter.present(db, page, { vector: false })).map((memory) => [memory.id, memory]));
  return page.filter(({ id }) => {
    const memory = memories.get(id);
    return memory !== undefined && matches(memory);
  });
};
