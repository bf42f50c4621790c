import { problem } from '../http/errors.js';
import { problemAt } from '../memories/plan.js';
import type { ListQuery, Memory } from '../memories/schema.js';
import type { Caller } from '../memories/service.js';
import { missing } from '../memories/version.js';
import { type Filter, matchesFilter, parseFilter, parseFilterText } from '../search/filter/index.js';
import { indexSettings } from '../search/index-mark.js';
import type { Search } from '../search/schema.js';
import { fitTokens } from '../search/token-budget.js';
import type { Person } from '../tenancy/people.js';
import { sameBytes } from '../tenancy/vault.js';
import { findOwner, findRecord, requireOwnScope } from './owner.js';
import { showRecords, tellRead } from './present.js';
import { notSupportedThere } from './refusals.js';
import type { RemoteDeps } from './remote-deps.js';

export const readRemote = async (
  deps: RemoteDeps,
  caller: Caller,
  id: string,
  asked: { readonly include?: string | undefined; readonly as_of?: string | undefined },
): Promise<Memory> => {
  refuse(deps, asked, ['include', 'as_of'], '/query');
  const { person, record } = await findRecord(deps, caller, id, 'retrieve');
  const [shown] = await showRecords(deps, person, [record]);
  if (!shown) throw missing(id);
  await tellRead(deps, 'get', person, [shown.memory]);
  return shown.memory;
};

export interface RemoteList {
  readonly results: readonly Memory[];
  readonly next_cursor: string | null;
  readonly count?: number;
}

/** Pages of the provider that are looked through for one of ours: a filter that nothing matches must not go on for ever. */
const MAX_PAGES = 20;

/** Newest first. A filter is applied here, so a page may be short, or empty, and still not the last. */
export const listRemote = async (deps: RemoteDeps, caller: Caller, query: ListQuery): Promise<RemoteList> => {
  checkList(deps, query);
  const filter = parseFilterText(query.filters, { pointer: '/query/filters', clearMetadata: clearKeys(deps) });
  const person = await findOwner(deps, caller, query.user_id ?? null, 'retrieve');
  const { agent_id, session_id, app_id, filters, limit } = query;
  const list = {
    key: caller.principal.keyId,
    person: person?.ref ?? null,
    agent_id,
    session_id,
    app_id,
    filters,
    limit,
  };
  let after = readCursor(deps, list, query.cursor);
  if (!person) return { results: [], next_cursor: null, ...(query.count ? { count: 0 } : {}) };
  let count: number | null = null;
  let results: readonly Memory[] = [];
  for (let pages = 0; pages < MAX_PAGES && results.length === 0; pages++) {
    const page = await deps.provider.list(person.ref, { after, limit });
    count ??= page.count;
    const shown = await showRecords(deps, person, page.records);
    results = shown.map(({ memory }) => memory).filter((memory) => isMeant(memory, query, filter));
    after = page.next;
    if (after === null) break;
  }
  await tellRead(deps, 'list', person, results);
  return {
    results,
    next_cursor: after === null ? null : writeCursor(deps, list, after),
    ...(query.count && count !== null ? { count } : {}),
  };
};

const checkList = (deps: RemoteDeps, query: ListQuery): void => {
  requireOwnScope(deps, query);
  refuse(deps, query, ['as_of', 'include'], '/query');
  const others: string[] = [];
  if (query.order !== undefined && query.order !== 'created_at:desc') others.push('/query/order');
  if (query.status !== undefined && query.status !== 'active') others.push('/query/status');
  const narrowed = query.filters ?? query.agent_id ?? query.session_id ?? query.app_id;
  // What is filtered here is counted nowhere.
  if (query.count && (narrowed !== undefined || !deps.provider.capabilities.count)) others.push('/query/count');
  if (others.length > 0) throw notSupportedThere(deps.provider.name, others);
};

type Narrowed = { readonly agent_id?: string; readonly session_id?: string; readonly app_id?: string };

const isMeant = (memory: Memory, asked: Narrowed, filter: Filter | undefined): boolean =>
  (['agent_id', 'session_id', 'app_id'] as const).every(
    (name) => asked[name] === undefined || memory[name] === asked[name],
  ) &&
  (filter === undefined || matchesFilter(filter, memory));

/** As for memories that are kept here, so that a filter means the same wherever they are. */
const clearKeys = ({ policies }: RemoteDeps): readonly string[] => indexSettings(policies()).clearMetadata;

export interface RemoteResults {
  readonly results: readonly (Memory & { readonly score: number; readonly rank: number })[];
  readonly truncated: boolean;
  readonly tokens?: number;
  readonly took_ms: number;
  readonly degraded: readonly [];
}

/** Of one that filters, so many times what was asked for is looked through. */
const OVERSCAN = 5;
const MAX_FOUND = 1_000;
const DEFAULT_LIMIT = 10;

export const searchRemote = async (deps: RemoteDeps, caller: Caller, body: Search): Promise<RemoteResults> => {
  const startedAt = performance.now();
  const query = checkSearch(deps, body);
  const filter =
    body.filters === undefined
      ? undefined
      : parseFilter(body.filters, { pointer: '/filters', clearMetadata: clearKeys(deps) });
  const person = await findOwner(deps, caller, body.user_id ?? null, 'retrieve');
  deps.metrics.searched();
  const found = person ? await findNear(deps, person, body, query, filter) : [];
  const { items, tokens, truncated } = fitTokens(found, ({ content }) => content, body.max_tokens);
  if (person) await tellRead(deps, 'search', person, items);
  return {
    results: items.map((memory, index) => ({ ...memory, rank: index + 1 })),
    truncated,
    ...(body.max_tokens === undefined ? {} : { tokens }),
    took_ms: Math.round((performance.now() - startedAt) * 10) / 10,
    degraded: [],
  };
};

const findNear = async (
  deps: RemoteDeps,
  person: Person,
  body: Search,
  query: string,
  filter: Filter | undefined,
): Promise<readonly (Memory & { readonly score: number })[]> => {
  const { limit = DEFAULT_LIMIT, threshold = 0, rerank = false } = body;
  const narrowed = filter ?? body.agent_id ?? body.session_id ?? body.app_id;
  const wanted = {
    query,
    threshold,
    rerank,
    limit: narrowed === undefined ? limit : Math.min(MAX_FOUND, limit * OVERSCAN),
  };
  const records = await deps.provider.search(person.ref, wanted);
  const shown = await showRecords(deps, person, records);
  return shown
    .filter(({ memory }) => isMeant(memory, body, filter))
    .slice(0, limit)
    .map(({ record, memory }, index) => ({ ...memory, score: record.score ?? byOrder(index) }));
};

/** Of a provider that says only which is nearer: falls with the place, and says no more than that. */
const byOrder = (index: number): number => Math.round(1e4 / (index + 1)) / 1e4;

const checkSearch = (deps: RemoteDeps, body: Search): string => {
  const { provider } = deps;
  requireOwnScope(deps, body);
  refuse(deps, body, ['vector', 'as_of', 'include', 'include_expired', 'include_quarantined', 'explain'], '');
  const others: string[] = [];
  const { search_modes, scores, rerank } = provider.capabilities;
  if (body.mode !== undefined && !search_modes.some((mode) => mode === body.mode)) others.push('/mode');
  if (body.threshold && !scores) others.push('/threshold');
  if (body.rerank && !rerank) others.push('/rerank');
  if (others.length > 0) throw notSupportedThere(provider.name, others);
  if (body.query !== undefined) return body.query;
  throw problemAt('invalid_request', '/query', 'A search needs a query.');
};

const refuse = <T extends object>(
  deps: RemoteDeps,
  asked: T,
  names: readonly (keyof T & string)[],
  at: string,
): void => {
  const named = names.filter((name) => asked[name] !== undefined && asked[name] !== false);
  if (named.length > 0)
    throw notSupportedThere(
      deps.provider.name,
      named.map((name) => `${at}/${name}`),
    );
};

const MAC_BYTES = 16;

/** The provider's own place, with a MAC over it and the list: nobody moves in a list by editing a cursor. */
const writeCursor = ({ vault }: RemoteDeps, list: object, place: string): string =>
  Buffer.concat([macOf(vault, list, place), Buffer.from(place)]).toString('base64url');

const readCursor = ({ vault }: RemoteDeps, list: object, cursor: string | undefined): string | null => {
  if (cursor === undefined) return null;
  const bytes = Buffer.from(cursor, 'base64url');
  const place = bytes.subarray(MAC_BYTES).toString('utf8');
  if (bytes.length > MAC_BYTES && sameBytes(bytes.subarray(0, MAC_BYTES), macOf(vault, list, place))) return place;
  throw problem('invalid_request', 'The cursor is not one that this list gave out.', {
    errors: [
      {
        pointer: '/query/cursor',
        code: 'cursor',
        detail: 'use next_cursor of the page before, with the same filters, limit and key',
      },
    ],
  });
};

const macOf = (vault: RemoteDeps['vault'], list: object, place: string): Buffer =>
  vault.cursorMac(`remote ${JSON.stringify(list)} ${place}`).subarray(0, MAC_BYTES);
