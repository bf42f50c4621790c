import { problem } from '../http/errors.js';
import { deleteMemory } from '../memories/delete.js';
import { keyToken } from '../memories/key.js';
import { listMemories } from '../memories/list.js';
import { problemAt } from '../memories/plan.js';
import { putMemory } from '../memories/put.js';
import { type Memory, SCOPES, type Scope } from '../memories/schema.js';
import { type Caller, getMemory } from '../memories/service.js';
import { selectIdByKey } from '../memories/store.js';
import { searchMemories } from '../search/search.js';
import type { SearchDeps } from '../search/search-deps.js';
import { readUserHeader, resolveUserId } from '../tenancy/identity.js';
import { buildFilter } from './filter.js';
import { textOf, toItem } from './item.js';
import { expiryOf, refreshItems, requireRefresh, sourceOf } from './refresh.js';
import type { Item, Name, Put, Search } from './schema.js';

/** Whose items: the person that the credential or the header names, else what the whole tenant shares. */
const scopeOf = ({ principal, headers }: Caller): { readonly scope: Scope; readonly userId: string | null } => {
  const userId = resolveUserId(principal, { explicit: null, header: readUserHeader(headers) });
  return { scope: userId === null ? 'global' : 'user', userId };
};

const MAX_VALUE = 65_536;

export const putItem = async (deps: SearchDeps, caller: Caller, { key, value, index, ttl, ...name }: Put) => {
  if (JSON.stringify(value).length > MAX_VALUE)
    throw problemAt('invalid_request', '/value', `The value is longer than ${MAX_VALUE} characters of JSON.`);
  const expires = ttl ? { expires_at: expiryOf(ttl, Date.now()) } : {};
  const draft = { content: textOf(key, value, index), metadata: value, source: sourceOf(ttl), ...expires };
  const options = { createOnly: false, ifMatch: undefined, reason: null };
  const { scope } = scopeOf(caller);
  const done = await putMemory(deps, caller, { key, namespace: name.namespace }, { ...draft, scope }, options);
  if (done.kind === 'dropped') throw problemAt('invalid_request', '/value', done.reason);
};

export const getItem = async (
  deps: SearchDeps,
  caller: Caller,
  name: Name,
  refreshTtl: boolean | undefined,
): Promise<Item | null> => {
  if (refreshTtl) requireRefresh(deps, caller);
  const id = await findId(deps, caller, name);
  const memory = id === undefined ? undefined : await readIfThere(deps, caller, id);
  if (!memory || !isShown(memory)) return null;
  if (refreshTtl) await refreshItems(deps, caller, [memory]);
  return toItem(memory);
};

/** Deleting what is not there is done already. */
export const deleteItem = async (deps: SearchDeps, caller: Caller, name: Name): Promise<void> => {
  const id = await findId(deps, caller, name);
  if (id === undefined) return;
  await unlessMissing(() => deleteMemory(deps, caller, id, { ifMatch: undefined, reason: null, linked: false }));
};

const findId = async (deps: SearchDeps, caller: Caller, { namespace, key }: Name): Promise<string | undefined> => {
  const { scope, userId } = scopeOf(caller);
  const person = userId === null ? undefined : await deps.people.find(deps.db, userId);
  // Nobody has written anything for them yet.
  if (userId !== null && !person) return undefined;
  const shared = { team_ref: null, organization_ref: null };
  const owner = { scope: SCOPES.indexOf(scope), user_ref: person?.ref ?? null, ...shared };
  return selectIdByKey(deps.db, keyToken(deps.vault, owner, { key, namespace }));
};

const readIfThere = (deps: SearchDeps, caller: Caller, id: string): Promise<Memory | undefined> =>
  unlessMissing(() => getMemory(deps, caller, id, { vector: false }));

const unlessMissing = async <T>(act: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await act();
  } catch (cause) {
    if ((cause as { readonly code?: unknown }).code === 'not_found') return undefined;
    throw cause;
  }
};

const isShown = ({ status, expires_at }: Memory): boolean =>
  status === 'active' && (expires_at === null || new Date(expires_at).getTime() > Date.now());

/** What a page and all before it may come to: further on, a narrower namespace or filter is the way. */
const MAX_REACH = 1000;

export const searchItems = async (
  deps: SearchDeps,
  caller: Caller,
  { namespace_prefix: prefix = [], filter, query, refresh_ttl: refreshTtl, ...page }: Search,
): Promise<readonly (Item & { readonly score?: number })[]> => {
  const { limit, offset } = { limit: page.limit ?? 10, offset: page.offset ?? 0 };
  if (limit + offset > MAX_REACH)
    throw problem('limit_too_large', `limit and offset together are more than ${MAX_REACH}.`, {
      remedy: 'Search below a longer namespace or with a narrower filter.',
      errors: [{ pointer: '/offset', code: 'maximum', detail: `with /limit at most ${MAX_REACH}` }],
    });
  if (refreshTtl) requireRefresh(deps, caller);
  const { scope } = scopeOf(caller);
  const filters = buildFilter({ scope, prefix, filter });
  const reach = { limit: limit + offset, scope };
  const found: readonly (Memory & { readonly score?: number })[] = query
    ? (await searchMemories(deps, caller, { ...reach, query, filters })).results
    : (await listMemories(deps, caller, { ...reach, filters: JSON.stringify(filters) })).results;
  const shown = found.slice(offset);
  if (refreshTtl) await refreshItems(deps, caller, shown);
  return shown.map((one) => ({ ...toItem(one), ...(one.score === undefined ? {} : { score: one.score }) }));
};
