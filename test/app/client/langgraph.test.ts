import { AsyncBatchedStore, type BaseStore } from '@langchain/langgraph-checkpoint';
import { MemplaneStore } from '../../../app/client/langgraph.js';
import {
  createTestTenant,
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
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

// The compiler says that it is a BaseStore; LangGraph itself then wraps it as it wraps every store.
const open = (userId: string): BaseStore => new MemplaneStore({ url: service.url, apiKey: tenant.adminKey, userId });
const STORES: readonly (readonly [string, () => BaseStore])[] = [
  ['by itself', () => open('ada')],
  ["in LangGraph's AsyncBatchedStore", () => new AsyncBatchedStore(open('grace'))],
];

describe.each(STORES)('the store %s', (_, make) => {
  let store: BaseStore;
  beforeAll(async () => {
    store = make();
    await store.start();
  });
  afterAll(() => store.stop());

  it('puts, gets and deletes', async () => {
    await store.put(['users', 'prefs'], 'theme', { mode: 'dark', nested: [1, { a: null }] });
    expect(await store.get(['users', 'prefs'], 'theme')).toEqual({
      namespace: ['users', 'prefs'],
      key: 'theme',
      value: { mode: 'dark', nested: [1, { a: null }] },
      createdAt: expect.any(Date),
      updatedAt: expect.any(Date),
    });
    await store.delete(['users', 'prefs'], 'theme');
    expect(await store.get(['users', 'prefs'], 'theme')).toBeNull();
  });

  it('searches by words and by filter', async () => {
    await store.put(['notes'], 'a', { text: 'green tea', lang: 'en' });
    await store.put(['notes'], 'b', { text: 'a red bicycle', lang: 'en' }, ['text']);
    await store.put(['notes'], 'c', { text: 'grüner Tee', lang: 'de' }, false);
    const [best] = await store.search(['notes'], { query: 'bicycle', limit: 1 });
    expect(best).toMatchObject({ key: 'b', score: expect.any(Number), value: { text: 'a red bicycle' } });
    expect((await store.search(['notes'], { filter: { lang: 'de' } })).map(({ key }) => key)).toEqual(['c']);
    expect(await store.search(['nothing'])).toEqual([]);
  });
});

it('puts nothing where no store of LangGraph does, and null deletes', async () => {
  const store = open('edge');
  await expect(store.put([], 'k', { a: 1 })).rejects.toMatchObject({ code: 'invalid_request' });
  await expect(store.put(['langgraph', 'x'], 'k', { a: 1 })).rejects.toMatchObject({
    errors: [{ pointer: '/namespace' }],
  });
  await store.put(['own'], 'k', { a: 1 });
  await store.put(['own'], 'k', null as never);
  expect(await store.get(['own'], 'k')).toBeNull();
});

it('lists namespaces', async () => {
  const store = open('lists');
  await store.put(['a', 'b', 'c'], 'k', { v: 1 });
  expect(await store.listNamespaces({ prefix: ['a'] })).toEqual([['a', 'b', 'c']]);
  expect(await store.listNamespaces({ suffix: ['x'] })).toEqual([]);
  expect(await store.listNamespaces({ prefix: ['a'], maxDepth: 2 })).toEqual([['a', 'b']]);
});

it('a batch is done in order, each result in its place', async () => {
  const store = open('batch');
  const results = await store.batch([
    { namespace: ['n'], key: 'k', value: { v: 1 } },
    { namespace: ['n'], key: 'k' },
    { namespacePrefix: ['n'] },
    { limit: 10, offset: 0, matchConditions: [{ matchType: 'suffix', path: ['n'] }] },
    { namespace: ['n'], key: 'k', value: null },
    { namespace: ['n'], key: 'k' },
  ]);
  expect(results).toEqual([
    undefined,
    expect.objectContaining({ value: { v: 1 } }),
    [expect.objectContaining({ key: 'k' })],
    [['n']],
    undefined,
    null,
  ]);
});
