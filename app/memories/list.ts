import { type Filter, parseFilterText, testsOf } from '../search/filter/index.js';
import { indexSettings } from '../search/index-mark.js';
import { type Matching, type MatchingOptions, presentMatching } from '../search/matching.js';
import { resolveSpace, type SearchSpace } from '../search/space.js';
import { countRows, type Page, type Place, selectPage } from '../search/store.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { observeRead } from './observe-read.js';
import { STATUS_ACTIVE, STATUS_SUPERSEDED } from './rows.js';
import { type ListQuery, type Memory, STATUSES } from './schema.js';
import type { Caller, MemoryServiceDeps } from './service.js';
import { readTime } from './time.js';

export interface MemoryPage {
  readonly results: readonly Memory[];
  readonly next_cursor: string | null;
  readonly count?: number;
}

export interface ListOptions {
  /** See `SpaceOptions`. */
  readonly ofAnybody?: boolean;
  /** Matching memories to pass over, for clients that count pages. @default 0 */
  readonly skip?: number;
}

export const listMemories = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  query: ListQuery,
  { ofAnybody = false, skip = 0 }: ListOptions = {},
): Promise<MemoryPage> => {
  const { clearMetadata } = indexSettings(deps.policies());
  const filter = parseFilterText(query.filters, { pointer: '/query/filters', clearMetadata });
  const asOf = readTime('/query/as_of', query.as_of);
  const statuses = statusesOf(query, filter);
  const space = await resolveSpace(deps, caller, { selectors: query, filter, statuses, asOf, ofAnybody });
  const order = query.order ?? 'created_at:desc';
  const { agent_id, session_id, app_id, team_id, organization_id, filters } = query;
  const asked = { agent_id, session_id, app_id, team_id, organization_id, filters, as_of: query.as_of };
  const list = { key: caller.principal.keyId, viewer: space.viewer, ...asked, order, statuses };
  const place = decodeCursor(deps.vault, list, query.cursor);
  const [column, direction] = order.split(':');
  const page: Page = {
    column: column === 'updated_at' ? 'updated_at' : 'created_at',
    descending: direction === 'desc',
    after: place && { time: place.createdAt, id: place.id },
    limit: query.limit,
    skip,
  };
  const options = { filter: space.filter, asOf, statuses, vector: query.include === 'vector' };
  const { found, next } = await readPage(deps, space, page, options);
  await observeRead(
    deps.audit,
    'list',
    found.map(({ row }) => row),
  );
  return {
    results: found.map(({ memory }) => memory),
    next_cursor: next ? encodeCursor(deps.vault, list, { createdAt: next.time, id: next.id }) : null,
    ...(query.count ? { count: await countMatching(deps, space, options) } : {}),
  };
};

/** A filter that names the status decides by itself; otherwise only what is active is shown, or was at that time. */
const statusesOf = ({ status, latest_only }: ListQuery, filter: Filter | undefined): readonly number[] => {
  if (status !== undefined) return [STATUSES.indexOf(status)];
  const named = filter && testsOf(filter).some(({ field }) => field.name === 'status');
  if (named) return STATUSES.map((_, index) => index);
  return latest_only === false ? [STATUS_ACTIVE, STATUS_SUPERSEDED] : [STATUS_ACTIVE];
};

interface FoundPage {
  readonly found: readonly Matching[];
  /** Where the page ended, when there may be more. */
  readonly next: Place | undefined;
}

/** Rows opened for one page at most: a filter on sealed fields that nothing matches must not keep a request for ever. */
const MAX_OPENED = 20_000;
const OPENED_AT_ONCE = 500;

/** When only the opened row can decide, rows are read until the page is full, so a page may be short and still not the last. */
const readPage = async (
  deps: MemoryServiceDeps,
  { allowed, filter }: SearchSpace,
  page: Page,
  options: MatchingOptions,
): Promise<FoundPage> => {
  const decided = filter.exact && !options.asOf;
  const chunk = decided ? page.limit : Math.max(OPENED_AT_ONCE, page.limit);
  const found: Matching[] = [];
  let after = page.after;
  let skip = page.skip ?? 0;
  for (let opened = 0; opened < MAX_OPENED; opened += chunk) {
    // One more than asked for tells whether there is a next page.
    const rows = await selectPage(deps.db, allowed, { ...page, after, limit: chunk + 1, skip: decided ? skip : 0 });
    const shown = await presentMatching(deps, rows.slice(0, chunk), options);
    const matching = decided ? shown : shown.slice(skip);
    skip = decided ? 0 : skip - (shown.length - matching.length);
    const room = page.limit - found.length;
    found.push(...matching.slice(0, room));
    const more = rows.length > chunk || matching.length > room;
    const last = decided || matching.length <= room ? rows[Math.min(chunk, rows.length) - 1] : found.at(-1)?.row;
    if (!more || !last) return { found, next: undefined };
    after = { time: last[page.column].toISOString(), id: last.id };
    if (found.length >= page.limit) break;
  }
  return { found, next: after ?? undefined };
};

const countMatching = async (
  deps: MemoryServiceDeps,
  { allowed, filter }: SearchSpace,
  options: MatchingOptions,
): Promise<number> => {
  if (filter.exact && !options.asOf) return countRows(deps.db, allowed);
  let count = 0;
  let after: Place | null = null;
  for (;;) {
    const page: Page = { column: 'created_at', descending: true, after, limit: OPENED_AT_ONCE };
    const rows = await selectPage(deps.db, allowed, page);
    count += (await presentMatching(deps, rows, { ...options, vector: false })).length;
    const last = rows.at(-1);
    if (!last || rows.length < OPENED_AT_ONCE) return count;
    after = { time: last.created_at.toISOString(), id: last.id };
  }
};
