import { jest } from '@jest/globals';
import { type Cache, createCache } from '../../../app/cache/cache.js';
import { cacheEmbeddings } from '../../../app/cache/embeddings.js';
import { createHashEmbedder } from '../../../app/embeddings/hash.js';
import { createVault, type Vault } from '../../../app/tenancy/vault.js';
import { bearTenant, type KeyHouse, openKeyHouse } from '../../support/keys.js';
import { createTestTenant, startInProcess } from '../../support/memory-service.js';

jest.setTimeout(90_000);

let house: KeyHouse;
let vault: Vault;
let now = 0;
let cache: Cache;
beforeAll(async () => {
  house = await openKeyHouse();
  const keys = await (await bearTenant(house)).open();
  vault = createVault(keys, true);
  await vault.prepare([0]);
});
afterAll(() => house.remove());
beforeEach(() => {
  now = 1_000_000;
  cache = createCache({ vault, shared: undefined, log: { warn: () => undefined }, now: () => now });
});

describe('a cached value', () => {
  it('is made once until its time is over', async () => {
    let made = 0;
    const look = () => cache.remember('stats', 'tenant', async () => ({ memories: ++made }));
    expect([await look(), await look()]).toEqual([{ memories: 1 }, { memories: 1 }]);
    now += 2_001;
    expect(await look()).toEqual({ memories: 2 });
    expect(cache.counts().stats).toEqual({ hits: 1, misses: 2 });
  });

  it('that a write touched is forgotten, and no other', async () => {
    const make = (name: string) => cache.remember('stats', name, async () => now);
    await Promise.all([make('ada'), make('bob')]);
    await cache.delete('stats', ['ada']);
    now += 1;
    expect([await make('ada'), await make('bob')]).toEqual([1_000_001, 1_000_000]);
  });

  it('of one kind is not a value of another, and a kind is cleared alone', async () => {
    await cache.setMany('session', [['x', Buffer.from('s')]]);
    await cache.setMany('stats', [['x', Buffer.from('t')]]);
    await cache.clear('session');
    expect(await cache.getMany('session', ['x'])).toEqual([undefined]);
    expect((await cache.getMany('stats', ['x']))[0]?.toString()).toBe('t');
  });
});

describe('embeddings', () => {
  it('of one text are made once, whoever asks, and are equal bit by bit', async () => {
    const model = createHashEmbedder(32);
    const asked: string[] = [];
    const counting = {
      ...model,
      embed: (texts: readonly string[]) => {
        asked.push(...texts);
        return model.embed(texts);
      },
    };
    const embedder = cacheEmbeddings(counting, cache);
    const first = await embedder.embed(['tea', 'milk', 'tea']);
    const second = await embedder.embed(['milk', 'sugar', 'tea']);
    expect(asked).toEqual(['tea', 'milk', 'sugar']);
    expect([first[0], first[2], second[2]].map((vector) => vector && [...vector])).toEqual(
      Array(3).fill([...((await model.embed(['tea']))[0] ?? [])]),
    );
  });

  it('handed out may be changed by who got them', async () => {
    const embedder = cacheEmbeddings(createHashEmbedder(8), cache);
    const [mine] = await embedder.embed(['tea']);
    const before = [...(mine ?? [])];
    mine?.fill(9);
    expect([...((await embedder.embed(['tea']))[0] ?? [])]).toEqual(before);
  });
});

it('hits and misses are on /metrics', async () => {
  const tenant = await createTestTenant();
  const service = await startInProcess(tenant);
  const search = () => service.call('POST', '/api/v1/memories/search', { body: { user_id: 'ada', query: 'tea' } });
  await search();
  await search();
  const metrics = (await service.call('GET', '/metrics')).body as string;
  expect(metrics).toMatch(/^cache_hits_total\{kind="embedding"[^}]*\} [1-9]/m);
  expect(metrics).toMatch(/^cache_misses_total\{kind="embedding"[^}]*\} [1-9]/m);
  expect((await service.call('GET', '/health/detailed')).body.components.cache).toEqual({
    status: 'ok',
    detail: expect.stringMatching(/^in this process; \d+ % of \d+ lookups hit$/),
  });
  await service.stop();
  await tenant.drop();
});
