import { Client } from '@langchain/langgraph-sdk';
import pg from 'pg';
import { textOf } from '../../../app/langgraph/item.js';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
let db: pg.Client;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
  db = new pg.Client({ connectionString: tenant.env.DATABASE_URL ?? '' });
  await db.connect();
});
afterAll(async () => {
  await db.end();
  await service.stop();
  await tenant.drop();
});

const makeKey = async (body: object): Promise<string> =>
  (await service.call('POST', '/api/v1/keys', { body: { name: 'k', ...body } })).body.key;
const connect = (apiKey: string, defaultHeaders = {}) =>
  new Client({ apiUrl: service.url, apiKey, defaultHeaders: { ...defaultHeaders }, callerOptions: { maxRetries: 0 } })
    .store;
type Store = ReturnType<typeof connect>;

const OWNERS: readonly (readonly [string, () => Promise<Store>])[] = [
  ['of a person, by their own key', async () => connect(await makeKey({ role: 'admin', user_id: 'ada' }))],
  ['of a person, by the header', async () => connect(await makeKey({ role: 'service' }), { 'X-User-ID': 'grace' })],
  ['of the tenant', async () => connect(await makeKey({ role: 'service' }))],
];

describe.each(OWNERS)("LangGraph's client.store, items %s", (_, open) => {
  let store: Store;
  beforeAll(async () => {
    store = await open();
  });

  it('puts, gets, replaces and deletes', async () => {
    const value = { text: 'likes tea', count: 3, nested: { list: [1, 'two', null], ok: true } };
    expect(await store.putItem(['profile', 'tastes'], 'drink', value)).toBeUndefined();
    const item = await store.getItem(['profile', 'tastes'], 'drink');
    expect(item).toMatchObject({ namespace: ['profile', 'tastes'], key: 'drink', value });
    expect(new Date(item?.createdAt ?? 0).getTime()).toBeGreaterThan(0);
    await store.putItem(['profile', 'tastes'], 'drink', { text: 'likes coffee' });
    const replaced = await store.getItem(['profile', 'tastes'], 'drink');
    expect(replaced).toMatchObject({ value: { text: 'likes coffee' }, createdAt: item?.createdAt });
    expect(await store.getItem(['profile'], 'drink')).toBeNull();
    await store.deleteItem(['profile', 'tastes'], 'drink');
    expect(await store.getItem(['profile', 'tastes'], 'drink')).toBeNull();
    expect(await store.deleteItem(['profile', 'tastes'], 'drink')).toBeUndefined();
  });

  it('gives an item that is read with refresh_ttl all its time again, by get and by search; without it none', async () => {
    const readBy: readonly (readonly [string, (refreshTtl: boolean) => Promise<unknown>])[] = [
      ['get', (refreshTtl) => store.getItem(['lives'], 'get', { refreshTtl })],
      ['search', (refreshTtl) => store.searchItems(['lives'], { query: 'lives by search', refreshTtl })],
      ['list', (refreshTtl) => store.searchItems(['lives'], { refreshTtl })],
    ];
    const left = async (key: string): Promise<number> => {
      const { rows } = await db.query(
        `SELECT extract(epoch FROM expires_at - now()) / 60 AS left FROM memories WHERE expires_at IS NOT NULL AND id = $1`,
        [ids.get(key)],
      );
      return Number(rows[0]?.left);
    };
    const ids = new Map<string, string>();
    for (const [key, read] of readBy) {
      await store.putItem(['lives'], key, { text: `lives by ${key}` }, { ttl: 90 });
      const { rows } = await db.query('SELECT id FROM memories ORDER BY created_at DESC, id DESC LIMIT 1');
      ids.set(key, rows[0].id);
      await read(true);
      const version = async () =>
        (await db.query('SELECT version FROM memories WHERE id = $1', [ids.get(key)])).rows[0].version;
      // Nothing worth a version was spent yet.
      expect(await version()).toBe(1);
      const { body } = await service.call('PATCH', `/api/v1/memories/${ids.get(key)}`, {
        body: { expires_at: new Date(Date.now() + 10 * 60_000).toISOString() },
      });
      expect(body.version).toBe(2);
      await read(false);
      expect(Math.round(await left(key))).toBe(10);
      await read(true);
      expect([Math.round(await left(key)), await version()]).toEqual([90, 3]);
    }
  });

  it('searches below a namespace, by words, by filter, page by page', async () => {
    for (const [key, text, year] of [
      ['a', 'green tea in the morning', 1],
      ['b', 'a bicycle with three wheels', 2],
      ['c', 'black tea at night', 2],
    ] as const)
      await store.putItem(['notes', 'daily'], key, { text, year });
    await store.putItem(['notes-other'], 'd', { text: 'tea elsewhere', year: 2 });
    const all = await store.searchItems(['notes']);
    expect(all.items.map(({ key }) => key).sort()).toEqual(['a', 'b', 'c']);
    const { items } = await store.searchItems(['notes', 'daily'], { query: 'bicycle wheels', limit: 1 });
    expect(items).toMatchObject([
      { key: 'b', namespace: ['notes', 'daily'], value: { year: 2 }, score: expect.any(Number) },
    ]);
    const keysOf = async (options: object) =>
      (await store.searchItems(['notes'], options)).items.map(({ key }) => key).sort();
    expect(await keysOf({ filter: { year: 2 } })).toEqual(['b', 'c']);
    expect(await keysOf({ filter: { year: { $ne: 2 } } })).toEqual(['a']);
    expect(await keysOf({ query: 'tea', filter: { year: { $eq: 2 } } })).toContain('c');
    const pages = [await keysOf({ limit: 2 }), await keysOf({ limit: 2, offset: 2 })].flat();
    expect(pages.sort()).toEqual(['a', 'b', 'c']);
    expect(await keysOf({ limit: 2, offset: 9 })).toEqual([]);
  });

  it('lists namespaces by prefix, suffix and depth', async () => {
    await store.putItem(['docs', 'ada', 'v1'], 'x', { a: 1 });
    await store.putItem(['docs', 'bob', 'v2'], 'x', { a: 1 });
    const list = async (options: object) => (await store.listNamespaces(options)).namespaces;
    expect(await list({ prefix: ['docs'] })).toEqual([
      ['docs', 'ada', 'v1'],
      ['docs', 'bob', 'v2'],
    ]);
    expect(await list({ prefix: ['docs', '*', 'v2'] })).toEqual([['docs', 'bob', 'v2']]);
    expect(await list({ suffix: ['v1'] })).toEqual([['docs', 'ada', 'v1']]);
    expect(await list({ prefix: ['docs'], maxDepth: 1 })).toEqual([['docs']]);
    expect(await list({ prefix: ['docs'], limit: 1, offset: 1 })).toEqual([['docs', 'bob', 'v2']]);
  });

  it('lets an item expire, and keeps what is searched to the fields that are named', async () => {
    await store.putItem(['short'], 'k', { a: 'gone soon' }, { ttl: 0.0001 });
    await eventually(
      () => store.getItem(['short'], 'k'),
      (item) => item === null,
    );
    expect((await store.searchItems(['short'])).items).toEqual([]);
    await store.putItem(['short'], 'k', { a: 'back again' });
    expect((await store.getItem(['short'], 'k'))?.value).toEqual({ a: 'back again' });
    await store.putItem(['fields'], 'k', { a: 'walrus', b: ['otter'] }, { index: ['b[*]'] });
    expect((await store.getItem(['fields'], 'k'))?.value).toEqual({ a: 'walrus', b: ['otter'] });
  });
});

describe('what is searched of a value', () => {
  const value = { title: 'Tea', tags: ['green', 'hot'], more: [{ text: 'a' }, { text: 'b', n: 2 }], empty: ' ' };
  it.each<[string, readonly string[] | false | null, string]>([
    ['all of it', null, 'Tea\ngreen\nhot\na\nb\n2'],
    ['all of it, by name', ['$'], 'Tea\ngreen\nhot\na\nb\n2'],
    ['a field', ['title'], 'Tea'],
    ['an item', ['tags[0]', 'tags[-1]'], 'green\nhot'],
    ['a field of each item', ['more[*].text'], 'a\nb'],
    ['what is not there', ['nothing', 'constructor', 'tags[9]'], 'the key'],
    ['nothing', false, 'the key'],
  ])('%s', (_, index, text) => {
    expect(textOf('the key', value, index)).toBe(text);
  });
});

describe('whose items', () => {
  it('one owner sees nothing of another, by whatever name', async () => {
    const [ada, grace, shared] = await Promise.all(OWNERS.map(([, open]) => open()));
    if (!ada || !grace || !shared) throw new Error('three owners');
    await ada.putItem(['mine'], 'k', { text: 'only ada' });
    for (const other of [grace, shared]) {
      expect(await other.getItem(['mine'], 'k')).toBeNull();
      expect((await other.searchItems(['mine'])).items).toEqual([]);
      const found = await other.searchItems([], { query: 'only ada' });
      expect(found.items.map(({ namespace }) => namespace)).not.toContainEqual(['mine']);
      expect((await other.listNamespaces({ prefix: ['mine'] })).namespaces).toEqual([]);
      await other.deleteItem(['mine'], 'k');
    }
    expect((await ada.getItem(['mine'], 'k'))?.value).toEqual({ text: 'only ada' });
    await shared.putItem(['common'], 'k', { text: 'for all' });
    expect(
      (await ada.searchItems([], { query: 'for all' })).items.map(({ namespace }) => namespace),
    ).not.toContainEqual(['common']);
  });

  it('a key that may not delete or write is told so', async () => {
    const user = connect(await makeKey({ role: 'user', user_id: 'ada' }));
    await expect(user.deleteItem(['mine'], 'k')).rejects.toThrow(/403/);
    const reader = connect(await makeKey({ role: 'readonly', user_id: 'ada' }));
    await expect(reader.putItem(['mine'], 'k', { a: 1 })).rejects.toThrow(/403/);
    expect((await reader.getItem(['mine'], 'k'))?.value).toEqual({ text: 'only ada' });
  });

  it('a memory of a key is an item too, and an item a memory', async () => {
    const store = connect(tenant.adminKey, { 'X-User-ID': 'linus' });
    await service.call('PUT', '/api/v1/memories/by-key/home?namespace=facts', {
      body: { user_id: 'linus', content: 'lives in Oslo', metadata: { sure: true } },
    });
    expect((await store.getItem(['facts'], 'home'))?.value).toEqual({ content: 'lives in Oslo', sure: true });
    await store.putItem(['facts'], 'pet', { name: 'Rex' });
    const { body } = await service.call('GET', '/api/v1/memories?user_id=linus&filters={"namespace":"facts"}');
    expect(body.results).toContainEqual(
      expect.objectContaining({ key: 'pet', namespace: ['facts'], content: 'Rex', metadata: { name: 'Rex' } }),
    );
  });
});

describe('bad input', () => {
  const call = (method: string, path: string, body?: object) =>
    service.call(method, `/store/${path}`, { ...(body ? { body } : {}), headers: { 'X-User-ID': 'ada' } });

  it.each<[string, string, string, object | undefined, number, string]>([
    ['a label with a dot', 'PUT', 'items', { namespace: ['a.b'], key: 'k', value: {} }, 400, '/namespace/0'],
    ['a value that is a list', 'PUT', 'items', { namespace: ['a'], key: 'k', value: [] }, 400, '/value'],
    [
      'a value that is too long',
      'PUT',
      'items',
      { namespace: ['a'], key: 'k', value: { a: 'x'.repeat(70_000) } },
      400,
      '/value',
    ],
    ['no key', 'PUT', 'items', { namespace: ['a'], value: {} }, 400, '/key'],
    ['an unknown member', 'PUT', 'items', { namespace: ['a'], key: 'k', value: {}, user_id: 'bob' }, 400, '/user_id'],
    ['a ttl of nothing', 'PUT', 'items', { namespace: ['a'], key: 'k', value: {}, ttl: 0 }, 400, '/ttl'],
    ['no key to read', 'GET', 'items?namespace=a', undefined, 400, '/query/key'],
    ['an operator that is none', 'POST', 'items/search', { filter: { a: { $regex: 'x' } } }, 400, '/filter'],
    ['a page too far', 'POST', 'items/search', { limit: 10, offset: 2000 }, 400, '/offset'],
    ['a range over what is sealed', 'POST', 'items/search', { filter: { a: { $gt: 1 } } }, 422, ''],
    [
      'a refresh that is neither',
      'GET',
      'items?namespace=a&key=k&refresh_ttl=often',
      undefined,
      400,
      '/query/refresh_ttl',
    ],
  ])('%s is refused by name', async (_, method, path, body, status, pointer) => {
    const answer = await call(method, path, body);
    expect(answer.status).toBe(status);
    expect(answer.body.remedy).toEqual(expect.any(String));
    if (pointer !== '') expect(answer.body.errors[0].pointer).toBe(pointer);
  });

  it('more time is for those who may change an item', async () => {
    const key = await makeKey({ role: 'readonly', user_id: 'ada' });
    for (const [method, path, body] of [
      ['GET', 'items?namespace=a&key=k&refresh_ttl=true', undefined],
      ['POST', 'items/search', { refresh_ttl: true }],
    ] as const) {
      const { status, body: said } = await service.call(method, `/store/${path}`, { key, ...(body ? { body } : {}) });
      expect([status, said.code]).toEqual([403, 'forbidden']);
    }
  });

  it('prototype keys are keys like others', async () => {
    const raw = '{"namespace":["p"],"key":"__proto__","value":{"constructor":"x","a":{"__proto__":{"b":1}}}}';
    expect((await service.call('PUT', '/store/items', { raw, headers: { 'X-User-ID': 'ada' } })).status).toBeLessThan(
      500,
    );
    expect(({} as { b?: number }).b).toBeUndefined();
  });
});
