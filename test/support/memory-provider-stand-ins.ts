/**
 * Stand-ins of the providers that keep memories elsewhere: they behave as the providers' published APIs say (paths, headers,
 * bodies, queued work), hold what they are given in memory, and can be told to fail. They are not the providers: what Letta
 * really does is tried in test/real/app/letta.test.ts, and nobody here has an account at Mem0.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';

export interface StandInRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent
  readonly body: any;
}
export interface StandInAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** In place of a body. */
  readonly raw?: string;
}
/** `undefined`: it is answered as ever. `never`: not at all. */
export type Trouble = (request: StandInRequest) => StandInAnswer | 'never' | undefined;

export interface StandIn<State> {
  readonly url: string;
  /** Of its certificate, when it has one. */
  readonly ca: string;
  readonly requests: StandInRequest[];
  readonly state: State;
  trouble: Trouble;
  stop(): Promise<void>;
}

interface StoredMemory {
  readonly id: string;
  memory: string;
  readonly user_id: string;
  metadata: Record<string, unknown>;
  expiration_date: string | null;
  readonly created_at: string;
  updated_at: string;
}
export interface Mem0State {
  readonly memories: Map<string, StoredMemory>;
  /** What an event tells when it is asked for, oldest first. */
  readonly events: Map<string, { asked: number; readonly results: readonly unknown[] }>;
  /** How often an event says that it is not done yet. @default 1 */
  pendings: number;
}

const words = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[a-z0-9]+/g) ?? []);
const nearness = (query: string, text: string): number => {
  const asked = words(query);
  const shared = [...words(text)].filter((word) => asked.has(word)).length;
  return asked.size === 0 ? 0 : shared / asked.size;
};
let clock = Date.parse('2026-01-01T00:00:00Z');
const tick = (): string => new Date(clock++).toISOString();

export const startMem0StandIn = (
  key: string,
  options: { readonly tls?: boolean } = {},
): Promise<StandIn<Mem0State>> => {
  const state: Mem0State = { memories: new Map(), events: new Map(), pendings: 1 };
  return start(state, options, (request) =>
    request.headers.authorization === `Token ${key}`
      ? answerMem0(state, request)
      : { status: 401, body: { detail: 'Given token not valid' } },
  );
};

const answerMem0 = (state: Mem0State, request: StandInRequest): StandInAnswer => {
  const { method, path, body, query } = request;
  const id = /^\/v1\/memories\/([0-9a-f-]{36})\/$/.exec(path)?.[1];
  const event = /^\/v1\/event\/([^/]+)\/$/.exec(path)?.[1];
  if (path === '/v1/ping/') return ok({ status: 'ok', org_id: 'o', project_id: 'p', user_email: 'a@example.com' });
  if (path === '/v3/memories/add/' && method === 'POST') return addMem0(state, body);
  if (event !== undefined) return tellEvent(state, event);
  if (path === '/v3/memories/' && method === 'POST') return listMem0(state, body, query);
  if (path === '/v3/memories/search/' && method === 'POST') return searchMem0(state, body);
  if (path === '/v1/memories/' && method === 'DELETE') return deleteAllMem0(state, query.get('user_id'));
  if (id !== undefined) return answerOne(state, method, id, body);
  return { status: 404, body: { detail: 'Not found.' } };
};

const ok = (body: unknown): StandInAnswer => ({ status: 200, body });

const addMem0 = (state: Mem0State, body: StandInRequest['body']): StandInAnswer => {
  if (!body.user_id || body.infer !== false) return { status: 400, body: { error: 'user_id and infer: false' } };
  const results = body.messages.map((message: { content: string }) => {
    const at = tick();
    const memory = {
      ...{ id: randomUUID(), memory: message.content, user_id: body.user_id, metadata: body.metadata ?? {} },
      ...{ expiration_date: body.expiration_date ?? null, created_at: at, updated_at: at },
    };
    state.memories.set(memory.id, memory);
    return { id: memory.id, event: 'ADD', data: { memory: memory.memory } };
  });
  const event_id = randomUUID();
  state.events.set(event_id, { asked: 0, results });
  return ok({ message: 'queued', status: 'PENDING', event_id });
};

const tellEvent = (state: Mem0State, id: string): StandInAnswer => {
  const event = state.events.get(id);
  if (!event) return { status: 404, body: { error: 'Event not found' } };
  event.asked += 1;
  return event.asked > state.pendings
    ? ok({ id, status: 'SUCCEEDED', results: event.results })
    : ok({ id, status: 'PENDING', results: [] });
};

const ofUser = (state: Mem0State, user: unknown): readonly StoredMemory[] =>
  [...state.memories.values()].filter(({ user_id }) => user_id === user).reverse();

const listMem0 = (state: Mem0State, body: StandInRequest['body'], query: URLSearchParams): StandInAnswer => {
  if (!body.filters?.user_id) return { status: 400, body: { error: 'filters need an entity' } };
  const all = ofUser(state, body.filters.user_id);
  const size = Number(query.get('page_size'));
  const page = Number(query.get('page'));
  const results = all.slice((page - 1) * size, page * size);
  return ok({
    count: all.length,
    next: page * size < all.length ? `https://x/?page=${page + 1}` : null,
    previous: null,
    results,
  });
};

const searchMem0 = (state: Mem0State, body: StandInRequest['body']): StandInAnswer => {
  if (!body.filters?.user_id || !body.query) return { status: 400, body: { error: 'filters need an entity' } };
  const results = ofUser(state, body.filters.user_id)
    .map((memory) => ({ ...memory, score: nearness(body.query, memory.memory) }))
    .filter(({ score }) => score >= body.threshold)
    .sort((a, b) => b.score - a.score)
    .slice(0, body.top_k);
  return ok({ results });
};

const deleteAllMem0 = (state: Mem0State, user: string | null): StandInAnswer => {
  if (user === null) return { status: 400, body: { error: 'a filter is required' } };
  for (const { id } of ofUser(state, user)) state.memories.delete(id);
  return ok({ message: 'Delete in progress.' });
};

const answerOne = (state: Mem0State, method: string, id: string, body: StandInRequest['body']): StandInAnswer => {
  const memory = state.memories.get(id);
  if (!memory) return { status: 404, body: { error: 'Memory not found!' } };
  if (method === 'DELETE') {
    state.memories.delete(id);
    return ok({ message: 'Memory deleted successfully!' });
  }
  if (method === 'PUT') {
    memory.memory = body.text ?? memory.memory;
    memory.metadata = body.metadata ?? memory.metadata;
    memory.updated_at = tick();
  }
  return ok(memory);
};

export interface LettaState {
  readonly archives: { readonly id: string; readonly name: string; readonly created_at: string }[];
  readonly passages: {
    readonly id: string;
    readonly archive_id: string;
    readonly text: string;
    readonly metadata: unknown;
    readonly created_at: string;
  }[];
}

export const startLettaStandIn = (key: string): Promise<StandIn<LettaState>> => {
  const state: LettaState = { archives: [], passages: [] };
  return start(state, {}, (request) =>
    request.headers.authorization === `Bearer ${key}`
      ? answerLetta(state, request)
      : { status: 401, body: { detail: 'Unauthorized' } },
  );
};

const answerLetta = (state: LettaState, { method, path, query, body }: StandInRequest): StandInAnswer => {
  if (path === '/v1/archives/') {
    const name = query.get('name');
    if (method === 'GET') return ok(state.archives.filter((archive) => name === null || archive.name === name));
    const archive = { id: `archive-${randomUUID()}`, name: body.name, created_at: tick() };
    state.archives.push(archive);
    return ok(archive);
  }
  if (path === '/v1/passages/search') return ok(searchLetta(state, body));
  const [, , , id, , passage] = path.split('/');
  const archive = state.archives.findIndex((known) => known.id === id);
  if (archive < 0) return { status: 404, body: { detail: 'Archive not found' } };
  if (method === 'POST') {
    const made = {
      id: `passage-${randomUUID()}`,
      archive_id: id ?? '',
      text: body.text,
      metadata: body.metadata,
      created_at: tick(),
    };
    state.passages.push(made);
    return ok(made);
  }
  if (passage === undefined) {
    state.archives.splice(archive, 1);
    return { status: 204 };
  }
  const at = state.passages.findIndex((known) => known.id === passage);
  if (at < 0) return { status: 404, body: { detail: 'Passage not found' } };
  state.passages.splice(at, 1);
  return { status: 204 };
};

/** Oldest first without a query, nearest first with one, and no score worth the name: as a server with Postgres answers. */
const searchLetta = (state: LettaState, body: StandInRequest['body']): readonly unknown[] => {
  const own = state.passages.filter(
    ({ archive_id, created_at }) =>
      archive_id === body.archive_id && (!body.start_date || created_at >= body.start_date),
  );
  const sorted = body.query
    ? [...own].sort((a, b) => nearness(body.query, b.text) - nearness(body.query, a.text))
    : own;
  return sorted.slice(0, body.limit).map((passage) => ({ passage, score: 0, metadata: {} }));
};

const start = async <State>(
  state: State,
  { tls = false }: { readonly tls?: boolean },
  answer: (request: StandInRequest) => StandInAnswer,
): Promise<StandIn<State>> => {
  const requests: StandInRequest[] = [];
  const certificate = tls ? await certify() : undefined;
  const listener = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await readRequest(incoming);
    requests.push(request);
    const told = standIn.trouble(request) ?? answer(request);
    if (told === 'never') return;
    const { status, headers = {}, body, raw } = told;
    response.writeHead(status, { ...(status === 204 ? {} : { 'content-type': 'application/json' }), ...headers });
    response.end(raw ?? (body === undefined ? undefined : JSON.stringify(body)));
  };
  const server: Server = certificate ? createTlsServer(certificate, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const standIn: StandIn<State> = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: certificate?.cert ?? '',
    requests,
    state,
    trouble: () => undefined,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return standIn;
};

const certify = async () => {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'provider' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  return { key, cert };
};

const readRequest = async (incoming: IncomingMessage): Promise<StandInRequest> => {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const url = new URL(incoming.url ?? '/', 'http://provider');
  const text = Buffer.concat(chunks).toString();
  const { method = '', headers } = incoming;
  return {
    method,
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: text === '' ? undefined : JSON.parse(text),
  };
};
