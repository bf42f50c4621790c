import { isObject, type Json, type JsonObject } from '../http/json.js';
import { ProviderError } from '../providers/provider-error.js';
import type { Exchange } from './exchange.js';
import type { Capabilities, MemoryProvider, RemoteDraft, RemotePage, RemoteRecord } from './provider.js';
import { readDate, readId, readList, readObject, readText, unexpected } from './shape.js';

const CAPABILITIES: Capabilities = {
  update: false,
  get_of_anybody: false,
  search_modes: ['semantic'],
  scores: false,
  rerank: false,
  count: true,
};

const NAME = 'Letta';
/** Its own maximum. */
const MAX_PAGE = 100;
/** It lists oldest first and finds none by its id, so one person's passages are read through: so many requests at most. */
const MAX_PAGES = 100;
const PREFIX = 'passage-';

export interface LettaOptions {
  readonly exchange: Exchange;
  /** One replica at a time, for each name: Letta lets two archives have the same one. */
  readonly exclusively: <T>(name: string, work: () => Promise<T>) => Promise<T>;
  /** The embedding model of new archives. Unset: the server's own. */
  readonly embedding: string | undefined;
}

/** A person's memories are the passages of one archive, named by the person's reference: agents can be attached to it there. */
export const createLetta = (options: LettaOptions): MemoryProvider => {
  const { exchange } = options;
  const archives = createArchives(options);
  const readAll = async (owner: string): Promise<readonly RemoteRecord[]> => {
    const archive = await archives.find(owner);
    return archive === undefined ? [] : readPassages(exchange, archive, owner);
  };
  const get: MemoryProvider['get'] = async (owner, id) =>
    owner === null ? undefined : (await readAll(owner)).find((record) => record.id === id);
  return {
    name: 'letta',
    capabilities: CAPABILITIES,
    add: (owner, draft) => addPassage(exchange, archives, owner, draft),
    get,
    list: async (owner, { after, limit }) => pageOf(await readAll(owner), after, limit),
    search: async (owner, { query, limit }) => {
      const archive = await archives.find(owner);
      if (archive === undefined) return [];
      const call = { operation: 'search', method: 'POST', path: '/v1/passages/search', repeatable: true } as const;
      const body = { archive_id: archive, query, limit: Math.min(limit, MAX_PAGE) };
      const reply = await exchange.call({ ...call, body });
      return reply.status === 404 ? [] : passagesIn(reply.body, archive, owner);
    },
    update: async () => undefined,
    delete: async (owner, id) => {
      const archive = (await get(owner, id)) && (await archives.find(owner));
      return archive !== undefined && (await deletePassage(exchange, archive, id));
    },
    deleteUser: (owner) => deleteArchives(exchange, archives, owner),
    ping: () => ping(exchange),
  };
};

const ping = async (exchange: Exchange): Promise<void> => {
  const call = { operation: 'ping', method: 'GET', path: '/v1/archives/', repeatable: true } as const;
  const reply = await exchange.call({ ...call, query: { limit: '1' } });
  if (reply.status === 404)
    throw new ProviderError('refused', `${NAME} with archives is not at this address.`, 'Check MEMORY_PROVIDER_URL.');
};

const addPassage = async (
  exchange: Exchange,
  archives: Archives,
  owner: string,
  { content: text, metadata }: RemoteDraft,
): Promise<RemoteRecord> => {
  const archive = await archives.ensure(owner);
  const call = { operation: 'add', method: 'POST', repeatable: false } as const;
  const reply = await exchange.call({ ...call, path: `/v1/archives/${archive}/passages`, body: { text, metadata } });
  if (reply.status !== 404) return readPassage(reply.body, owner);
  archives.forget(owner);
  throw new ProviderError('unavailable', `${NAME} has lost the archive of this person.`, 'Send it again.');
};

const deletePassage = async (exchange: Exchange, archive: string, id: string): Promise<boolean> => {
  const path = `/v1/archives/${archive}/passages/${PREFIX}${id}`;
  return (await exchange.call({ operation: 'delete', method: 'DELETE', path, repeatable: true })).status !== 404;
};

/** Passages one by one: an archive that goes need not take them with it in every version. */
const deleteArchives = async (exchange: Exchange, archives: Archives, owner: string): Promise<number> => {
  let count = 0;
  for (const archive of await archives.all(owner)) {
    for (let left = await readPassages(exchange, archive, owner); left.length > 0; ) {
      for (const { id } of left) if (await deletePassage(exchange, archive, id)) count++;
      left = await readPassages(exchange, archive, owner);
    }
    const path = `/v1/archives/${archive}`;
    await exchange.call({ operation: 'delete_user', method: 'DELETE', path, repeatable: true });
  }
  archives.forget(owner);
  return count;
};

interface Archives {
  find(owner: string): Promise<string | undefined>;
  ensure(owner: string): Promise<string>;
  /** There is one, unless somebody made another by hand: the oldest counts, a deletion takes all. */
  all(owner: string): Promise<readonly string[]>;
  forget(owner: string): void;
}

/** Some 10 MB at worst. */
const REMEMBERED = 50_000;

const createArchives = ({ exchange, embedding, exclusively }: LettaOptions): Archives => {
  const known = new Map<string, string>();
  const all = (owner: string): Promise<readonly string[]> => listArchives(exchange, nameOf(owner));
  const find = async (owner: string): Promise<string | undefined> => {
    const remembered = known.get(owner);
    if (remembered !== undefined) return remembered;
    const [first] = await all(owner);
    if (first === undefined) return undefined;
    if (known.size >= REMEMBERED) known.clear();
    known.set(owner, first);
    return first;
  };
  const make = async (owner: string): Promise<string> => {
    const there = await find(owner);
    if (there !== undefined) return there;
    const call = { operation: 'make_archive', method: 'POST', path: '/v1/archives/', repeatable: false } as const;
    const body = { name: nameOf(owner), ...(embedding === undefined ? {} : { embedding }) };
    await exchange.call({ ...call, body });
    const made = await find(owner);
    if (made === undefined) throw unexpected(NAME, 'the archive that it made');
    return made;
  };
  return {
    find,
    all,
    forget: (owner) => void known.delete(owner),
    ensure: async (owner) => (await find(owner)) ?? exclusively(nameOf(owner), () => make(owner)),
  };
};

/** Oldest first. */
const listArchives = async (exchange: Exchange, name: string): Promise<readonly string[]> => {
  const call = { operation: 'find_archive', method: 'GET', path: '/v1/archives/', repeatable: true } as const;
  const { body } = await exchange.call({ ...call, query: { name, order: 'asc', limit: '50' } });
  const found = readList(NAME, body, 'archives').map((archive) => readObject(NAME, archive, 'an archive'));
  return found
    .filter((archive) => archive.name === name)
    .map((archive) => ({
      id: readText(NAME, archive.id, 'the id of an archive'),
      at: String(archive.created_at ?? ''),
    }))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
};

const nameOf = (owner: string): string => `memplane-${owner}`;

const pageOf = (records: readonly RemoteRecord[], after: string | null, limit: number): RemotePage => {
  const from = after === null ? 0 : Number(after);
  const end = from + limit;
  return { records: records.slice(from, end), next: end < records.length ? String(end) : null, count: records.length };
};

/** Newest first. */
const readPassages = async (exchange: Exchange, archive: string, owner: string): Promise<readonly RemoteRecord[]> => {
  const found = new Map<string, RemoteRecord>();
  const call = { operation: 'list', method: 'POST', path: '/v1/passages/search', repeatable: true } as const;
  let since: Date | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const body = { archive_id: archive, limit: MAX_PAGE, ...(since ? { start_date: since.toISOString() } : {}) };
    const { body: told } = await exchange.call({ ...call, body });
    const records = told === null ? [] : passagesIn(told, archive, owner);
    const before = found.size;
    for (const record of records) found.set(record.id, record);
    since = records.at(-1)?.createdAt;
    if (records.length < MAX_PAGE || found.size === before) break;
  }
  return [...found.values()].sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? -1 : 1));
};

/** What says that it lies in another archive is not shown, whatever was asked. */
const passagesIn = (body: Json, archive: string, owner: string): readonly RemoteRecord[] =>
  readList(NAME, body, 'passages').flatMap((item) => {
    const { passage, score } = readObject(NAME, item, 'a passage');
    const read = readObject(NAME, passage, 'a passage');
    if (read.archive_id !== archive) return [];
    return [{ ...readPassage(read, owner), score: typeof score === 'number' && score > 0 ? Math.min(1, score) : null }];
  });

const readPassage = (body: Json, owner: string): RemoteRecord => {
  const passage: JsonObject = readObject(NAME, body, 'a passage');
  const createdAt = readDate(NAME, passage.created_at);
  return {
    id: readId(NAME, readText(NAME, passage.id, 'the id of a passage').replace(PREFIX, '')),
    content: readText(NAME, passage.text, 'the text of a passage'),
    owner,
    metadata: isObject(passage.metadata) ? passage.metadata : {},
    createdAt,
    updatedAt: readDate(NAME, passage.updated_at, createdAt),
    score: null,
  };
};
