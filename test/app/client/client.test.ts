import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KNOWN_TYPES } from '../../../app/client/generator/known-types.js';
import { printClient } from '../../../app/client/generator/print-client.js';
import { Memplane, MemplaneError } from '../../../app/client/index.js';
import {
  createTestTenant,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
let client: Memplane;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
  client = new Memplane({ url: `${service.url}/`, apiKey: tenant.adminKey, userId: 'Ünal' });
});
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const errorOf = async (work: Promise<unknown>): Promise<MemplaneError> => {
  const error = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof MemplaneError)) throw new Error(`no MemplaneError but ${String(error)}`);
  return error;
};

describe('the generated client', () => {
  it('in the tree is that of the document that the service serves', async () => {
    const { body } = await service.call('GET', '/openapi.json', { key: null });
    const files = printClient(body, KNOWN_TYPES);
    for (const [name, text] of Object.entries(files))
      if (readFileSync(`app/client/generated/${name}.ts`, 'utf8') !== text)
        throw new Error(`app/client/generated/${name}.ts is not that of the routes: run npm run generate`);
  });

  it('has a method for every operation of the API', async () => {
    const { body } = await service.call('GET', '/openapi.json', { key: null });
    const operations = Object.entries(body.paths as Record<string, Record<string, { operationId: string }>>)
      .filter(([path]) => /^\/api\/v1\/(memories|memory|keys|events|jobs|audit)/.test(path))
      .flatMap(([, methods]) => Object.values(methods).map(({ operationId }) => operationId));
    expect(operations.length).toBeGreaterThan(25);
    for (const name of operations) expect(typeof client[name as keyof Memplane]).toBe('function');
  });

  it('adds, reads, changes, finds and deletes, for the person it was made for', async () => {
    const added = await client.addMemory({ content: 'likes tea', metadata: { topic: 'drinks' } });
    expect(added).toMatchObject({ content: 'likes tea', user_id: 'Ünal', version: 1 });
    const id = added?.id ?? '';
    const changed = await client.updateMemory({
      id,
      body: { content: 'likes coffee' },
      ifMatch: '"1"',
      reason: 'said so',
    });
    expect(changed.version).toBe(2);
    const found = await client.searchMemories({ body: { query: 'coffee', filters: { 'metadata.topic': 'drinks' } } });
    expect(found.results[0]).toMatchObject({ id, score: expect.any(Number) });
    const history = await client.memoryHistory({ id });
    expect(history.results.map(({ event, reason }) => [event, reason])).toEqual([
      ['add', null],
      ['update', 'said so'],
    ]);
    const put = await client.putMemory({ key: 'a key/ä', namespace: 'x.y', body: { content: 'by key' } });
    expect(put).toMatchObject({ key: 'a key/ä', namespace: ['x', 'y'] });
    expect(await client.deleteMemory({ id })).toMatchObject({ id, deleted: true });
    expect((await errorOf(client.getMemory({ id }))).code).toBe('not_found');
  });

  it('a person whom the request names goes before the one it was made for', async () => {
    await client.addMemory({ content: 'of ada', user_id: 'ada' });
    const { results } = await client.listMemories({ user_id: 'ada' });
    expect(results.map(({ content }) => content)).toEqual(['of ada']);
  });

  it('goes through all pages', async () => {
    const many = Array.from({ length: 25 }, (_, index) => ({ content: `fact ${index}`, user_id: 'pages' }));
    const { summary } = await client.addMemories(many);
    expect(summary.created).toBe(25);
    const seen: string[] = [];
    for await (const { content } of client.listMemoriesAll({ user_id: 'pages', limit: 10 })) seen.push(content);
    expect(seen.sort()).toEqual(many.map(({ content }) => content).sort());
  });

  it('an Idempotency-Key given twice writes once', async () => {
    const twice = async () => client.addMemory({ content: 'once', user_id: 'idem' }, { idempotencyKey: 'k1' });
    const [first, second] = [await twice(), await twice()];
    expect(second?.id).toBe(first?.id);
  });

  it('errors say what, why, what to do and where', async () => {
    const error = await errorOf(client.listMemories({ limit: 5000 }));
    expect(error).toMatchObject({
      status: 400,
      code: 'limit_too_large',
      remedy: expect.any(String),
      requestId: expect.any(String),
      errors: [expect.objectContaining({ pointer: '/query/limit' })],
    });
    expect(error.message).toMatch(/^limit_too_large: /);
    const wrong = new Memplane({ url: service.url, apiKey: `mb_${'x'.repeat(43)}` });
    expect(await errorOf(wrong.listMemories({ user_id: 'a' }))).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  it('says before the first request what it was made wrongly with', () => {
    const failure = (options: { readonly url: string; readonly apiKey: string }): unknown => {
      try {
        return new Memplane(options);
      } catch (cause) {
        return cause;
      }
    };
    const apiKey = tenant.adminKey;
    for (const url of ['', 'acme', 'memory.acme.example', 'ftp://acme', 'https://'])
      expect(failure({ url, apiKey })).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/url' }] });
    for (const key of ['', ' ', undefined as unknown as string])
      expect(failure({ url: service.url, apiKey: key })).toMatchObject({ errors: [{ pointer: '/apiKey' }] });
  });

  it('an id that no path can hold calls no other operation', async () => {
    for (const id of ['', '.', '..', undefined as unknown as string]) {
      expect(await errorOf(client.getMemory({ id }))).toMatchObject({ status: 0, errors: [{ pointer: '/id' }] });
      expect(await errorOf(client.deleteMemory({ id }))).toMatchObject({ code: 'invalid_request' });
    }
  });

  it('takes out what it brings in elsewhere, as lines', async () => {
    await client.addMemory({ content: 'to be carried', user_id: 'mover' });
    const lines = await (await client.exportMemories({ body: { user_id: 'mover' } })).text();
    expect(lines.trim().split('\n').length).toBeGreaterThanOrEqual(3);
    expect(await client.importMemories({ body: lines, on_conflict: 'skip' })).toMatchObject({ created: 0, skipped: 1 });
  });

  it('what is no JSON comes as it is', async () => {
    await client.addMemory({ content: 'something for the log' });
    const response = await client.auditCheckpoint();
    expect(response.headers.get('content-type')).toContain('text/plain');
    expect(await response.text()).toContain('— ');
  });

  it('is loaded by the name of the package, and with it nothing else', () => {
    const code = "const m = await import('memplane/client'); console.log(Object.keys(m).sort().join())";
    const run = (text: string) =>
      execFileSync(process.execPath, ['--input-type=module', '-e', text], { encoding: 'utf8' });
    expect(run(code).trim()).toBe('Memplane,MemplaneError');
    expect(run(code.replace('/client', '/client/langgraph')).trim()).toBe('MemplaneStore');
    expect(run(code.replace('/client', '/client/ai-sdk')).trim()).toBe('memoryMiddleware,memoryTools');
  });
});

type Reply = { readonly status: number; readonly headers?: Record<string, string>; readonly body?: object } | 'cut';

describe('when the service is busy or away', () => {
  let server: Server;
  let seen: IncomingMessage[];
  let replies: Reply[];
  let url: string;
  beforeEach(async () => {
    [seen, replies] = [[], []];
    server = createServer((request, response) => {
      seen.push(request);
      const reply = replies.shift() ?? { status: 200, body: { results: [], next_cursor: null } };
      if (reply === 'cut') return void request.socket.destroy();
      response.writeHead(reply.status, { 'Content-Type': 'application/json', ...reply.headers });
      response.end(JSON.stringify(reply.body ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const open = (more: object = {}) => new Memplane({ url, apiKey: 'mb_test', ...more });
  const busy = (status: number, seconds: number, code = 'rate_limited'): Reply => ({
    status,
    headers: { 'Retry-After': String(seconds) },
    body: { code, detail: 'wait' },
  });
  const keys = () => seen.map(({ headers }) => headers['idempotency-key']);

  it('waits as long as it is told, and sends the same request again', async () => {
    replies = [busy(429, 1), busy(503, 0, 'store_unavailable'), { status: 201, body: { content: 'x', id: '1' } }];
    const startedAt = Date.now();
    expect(await open().addMemory({ content: 'x', user_id: 'a' })).toMatchObject({ id: '1' });
    // A timer's millisecond and the clock's are not the same.
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(990);
    expect(seen).toHaveLength(3);
    expect(new Set(keys()).size).toBe(1);
    expect(keys()[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('gives up after its tries, and at once when the wait is too long or of no use', async () => {
    replies = [busy(429, 0), busy(429, 0), busy(429, 0)];
    expect(await errorOf(open({ maxRetries: 2 }).listMemories({ user_id: 'a' }))).toMatchObject({ status: 429 });
    expect(seen).toHaveLength(3);
    for (const reply of [busy(429, 3600), busy(429, 0, 'budget_exceeded'), busy(503, 0, 'suspended')]) {
      const before = seen.length;
      replies = [reply];
      const error = await errorOf(open().listMemories({ user_id: 'a' }));
      expect([error.retryAfterSeconds, seen.length - before]).toEqual([expect.any(Number), 1]);
    }
  });

  it('after no answer repeats what may be repeated, and nothing else', async () => {
    replies = ['cut'];
    expect((await open().listMemories({ user_id: 'a' })).results).toEqual([]);
    replies = ['cut', { status: 201, body: { content: 'x', id: '2' } }];
    expect((await open().addMemory({ content: 'x', user_id: 'a' }))?.id).toBe('2');
    replies = ['cut'];
    const before = seen.length;
    const error = await errorOf(open().createKey({ body: { name: 'k', role: 'user' } }));
    expect([error.code, error.status, seen.length - before]).toEqual(['unreachable', 0, 1]);
  });

  it('waits for an earlier try that is still at work, without spending its tries on it', async () => {
    const atWork = busy(409, 0, 'idempotency_in_progress');
    replies = ['cut', atWork, atWork, atWork, atWork, { status: 201, body: { content: 'x', id: '3' } }];
    expect((await open({ maxRetries: 1 }).addMemory({ content: 'x', user_id: 'a' }))?.id).toBe('3');
    expect(new Set(keys()).size).toBe(1);
    replies = Array.from({ length: 5 }, () => busy(409, 1, 'idempotency_in_progress'));
    const error = await errorOf(open({ maxWaitMs: 1_500 }).addMemory({ content: 'x', user_id: 'a' }));
    expect(error.code).toBe('idempotency_in_progress');
  });

  it('follows no redirect with its key, and stops when it is told to', async () => {
    replies = [{ status: 302, headers: { Location: 'http://127.0.0.1:1/' } }];
    const gone = await errorOf(open({ maxRetries: 0 }).listMemories({ user_id: 'a' }));
    expect([gone.code, gone.message]).toEqual([
      'unreachable',
      expect.stringContaining(`${url} could not be reached: `),
    ]);
    replies = [busy(429, 30)];
    const stop = new AbortController();
    const waiting = open().listMemories({ user_id: 'a' }, { signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('an answer from something in between is an error too', async () => {
    replies = [{ status: 502 }];
    expect(await errorOf(open({ maxRetries: 0 }).listMemories({ user_id: 'a' }))).toMatchObject({
      status: 502,
      code: 'http_502',
    });
  });
});
