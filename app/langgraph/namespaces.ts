import { problem } from '../http/errors.js';
import { listMemories } from '../memories/list.js';
import type { Caller } from '../memories/service.js';
import type { SearchDeps } from '../search/search-deps.js';
import { readUserHeader, resolveUserId } from '../tenancy/identity.js';
import { buildFilter } from './filter.js';
import type { Namespaces } from './schema.js';

const PAGE = 1000;
/** Namespaces are sealed with their rows, so each row is opened: beyond it, that takes seconds. */
const MAX_PAGES = 100;

/** The namespaces that hold items, in the order of their labels. */
export const listNamespaces = async (
  deps: SearchDeps,
  caller: Caller,
  { prefix, suffix, max_depth: depth, ...page }: Namespaces,
): Promise<readonly (readonly string[])[]> => {
  const found = new Map<string, readonly string[]>();
  for await (const namespace of namespacesBelow(deps, caller, clearStart(prefix ?? []))) {
    if (!startsLike(namespace, prefix ?? []) || !startsLike(namespace.toReversed(), (suffix ?? []).toReversed()))
      continue;
    const cut = namespace.slice(0, depth ?? namespace.length);
    found.set(JSON.stringify(cut), cut);
  }
  const { limit, offset } = { limit: page.limit ?? 100, offset: page.offset ?? 0 };
  return [...found.values()].sort(byLabels).slice(offset, offset + limit);
};

async function* namespacesBelow(
  deps: SearchDeps,
  caller: Caller,
  prefix: readonly string[],
): AsyncGenerator<readonly string[]> {
  const { principal, headers } = caller;
  const userId = resolveUserId(principal, { explicit: null, header: readUserHeader(headers) });
  const scope = userId === null ? 'global' : 'user';
  const filters = JSON.stringify(buildFilter({ scope, prefix }));
  let cursor: string | null | undefined;
  for (let pages = 0; cursor !== null; pages++) {
    if (pages === MAX_PAGES)
      throw problem('limit_too_large', `There are more than ${PAGE * MAX_PAGES} items.`, {
        remedy: 'Name a longer prefix.',
      });
    const query = { scope, filters, limit: PAGE, ...(cursor === undefined ? {} : { cursor }) } as const;
    const { results, next_cursor } = await listMemories(deps, caller, query);
    for (const { namespace } of results) yield namespace;
    cursor = next_cursor;
  }
}

/** The labels before the first wildcard: what the database can look for. */
const clearStart = (pattern: readonly string[]): readonly string[] => {
  const wildcard = pattern.indexOf('*');
  return wildcard < 0 ? pattern : pattern.slice(0, wildcard);
};

const startsLike = (namespace: readonly string[], pattern: readonly string[]): boolean =>
  pattern.length <= namespace.length && pattern.every((label, index) => label === '*' || label === namespace[index]);

const byLabels = (a: readonly string[], b: readonly string[]): number => {
  const [left, right] = [a.join('\0'), b.join('\0')];
  return left < right ? -1 : Number(left > right);
};
