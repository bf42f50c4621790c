import pg from 'pg';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
});
afterAll(() => tenant.drop());

const remember = async (content: string) =>
  (await service.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content } })).body;
const events = async (query: string) => (await service.call('GET', `/api/v1/events?${query}`)).body;
interface Told {
  readonly seq: number;
  readonly type: string;
  readonly memories: readonly { readonly id: string; readonly version: number; readonly deleted: boolean }[];
}

describe('the feed of events', () => {
  it('tells what happened in order, with ids and no content', async () => {
    const { last } = await events('after=-1&limit=1000');
    const memory = await remember('canary of the feed');
    await service.call('PATCH', `/api/v1/memories/${memory.id}`, { body: { importance: 0.1 } });
    await service.call('DELETE', `/api/v1/memories/${memory.id}`);
    const { results } = await eventually(
      () => events(`after=${last}&types=memory.*`),
      ({ results: all }) => all.length === 3,
    );
    expect(results.map(({ type }: Told) => type)).toEqual(['memory.created', 'memory.updated', 'memory.deleted']);
    expect(results.map(({ memories }: Told) => memories)).toEqual([
      [{ id: memory.id, version: 1, deleted: false }],
      [{ id: memory.id, version: 2, deleted: false }],
      [{ id: memory.id, version: 3, deleted: true }],
    ]);
    expect(JSON.stringify(results)).not.toContain('canary');
  });

  it('tells that a row was changed behind the service, and not who was refused what', async () => {
    const { last } = await events('after=-1&limit=1000');
    const { id, key } = (await service.call('POST', '/api/v1/keys', { body: { name: 'app', role: 'service' } })).body;
    const owner = new pg.Client({ connectionString: tenant.database.ownerUrl });
    await owner.connect();
    await owner.query(`UPDATE api_keys SET role = 'admin' WHERE id = $1`, [id]);
    await owner.end();
    expect((await service.call('GET', '/api/v1/whoami', { key })).status).toBe(401);
    const { results } = await eventually(
      () => events(`after=${last}&types=security.*`),
      ({ results: all }) => all.length > 0,
    );
    expect(results).toMatchObject([{ type: 'security.tamper', resource: { kind: 'api_keys', id } }]);
    expect(JSON.stringify(await events(`after=${last}`))).not.toContain('auth.denied');
  });

  it('tells of a batch once, with all its memories', async () => {
    const { last } = await events('after=-1&limit=1000');
    const memories = Array.from({ length: 300 }, (_, index) => ({ user_id: 'ada', content: `many ${index}` }));
    const { body } = await service.call('POST', '/api/v1/memories', { body: { memories } });
    const { results } = await eventually(
      () => events(`after=${last}&types=memory.created`),
      ({ results: all }) => all.length === 1,
    );
    expect(results[0].memories.map(({ id }: { id: string }) => id).sort()).toEqual(
      body.results.map(({ id }: { id: string }) => id).sort(),
    );
  });

  it('goes on where it was left, page by page, missing and repeating nothing', async () => {
    const { last: start } = await events('after=-1&limit=1000');
    const ids: string[] = [];
    for (let index = 0; index < 12; index++) ids.push((await remember(`page ${index}`)).id);
    await eventually(
      () => events(`after=${start}&types=memory.created&limit=1000`),
      ({ results }) => results.length === 12,
    );
    const seen: Told[] = [];
    for (let after = start, more = true; more; ) {
      const { results, next_cursor, last } = await events(`after=${after}&types=memory.created&limit=5`);
      seen.push(...results);
      after = last;
      more = next_cursor !== null;
    }
    expect(seen.flatMap(({ memories }) => memories.map(({ id }) => id))).toEqual(ids);
    expect(seen.map(({ seq }) => seq)).toEqual([...seen.map(({ seq }) => seq)].sort((a, b) => a - b));
  });

  it('waits for the next, and no longer than it was told to', async () => {
    const { last } = await events('after=-1&limit=1000');
    const waiting = events(`after=${last}&types=memory.created&wait=20s`);
    const memory = await remember('awaited');
    expect((await waiting).results[0].memories[0].id).toBe(memory.id);
    expect((await events('types=hold.*&wait=1s')).results).toEqual([]);
  });

  it('goes on as a stream, from the last that was heard', async () => {
    const { last } = await events('after=-1&limit=1000');
    const first = await remember('first of the stream');
    const heard = await listen(1, { 'Last-Event-ID': String(last) });
    expect(heard[0]).toMatchObject({ event: 'memory.created', data: { memories: [{ id: first.id }] } });
    const next = listen(1, { 'Last-Event-ID': heard[0]?.id as string });
    const second = await remember('second of the stream');
    expect((await next)[0]).toMatchObject({ data: { memories: [{ id: second.id }] } });
  });

  it('holds up no stop: who listens is told all that there is, and then that it is over', async () => {
    const other = await startInProcess(tenant, { SHUTDOWN_TIMEOUT_MS: '600000' });
    const headers = { 'X-API-Key': tenant.adminKey, Accept: 'text/event-stream' };
    const stream = await fetch(`${other.url}/api/v1/events?types=hold.released`, { headers });
    await other.stop();
    // One that was cut off would be an error.
    expect(await stream.text()).toMatch(/^: events\n/);
  });

  it.each([
    ['after=x', '/query/after'],
    ['types=weather.changed', '/query/types'],
    ['wait=1h', '/query/wait'],
    ['limit=1001', '/query/limit'],
  ])('refuses %s', async (query, pointer) => {
    const { status, body } = await service.call('GET', `/api/v1/events?${query}`);
    expect(status).toBe(400);
    expect(body.errors[0].pointer).toBe(pointer);
  });
});

interface Heard {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

const listen = async (count: number, headers: Readonly<Record<string, string>>): Promise<readonly Heard[]> => {
  const gone = new AbortController();
  const response = await fetch(`${service.url}/api/v1/events?types=memory.created`, {
    headers: { 'X-API-Key': tenant.adminKey, Accept: 'text/event-stream', ...headers },
    signal: gone.signal,
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const heard: Heard[] = [];
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      if (block.startsWith(':')) continue;
      const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]));
      heard.push({
        id: fields.get('id') ?? '',
        event: fields.get('event') ?? '',
        data: JSON.parse(fields.get('data') ?? 'null'),
      });
    }
    if (heard.length >= count) break;
  }
  gone.abort();
  return heard;
};
