import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createPool } from '../../../app/db/pool.js';
import { createHashEmbedder } from '../../../app/embeddings/hash.js';
import { createHealth } from '../../../app/health/components.js';
import { observeDisk } from '../../../app/health/machine.js';
import { createMemoriesHealth } from '../../../app/health/memories.js';
import type { VectorStore } from '../../../app/vectors/vector-store.js';
import {
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { createTestDatabase, freePort, startOwnCluster } from '../../support/postgres.js';

let tenant: TestTenant;
let service: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
});
afterAll(() => tenant.drop());

describe('probes', () => {
  it.each(['/health', '/healthz', '/ready', '/readyz', '/health/ready', '/health/live'])(
    '%s says only the status, to anybody',
    async (path) => {
      const answer = await service.call('GET', path, { key: null });
      expect([answer.status, answer.body]).toEqual([200, { status: 'ok' }]);
    },
  );

  it('/health/detailed names every part; through a gateway it needs a key', async () => {
    const inside = await service.call('GET', '/health/detailed', { key: null });
    const parts = ['database', 'migrations', 'keys', 'embeddings', 'vectors', 'process', 'audit'];
    const asked = ['memory', 'memories', 'cpu', 'disk', 'tasks', 'extraction', 'cache'];
    expect(Object.keys(inside.body.components)).toEqual(expect.arrayContaining([...parts, ...asked]));
    expect(inside.body.components).toMatchObject({
      database: { status: 'ok', detail: expect.stringMatching(/^\d+ memories$/) },
      memory: { detail: expect.stringMatching(/^\d+ MB in use, \d+ % of the heap's limit$/) },
      cpu: { detail: expect.stringMatching(/^load [\d.]+ on \d+ processors$/) },
      disk: { detail: expect.stringMatching(/^\d+ % of /) },
      tasks: { status: 'ok', detail: expect.stringMatching(/^\d tasks on time$/) },
    });
    const outside = { 'X-Forwarded-For': '192.0.2.1' };
    expect((await service.call('GET', '/health/detailed', { key: null, headers: outside })).status).toBe(401);
    expect((await service.call('GET', '/metrics', { key: null, headers: outside })).status).toBe(401);
    expect((await service.call('GET', '/health/detailed', { headers: outside })).status).toBe(200);
  });
});

it('/ says which service this is, its version and its environment, and where it is described, to anybody', async () => {
  const { status, body } = await service.call('GET', '/', { key: null });
  expect([status, body]).toEqual([
    200,
    {
      ...{ name: 'memplane-memory', version: expect.stringMatching(/^\d+\.\d+\.\d+/), environment: 'production' },
      ...{ docs: '/docs', openapi: '/openapi.json', health: '/health' },
    },
  ]);
});

describe('/metrics', () => {
  it('counts under the names of the documents, the tenant by its name', async () => {
    const metrics = async (): Promise<string> => (await service.call('GET', '/metrics', { key: null })).body;
    const counted = (text: string, line: string): number =>
      Number(
        text
          .split('\n')
          .find((one) => one.startsWith(`${line} `))
          ?.slice(line.length) ?? 0,
      );
    const before = await metrics();
    await service.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content: 'counted' } });
    const body = await metrics();
    expect(body).toMatch(/^memory_requests_total\{tenant_id="test",environment="production"\} \d+$/m);
    for (const line of [
      'memory_ingest_total{tenant_id="test",status="created",environment="production"}',
      'memory_operations_total{operation="createMemories",status="ok",environment="production"}',
    ])
      expect(counted(body, line)).toBe(counted(before, line) + 1);
    expect(body).toMatch(
      /^memory_operation_duration_seconds_bucket\{le="0.05",(?=[^}]*operation="createMemories")(?=[^}]*environment="production")[^}]*\} \d+$/m,
    );
  });

  it('is not there when it is switched off', async () => {
    const quiet = await startInProcess(tenant, { METRICS_ENABLED: 'false' });
    expect((await quiet.call('GET', '/metrics', { key: null })).status).toBe(404);
    await quiet.stop();
  });
});

describe('what is wrong shows', () => {
  const vectors = { trouble: () => undefined } as unknown as VectorStore;
  const look = async (url: string, more: object = {}) => {
    const db = createPool({ url, size: 1, onError: () => undefined });
    const health = createHealth({
      db,
      embedder: createHashEmbedder(64),
      vectors,
      keysTrouble: () => undefined,
      isDraining: () => false,
      isInitialised: () => true,
      ...more,
    });
    const seen = await health();
    await db.end();
    return seen;
  };

  it.each([
    ['a database that is away', async () => `postgres://a:b@127.0.0.1:${await freePort()}/c`, {}, 'database'],
    ['keys that cannot be read', async () => tenant.database.serviceUrl, { keysTrouble: () => 'gone' }, 'keys'],
    ['a shutdown', async () => tenant.database.serviceUrl, { isDraining: () => true }, 'process'],
    ['a start that is not over', async () => tenant.database.serviceUrl, { isInitialised: () => false }, 'process'],
  ])('%s', async (_, url, more, component) => {
    const { ready, status, components } = await look(await url(), more);
    expect([ready, status, components[component]?.status]).toEqual([false, 'unavailable', 'down']);
  });

  it('a database that takes connections and says nothing, and whatever waits for it: within one patience', async () => {
    // Who reads nothing does not see that the other end has gone either: the socket would outlive the suite.
    const open = new Set<Socket>();
    const silent = createServer((socket) => open.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const db = createPool({ url: `postgres://a:b@127.0.0.1:${port}/c`, size: 3, onError: () => undefined });
    const waits = async () => {
      await db.query('SELECT 1');
      return { status: 'ok' as const };
    };
    const health = createHealth({
      ...{ db, embedder: createHashEmbedder(64), vectors, keysTrouble: () => undefined },
      ...{ isDraining: () => false, isInitialised: () => true, more: { tasks: waits } },
    });
    const began = performance.now();
    const { ready, components } = await health();
    expect(performance.now() - began).toBeLessThan(5_500);
    expect([ready, components.database?.status, components.migrations?.status]).toEqual([false, 'down', 'down']);
    expect(components.tasks).toEqual({ status: 'degraded', detail: 'no answer in 2 s' });
    silent.close();
    await db.end().catch(() => undefined);
    for (const socket of open) socket.destroy();
  });

  it('a disk that cannot be read', async () => {
    expect(await observeDisk('/nowhere/at/all')).toEqual({ status: 'degraded', detail: expect.any(String) });
  });

  it.each(['ReadOnly', 'Suspended'])(
    'a tenant that is %s is ready all the same: its pods are not restarted for it',
    async (mode) => {
      const closed = await createTestTenant();
      closed.writePolicies({ ...defaultPolicies, mode });
      const there = await startInProcess(closed);
      for (const path of ['/health', '/readyz', '/health/live'])
        expect([path, (await there.call('GET', path, { key: null })).status]).toEqual([path, 200]);
      const read = await there.call('GET', '/api/v1/memories?user_id=ada');
      const write = await there.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content: 'x' } });
      expect([read.status, write.status, write.body.code]).toEqual([mode === 'ReadOnly' ? 200 : 503, 503, 'suspended']);
      await there.stop();
      await closed.drop();
    },
  );

  it('migrations that are still to be applied', async () => {
    const empty = await createTestDatabase({ migrated: false });
    const { ready, components } = await look(empty.serviceUrl);
    expect([ready, components.migrations]).toEqual([
      false,
      { status: 'down', detail: expect.stringContaining('run the role migrate') },
    ]);
    await empty.drop();
  });
});

it('a database that goes away is 503 with Retry-After, and the service comes back with it by itself', async () => {
  const cluster = await startOwnCluster({ durable: true });
  const own = await createTestTenant({ adminUrl: cluster.adminUrl });
  const there = await startInProcess(own);
  const write = () => there.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content: 'x' } });
  expect((await write()).status).toBe(201);
  await cluster.kill();
  const refused = await write();
  expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([
    503,
    'store_unavailable',
    '5',
  ]);
  expect((await there.call('GET', '/ready', { key: null })).status).toBe(503);
  expect((await there.call('GET', '/health/live', { key: null })).status).toBe(200);
  await cluster.restart();
  await eventually(write, ({ status }) => status === 201);
  await own.drop();
  await cluster.stop();
}, 90_000);

it('/health/detailed tells what the tenant remembers, what of it is disputed, and how far it is trusted', async () => {
  const { components } = (await service.call('GET', '/health/detailed')).body;
  expect(components.memories).toMatchObject({ status: 'ok', detail: expect.stringMatching(/counted|active/) });
  for (const object of ['Berlin', 'Paris'])
    await service.call('POST', '/api/v1/memories', {
      body: { user_id: 'ada', content: `lives in ${object}`, subject: 'Ada', predicate: 'lives_in', object },
    });
  const db = createPool({ url: tenant.env.DATABASE_URL ?? '', size: 1, onError: () => undefined });
  const look = createMemoriesHealth(db, { remember: (_kind, _name, make) => make() });
  await eventually(
    async () => look().detail ?? '',
    (told) => /^\d+ active, 2 contradicted, 0 in quarantine, trust 0\.\d\d on average/.test(told),
  );
  await db.end();
});
