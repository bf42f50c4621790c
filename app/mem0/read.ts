import { problem } from '../http/errors.js';
import { isUuid } from '../http/validate.js';
import { type ListOptions, listMemories } from '../memories/list.js';
import type { Memory } from '../memories/schema.js';
import { type Caller, getMemory } from '../memories/service.js';
import { searchMemories } from '../search/search.js';
import type { Mem0Deps } from './add.js';
import { type Asked, type Asking, merge, resolveAsked } from './filters.js';
import { type M0, type PageAsked, toM0 } from './shape.js';

export interface Searching extends Asking {
  readonly query: string;
  readonly top_k?: number | undefined;
  readonly threshold?: number | undefined;
  readonly rerank?: boolean | undefined;
  readonly explain?: boolean | undefined;
  readonly latest_only?: boolean | undefined;
  readonly show_expired?: boolean | undefined;
  readonly fields?: readonly string[] | undefined;
}

/** mem0's own: what is less alike is not worth a prompt's room. */
const THRESHOLD = 0.1;
const TOP_K = 10;

export const search = async (
  { core }: Mem0Deps,
  caller: Caller,
  asking: Searching,
): Promise<readonly Partial<M0>[]> => {
  const { filters, user_id } = resolveAsked(caller, asking);
  const { query, top_k = TOP_K, threshold = THRESHOLD, rerank, explain, latest_only, show_expired, fields } = asking;
  const body = {
    ...{ query, filters, threshold, limit: top_k },
    ...(user_id === undefined ? {} : { user_id }),
    ...(rerank ? { rerank } : {}),
    ...(explain ? { explain } : {}),
    ...(latest_only === false ? { latest_only } : {}),
    ...(show_expired ? { include_expired: true } : {}),
  };
  const { results } = await searchMemories(core.memories, caller, body, { ofAnybody: user_id === undefined });
  return results.map(toM0).map((memory) => pick(memory, fields));
};

/** Those of the fields that are asked for; which memory it is stays. */
const pick = (memory: M0, fields: readonly string[] | undefined): Partial<M0> =>
  fields === undefined || fields.length === 0
    ? memory
    : Object.fromEntries(Object.entries(memory).filter(([name]) => name === 'id' || fields.includes(name)));

export interface Listing extends Asking {
  readonly latest_only?: boolean | undefined;
  readonly show_expired?: boolean | undefined;
}

const resolveListing = (caller: Caller, listing: Listing): Asked => {
  const asked = resolveAsked(caller, listing);
  if (!listing.show_expired) return asked;
  return { ...asked, filters: merge([asked.filters, { status: { in: ['active', 'expired'] } }]) };
};

export const listPage = async (
  deps: Mem0Deps,
  caller: Caller,
  listing: Listing,
  { page, size }: PageAsked,
): Promise<{ readonly count: number; readonly results: readonly M0[] }> => {
  const asked = resolveListing(caller, listing);
  const options = { limit: size, count: true, skip: (page - 1) * size, latest_only: listing.latest_only };
  const { results, count = 0 } = await list(deps, caller, asked, options);
  return { count, results: results.map(toM0) };
};

/** Of an answer that has no pages; more would be cut off without a word. */
const MAX_LISTED = 10_000;
const CHUNK = 1_000;

export const listAll = async (
  deps: Mem0Deps,
  caller: Caller,
  listing: Listing,
  most?: number,
): Promise<readonly M0[]> => {
  const found: M0[] = [];
  for await (const memory of walkMemories(deps, caller, resolveListing(caller, listing), listing)) {
    if (found.length === most) return found;
    if (found.length === MAX_LISTED) {
      throw problem('limit_too_large', `There are more than ${MAX_LISTED} memories.`, {
        remedy: 'Ask for pages, by page and page_size.',
        errors: [{ pointer: '/query/page', code: 'required', detail: 'page and page_size are required for so many' }],
      });
    }
    found.push(toM0(memory));
  }
  return found;
};

/** Every memory that is asked for, newest first. */
export async function* walkMemories(
  deps: Mem0Deps,
  caller: Caller,
  asked: Asked,
  { latest_only }: Pick<Listing, 'latest_only'> = {},
): AsyncGenerator<Memory> {
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await list(deps, caller, asked, { limit: CHUNK, cursor, latest_only });
    yield* page.results;
    cursor = page.next_cursor;
  }
}

interface ListRequest extends Pick<ListOptions, 'skip'> {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly count?: boolean;
  readonly latest_only: boolean | undefined;
}

const list = ({ core }: Mem0Deps, caller: Caller, { filters, user_id }: Asked, request: ListRequest) => {
  const { limit, cursor, count = false, latest_only, skip = 0 } = request;
  const query = {
    ...{ limit, count, filters: JSON.stringify(filters) },
    ...(user_id === undefined ? {} : { user_id }),
    ...(cursor === undefined ? {} : { cursor }),
    ...(latest_only === undefined ? {} : { latest_only }),
  };
  return listMemories(core.memories, caller, query, { ofAnybody: user_id === undefined, skip });
};

/** As mem0 says it, whatever is wrong with the id. */
export const memoryNotFound = () => problem('not_found', 'Memory not found!', { remedy: 'Check the id.' });

export const readMemoryId = (id: string | undefined): string => {
  if (id !== undefined && isUuid(id)) return id.toLowerCase();
  throw memoryNotFound();
};

/** What is not there, or not to be seen, is answered in mem0's words. */
export const orNotFound = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (cause) {
    if ((cause as { readonly code?: unknown } | null)?.code === 'not_found') throw memoryNotFound();
    throw cause;
  }
};

export const get = async ({ core }: Mem0Deps, caller: Caller, id: string | undefined): Promise<M0> =>
  toM0(await orNotFound(getMemory(core.memories, caller, readMemoryId(id), { vector: false })));
