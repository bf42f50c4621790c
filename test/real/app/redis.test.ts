import { jest } from '@jest/globals';
import { createCache } from '../../../app/cache/cache.js';
import { cacheEmbeddings } from '../../../app/cache/embeddings.js';
import { openRedis } from '../../../app/cache/redis.js';
import { createHashEmbedder } from '../../../app/embeddings/hash.js';
import { createVault, type Vault } from '../../../app/tenancy/vault.js';
import { bearTenant, type KeyHouse, openKeyHouse } from '../../support/keys.js';
import {
  createTestTenant,
  defaultPolicies,
  eventually,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { describePart, hasProgram } from '../../support/parts.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

jest.setTimeout(900_000);
const log = { info: () => undefined, warn: () => undefined };
/** Beyond what anything waits for, and ended by hand. */
const PAUSE_MS = 120_000;

/** A start waits for no cache: the first try may have taken longer than it may. */
const connected = (health: () => Promise<{ readonly status: string }>): Promise<unknown> =>
  eventually(health, ({ status }) => status === 'ok', 60_000);

describePart('Redis', hasProgram('redis-server'), () => {
  let redis: TestRedis;
  /** What is no number is no limit of time to the client: on a busy machine an answer takes longer than is waited for one. */
  let patiently: string;
  beforeAll(async () => {
    redis = await startRedis();
    patiently = `${redis.url}?commandTimeout=none`;
  });
  afterAll(() => redis.stop());

  describe('the cache in it', () => {
    let house: KeyHouse;
    let vault: Vault;
    beforeAll(async () => {
      house = await openKeyHouse();
      vault = createVault(await (await bearTenant(house)).open(), true);
      await vault.prepare([0]);
    });
    afterAll(() => house.remove());
    const open = async (prefix = 'a:') => {
      const shared = await openRedis({ url: patiently, prefix, log });
      await connected(async () => shared.health());
      return { shared, cache: createCache({ vault, shared, log }) };
    };

    it('serves a second replica, sealed and with an end', async () => {
      const [one, two] = [await open(), await open()];
      const model = createHashEmbedder(16);
      let asked = 0;
      const counting = {
        ...model,
        embed: (texts: readonly string[]) => {
          asked++;
          return model.embed(texts);
        },
      };
      const text = 'CANARY-embedding-7f3a';
      const [first] = await cacheEmbeddings(counting, one.cache).embed([text]);
      const [second] = await cacheEmbeddings(counting, two.cache).embed([text]);
      expect([asked, [...(second ?? [])]]).toEqual([1, [...(first ?? [])]]);
      const rows = await redis.dump();
      expect(rows.length).toBeGreaterThan(0);
      for (const { key, value, ttlMs } of rows) {
        expect(ttlMs).toBeGreaterThan(0);
        expect(key + value.toString('latin1')).not.toContain('CANARY');
        expect(value.indexOf(Buffer.from(new Uint8Array((first as Float32Array).buffer)))).toBe(-1);
        // Version 1, purpose 5 (cache): what formats say of a sealed value.
        expect([value[0], value[1]]).toEqual([1, 5]);
      }
      await Promise.all([one.shared.close(), two.shared.close()]);
    });

    it('takes no value that was moved to another key, and none that was made up', async () => {
      const { shared, cache } = await open('moved:');
      await cache.setMany('stats', [['ada', Buffer.from('1')]]);
      const [row] = (await redis.dump()).filter(({ key }) => key.startsWith('moved:'));
      await cache.setMany('stats', [['bob', Buffer.from('2')]]);
      const bob = (await redis.dump()).find(({ key }) => key.startsWith('moved:') && key !== row?.key);
      await shared.setMany([[(bob?.key ?? '').slice('moved:'.length), row?.value ?? Buffer.alloc(0)]], 10_000);
      const other = await open('moved:');
      expect(await other.cache.getMany('stats', ['ada', 'bob'])).toEqual([Buffer.from('1'), undefined]);
      await Promise.all([shared.close(), other.shared.close()]);
    });

    it('is cleared by kind for an erasure, and no other tenant loses anything', async () => {
      const [mine, theirs] = [await open('one*:'), await open('one-two:')];
      for (const { cache } of [mine, theirs]) {
        await cache.setMany('embedding', [['x', Buffer.from('v')]]);
        await cache.setMany('stats', [['x', Buffer.from('v')]]);
      }
      expect(await mine.cache.clear('embedding')).toBe(1);
      const left = (await redis.dump()).map(({ key }) => key.split('cache:').map((part) => part.split(':')[0]));
      expect(left).toEqual(
        expect.arrayContaining([
          ['one*', 'stats'],
          ['one-two', 'stats'],
          ['one-two', 'embedding'],
        ]),
      );
      expect(left).not.toContainEqual(['one*', 'embedding']);
      await Promise.all([mine.shared.close(), theirs.shared.close()]);
    });
  });

  describe('two replicas on it', () => {
    let tenant: TestTenant;
    beforeEach(async () => {
      tenant = await createTestTenant();
    });
    afterEach(() => tenant.drop());
    const start = async (url = patiently) => {
      const service = await startInProcess(tenant, { REDIS_URL: url });
      await connected(async () => (await service.call('GET', '/health/detailed')).body.components.cache);
      return service;
    };

    it('start without it', async () => {
      const service = await startInProcess(tenant, { REDIS_URL: 'redis://127.0.0.1:1' });
      expect((await service.call('GET', '/api/v1/whoami')).status).toBe(200);
      expect(JSON.stringify((await service.call('GET', '/health/detailed')).body)).toContain('ECONNREFUSED');
      await service.stop();
    });

    it('count memories once between them, see at once what the other wrote, and go on without the store', async () => {
      const [one, two] = await Promise.all([start(), start()]);
      const create = (user_id: string) =>
        one.call('POST', '/api/v1/memories?wait=indexed', { body: { user_id, content: 'CANARY-content-91' } });
      const statsOf = async (service: typeof one) => (await service.call('GET', '/memory_stats')).body;
      await create('ada');
      const first = await statsOf(one);
      expect(await statsOf(two)).toEqual(first);
      for (let total = 2; total <= 6; total++) {
        await create('ada');
        expect([(await statsOf(two)).total, (await statsOf(one)).total]).toEqual([total, total]);
      }
      await two.call('GET', '/api/v1/memories/clusters?user_id=ada&k=1');
      await two.call('GET', '/api/v1/entities');
      const rows = (await redis.dump()).filter(({ key }) => /cache:(stats|centroid|session):/.test(key));
      expect(new Set(rows.map(({ key }) => /cache:(\w+)/.exec(key)?.[1]))).toEqual(
        new Set(['stats', 'centroid', 'session']),
      );
      for (const { value, ttlMs } of rows) {
        expect([value[0], value[1], ttlMs > 0]).toEqual([1, 5, true]);
        expect(value.toString('latin1')).not.toMatch(/CANARY|total|contradicted|cohesion/);
      }
      for (const { ttlMs } of await redis.dump()) expect(ttlMs).toBeGreaterThan(0);
      await redis.kill();
      await eventually(
        () => statsOf(one),
        ({ total }) => total === 6,
      );
      await create('ada');
      expect((await statsOf(one)).total).toBe(7);
      await redis.restart();
      await Promise.all([one.stop(), two.stop()]);
    });

    it('count one limit together, and no address is in clear in the store', async () => {
      tenant.writePolicies({ ...defaultPolicies, rateLimits: { tenantPerMinute: 7, ipPerMinute: 100 } });
      const [one, two] = await Promise.all([start(), start()]);
      const statuses: number[] = [];
      for (let turn = 0; turn < 5; turn++) {
        for (const service of [one, two]) statuses.push((await service.call('GET', '/api/v1/whoami')).status);
      }
      expect(statuses).toEqual([...Array(7).fill(200), ...Array(3).fill(429)]);
      const last = await one.call('GET', '/api/v1/whoami', { headers: { 'X-Forwarded-For': '192.0.2.77' } });
      expect(last.headers.get('ratelimit')).toMatch(/^"tenant";r=0;t=\d+, "ip";r=99;t=60$/);
      expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(JSON.stringify((await redis.dump()).map(({ key }) => key))).not.toContain('192.0.2.77');
      await Promise.all([one.stop(), two.stop()]);
    });

    it('a key has a limit of its own where there is one', async () => {
      tenant.writePolicies({
        ...defaultPolicies,
        rateLimits: { tenantPerMinute: 1000, ipPerMinute: 1000, keyPerMinute: 2 },
      });
      const service = await start();
      const answers = [];
      for (let turn = 0; turn < 3; turn++) answers.push(await service.call('GET', '/api/v1/whoami'));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
      expect(answers[0]?.headers.get('ratelimit-policy')).toBe(
        '"tenant";q=1000;w=60, "ip";q=1000;w=60, "key";q=2;w=60',
      );
      expect(answers[2]?.body.detail).toContain('with this key');
      await service.stop();
    });

    it('while it is away, or silent, go on alone, say so, and come back to it', async () => {
      const service = await start(redis.url);
      const component = async () => (await service.call('GET', '/health/detailed')).body.components.cache;
      expect(await component()).toEqual({ status: 'ok', detail: expect.stringMatching(/^Redis; /) });
      await redis.kill();
      const state = await eventually(component, ({ status }) => status === 'degraded');
      expect(state.detail).toContain('counts and caches alone');
      expect((await service.call('GET', '/health')).status).toBe(200);
      expect((await service.call('GET', '/api/v1/whoami')).status).toBe(200);
      await redis.restart();
      await eventually(component, ({ status }) => status === 'ok');
      await redis.pause(PAUSE_MS);
      const began = Date.now();
      expect((await service.call('GET', '/api/v1/whoami')).status).toBe(200);
      expect(Date.now() - began).toBeLessThan(PAUSE_MS / 2);
      await service.stop();
      // Whoever comes next has one that answers.
      await redis.kill();
      await redis.restart();
    });
  });
});
