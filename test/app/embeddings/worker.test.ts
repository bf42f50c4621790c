import { createPool, type Database } from '../../../app/db/pool.js';
import type { Embedder } from '../../../app/embeddings/embedder.js';
import { createHashEmbedder } from '../../../app/embeddings/hash.js';
import { claimWork, countWork } from '../../../app/embeddings/outbox.js';
import { startEmbeddingWorker } from '../../../app/embeddings/worker.js';
import { createLogger } from '../../../app/http/log.js';
import { openBucket, openKms, openTenantKeys } from '../../../app/keys/index.js';
import { createVault, type Vault } from '../../../app/tenancy/vault.js';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

/** The service here has a model that never loads (its thread is only in what is built), so work stays until the test takes it. */
let tenant: TestTenant;
let service: InProcessService;
let db: Database;
let vault: Vault;
beforeEach(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant, { EMBEDDING_PROVIDER: 'local', VECTOR_DIMENSIONS: '512' });
  db = createPool({ url: tenant.database.serviceUrl, size: 4, onError: () => undefined });
  const { MEMPLANE_TENANT_ID = '', KEYS_BUCKET_URL = '', KMS_KEY_ID = '' } = tenant.env;
  const keys = await openTenantKeys({
    tenantId: MEMPLANE_TENANT_ID,
    namespace: 'mem-test',
    bucket: openBucket(KEYS_BUCKET_URL),
    kms: openKms({ provider: 'file', keyId: KMS_KEY_ID }),
  });
  vault = createVault(keys, true);
  await vault.prepare([0]);
});
afterEach(async () => {
  await db.end();
  await tenant.drop();
});

const quiet = createLogger({ level: 'silent', tenant: 'test' });
const write = async (contents: readonly string[]): Promise<void> => {
  const memories = contents.map((content) => ({ user_id: 'ada', content }));
  expect((await service.call('POST', '/api/v1/memories', { body: { memories } })).status).toBe(200);
};
const statuses = async (): Promise<Readonly<Record<string, string>>> => {
  const { body } = await service.call('GET', '/api/v1/memories?user_id=ada&limit=1000');
  return Object.fromEntries(
    body.results.map((row: { content: string; vector_status: string }) => [row.content, row.vector_status]),
  );
};
const work = (embedder: Embedder) => startEmbeddingWorker({ db, vault, embedder, leaseMs: 60_000, log: quiet });
const real = createHashEmbedder(512);

it('without a model the service is up, ready, and finds by words what waits for its vector', async () => {
  await write(['The harbour is closed on Sundays', 'Bread is baked at night']);
  expect((await service.call('GET', '/ready')).status).toBe(200);
  expect((await service.call('GET', '/health/detailed')).body).toMatchObject({
    status: 'degraded',
    components: { embeddings: { status: 'degraded' } },
  });
  const { body } = await service.call('POST', '/api/v1/memories/search', {
    body: { user_id: 'ada', query: 'harbour on Sundays' },
  });
  expect(body).toMatchObject({
    degraded: ['embedding'],
    results: [{ content: 'The harbour is closed on Sundays', vector_status: 'pending' }],
  });
});

it('says at debug level which request its work was for', async () => {
  const memories = ['one', 'two'].map((content) => ({ user_id: 'ada', content }));
  const send = (id: string, body: object) =>
    service.call('POST', '/api/v1/memories', { body, headers: { 'X-Request-ID': id } });
  await send('req-early', { memories });
  await send('req-late', { user_id: 'ada', content: 'three' });
  const lines: string[] = [];
  const log = createLogger({ level: 'debug', tenant: 'test' }, { write: (line) => void lines.push(line) });
  const worker = startEmbeddingWorker({ db, vault, embedder: real, leaseMs: 60_000, log });
  const told = await eventually(
    async () => lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'vectors stored'),
    (found) => found.length >= 2,
  );
  await worker.stop();
  expect(told.map(({ requestId, memories: count }) => [requestId, count]).sort()).toEqual([
    ['req-early', 2],
    ['req-late', 1],
  ]);
});

it('a text that its model refuses holds nobody up, is tried again, and is given up in the end', async () => {
  const contents = Array.from({ length: 40 }, (_, index) => (index === 17 ? 'poison' : `fine ${index}`));
  await write(contents);
  const picky: Embedder = {
    ...real,
    embed: async (texts) => {
      if (texts.includes('poison')) throw new Error('cannot be embedded');
      return real.embed(texts);
    },
  };
  const worker = work(picky);
  const fine = await eventually(
    statuses,
    (seen) => Object.values(seen).filter((status) => status === 'succeeded').length === 39,
  );
  expect(fine.poison).toBe('pending');
  // Eight attempts take nine minutes; the clock of the table is turned instead.
  await eventually(
    async () => {
      await db.query('UPDATE outbox SET run_at = now() WHERE NOT failed');
      worker.wake();
      return statuses();
    },
    (seen) => seen.poison === 'failed',
  );
  expect(await countWork(db)).toEqual({ waiting: 0, failed: 1 });
  await worker.stop();
});

it('work has one holder at a time, and comes back when its holder is gone', async () => {
  await write(['a', 'b', 'c']);
  const [first, second] = await Promise.all([claimWork(db, 2, 60_000), claimWork(db, 2, 60_000)]);
  const ids = [...first, ...second].map(({ id }) => id);
  expect([ids.length, new Set(ids).size]).toEqual([3, 3]);
  expect(await claimWork(db, 10, 60_000)).toEqual([]);
  await db.query(`UPDATE outbox SET run_at = now() - interval '1 second'`);
  const again = await claimWork(db, 10, 60_000);
  expect(again.map(({ attempts }) => attempts)).toEqual([2, 2, 2]);
});

it('what is deleted while its vector is made leaves no vector behind', async () => {
  await write(['short-lived']);
  const { body } = await service.call('GET', '/api/v1/memories?user_id=ada');
  const [{ id }] = body.results;
  const slow: Embedder = {
    ...real,
    embed: async (texts) => {
      await service.call('DELETE', `/api/v1/memories/${id}`);
      return real.embed(texts);
    },
  };
  const worker = work(slow);
  await eventually(
    () => countWork(db),
    ({ waiting }) => waiting === 0,
  );
  await worker.stop();
  expect((await db.query('SELECT 1 FROM vectors')).rowCount).toBe(0);
});

it('stopping waits for the batch in hand', async () => {
  await write(['last']);
  let begun = false;
  const slow: Embedder = {
    ...real,
    embed: async (texts) => {
      begun = true;
      await new Promise((resolve) => setTimeout(resolve, 150));
      return real.embed(texts);
    },
  };
  const worker = work(slow);
  await eventually(async () => begun, Boolean);
  await worker.stop();
  expect(await statuses()).toEqual({ last: 'succeeded' });
});
