import { setTimeout as pause } from 'node:timers/promises';
import { isObject, type Json, type JsonObject } from '../http/json.js';
import { ProviderError } from '../providers/provider-error.js';
import type { Exchange } from './exchange.js';
import type { Capabilities, MemoryProvider, RemoteDraft, RemotePage, RemoteRecord } from './provider.js';
import { readDate, readId, readList, readObject, readText } from './shape.js';

const CAPABILITIES: Capabilities = {
  update: true,
  get_of_anybody: true,
  search_modes: ['hybrid', 'semantic'],
  scores: true,
  rerank: true,
  count: true,
};

const NAME = 'Mem0';
/** Its own maximum. */
const MAX_PAGE = 200;
const DAY_MS = 86_400_000;
/** Work that it has queued is looked at so often, for as long as a request may take. */
const POLL_MS = 150;

export interface Mem0Options {
  readonly exchange: Exchange;
  readonly organization: string | undefined;
  readonly project: string | undefined;
  /** How long queued work is waited for. */
  readonly patienceMs: number;
}

/** The platform's REST API, as its clients of version 3 use it. Texts are stored as they are: what to remember is decided here. */
export const createMem0 = (options: Mem0Options): MemoryProvider => {
  const { exchange, organization, project } = options;
  const place: Place = {
    ...(organization === undefined ? {} : { org_id: organization }),
    ...(project === undefined ? {} : { project_id: project }),
  };
  const get: MemoryProvider['get'] = (owner, id) => getMemory(exchange, place, owner, id);
  return {
    name: 'mem0',
    capabilities: CAPABILITIES,
    get,
    add: async (owner, draft) => {
      const id = await add(options, { ...place, user_id: owner, ...bodyOf(draft) });
      const record = await get(owner, id);
      if (!record) throw new ProviderError('invalid', `${NAME} has no memory ${id} that it said it added.`, LOOK);
      return record;
    },
    list: (owner, page) => list(exchange, { ...place, ...ofOwner(owner) }, owner, page),
    search: async (owner, { query, limit, threshold, rerank }) => {
      const body = { ...place, ...ofOwner(owner), query, top_k: limit, threshold, rerank };
      const call = { operation: 'search', method: 'POST', path: '/v3/memories/search/', repeatable: true } as const;
      const { body: found } = await exchange.call({ ...call, body });
      return ownedBy(owner, readList(NAME, readObject(NAME, found, 'results').results, 'results'));
    },
    update: async (owner, id, { content: text, metadata, expiresAt }) => {
      const call = { operation: 'update', method: 'PUT', path: `/v1/memories/${id}/`, repeatable: true } as const;
      const body = { text, metadata, expiration_date: dayAfter(expiresAt) };
      const reply = await exchange.call({ ...call, query: place, body });
      return reply.status === 404 ? undefined : get(owner, id);
    },
    delete: async (_owner, id) => {
      const call = { operation: 'delete', method: 'DELETE', path: `/v1/memories/${id}/`, repeatable: true } as const;
      return (await exchange.call({ ...call, query: place })).status !== 404;
    },
    deleteUser: (owner) => deleteUser(options, place, owner),
    ping: () => ping(exchange),
  };
};

type Place = Readonly<Record<string, string>>;

const getMemory = async (
  exchange: Exchange,
  place: Place,
  owner: string | null,
  id: string,
): Promise<RemoteRecord | undefined> => {
  const call = { operation: 'get', method: 'GET', path: `/v1/memories/${id}/`, repeatable: true } as const;
  const reply = await exchange.call({ ...call, query: place });
  if (reply.status === 404) return undefined;
  const record = readRecord(readObject(NAME, reply.body, 'a memory'));
  return owner === null || record.owner === owner ? record : undefined;
};

const ping = async (exchange: Exchange): Promise<void> => {
  const reply = await exchange.call({ operation: 'ping', method: 'GET', path: '/v1/ping/', repeatable: true });
  if (reply.status === 404)
    throw new ProviderError('refused', `${NAME} is not at this address.`, 'Check MEMORY_PROVIDER_URL.');
};

const LOOK = 'Look into its events, and send the request again.';

const ofOwner = (owner: string) => ({ filters: { user_id: owner } });

/** It knows days only, and hides what is past its day: the exact time is kept beside and decides here. */
const dayAfter = (expiresAt: Date | null): string | null =>
  expiresAt === null ? null : new Date(expiresAt.getTime() + DAY_MS).toISOString().slice(0, 10);

const bodyOf = ({ content, metadata, expiresAt }: RemoteDraft) => ({
  messages: [{ role: 'user', content }],
  infer: false,
  metadata,
  ...(expiresAt === null ? {} : { expiration_date: dayAfter(expiresAt) }),
});

const add = async (options: Mem0Options, body: object): Promise<string> => {
  const call = { operation: 'add', method: 'POST', path: '/v3/memories/add/', repeatable: false } as const;
  const { body: told } = await options.exchange.call({ ...call, body });
  const answer = readObject(NAME, told, 'an object');
  const results = Array.isArray(answer.results) ? answer.results : [];
  const event = answer.event_id;
  const done =
    results.length === 0 && typeof event === 'string' ? await settle(options, event) : (results as readonly Json[]);
  return readId(NAME, readObject(NAME, done[0], 'what it added').id);
};

/** Waits for work that it queued. What has not happened within the patience may still happen: the answer says so. */
const settle = async ({ exchange, patienceMs }: Mem0Options, event: string): Promise<readonly Json[]> => {
  const deadline = Date.now() + patienceMs;
  const call = { operation: 'event', method: 'GET', repeatable: true } as const;
  for (;;) {
    const { body } = await exchange.call({ ...call, path: `/v1/event/${encodeURIComponent(event)}/` });
    const seen = isObject(body) ? body : {};
    if (seen.status === 'SUCCEEDED') return readList(NAME, seen.results ?? [], 'what came of it');
    if (seen.status === 'FAILED') throw new ProviderError('invalid', `${NAME} failed to do it.`, LOOK);
    if (Date.now() >= deadline)
      throw new ProviderError('unavailable', `${NAME} has queued it and has not done it yet.`, MAYBE_LATER);
    await pause(POLL_MS);
  }
};

const MAYBE_LATER = 'It may still be done: look before the request is sent again.';

const list = async (
  exchange: Exchange,
  body: object,
  owner: string,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<RemotePage> => {
  const page = after === null ? 1 : Number(after);
  const query = { page: String(page), page_size: String(Math.min(limit, MAX_PAGE)) };
  const call = { operation: 'list', method: 'POST', path: '/v3/memories/', repeatable: true } as const;
  const { body: told } = await exchange.call({ ...call, query, body });
  const answer = readObject(NAME, told, 'a page');
  const records = ownedBy(owner, readList(NAME, answer.results, 'results'));
  const more = typeof answer.next === 'string' && answer.next !== '';
  return {
    records,
    next: more ? String(page + 1) : null,
    count: typeof answer.count === 'number' ? answer.count : null,
  };
};

const deleteUser = async (options: Mem0Options, place: Place, owner: string): Promise<number> => {
  const { exchange, patienceMs } = options;
  const body = { ...place, ...ofOwner(owner), show_expired: true };
  const left = () => list(exchange, body, owner, { after: null, limit: 1 });
  const { count, records } = await left();
  if (records.length === 0) return 0;
  const query = { ...place, user_id: owner };
  const call = { operation: 'delete_user', method: 'DELETE', path: '/v1/memories/', repeatable: true } as const;
  const { body: told } = await exchange.call({ ...call, query });
  if (isObject(told) && typeof told.event_id === 'string') await settle(options, told.event_id).catch(ignoreUnknown);
  for (const deadline = Date.now() + patienceMs; (await left()).records.length > 0; await pause(POLL_MS))
    if (Date.now() >= deadline)
      throw new ProviderError('unavailable', `${NAME} is still deleting.`, 'Send the same request again.');
  return count ?? records.length;
};

/** Whether the event is told or not: what is left is what counts. */
const ignoreUnknown = (cause: unknown): void => {
  if (!(cause instanceof ProviderError)) throw cause;
};

const ownedBy = (owner: string, results: readonly Json[]): readonly RemoteRecord[] =>
  results.map((result) => readRecord(readObject(NAME, result, 'a memory'))).filter((record) => record.owner === owner);

const readRecord = (memory: JsonObject): RemoteRecord => {
  const createdAt = readDate(NAME, memory.created_at);
  const { score } = memory;
  return {
    id: readId(NAME, memory.id),
    content: readText(NAME, memory.memory, 'the text of a memory'),
    owner: typeof memory.user_id === 'string' ? memory.user_id : '',
    metadata: isObject(memory.metadata) ? memory.metadata : {},
    createdAt,
    updatedAt: readDate(NAME, memory.updated_at, createdAt),
    score: typeof score === 'number' ? Math.min(1, Math.max(0, score)) : null,
  };
};
