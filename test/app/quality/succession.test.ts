import pg from 'pg';
import {
  type ChildService,
  createTestTenant,
  eventually,
  type InProcessService,
  startChild,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { type ModelServer, startModelServer } from '../../support/model-servers.js';

/** A stand-in of a next model: words on 1,024 axes, as the Ollama API tells them. It answers when the test lets it. */
const DIMENSIONS = 1_024;
const embed = (text: string): readonly number[] => {
  const vector = new Array<number>(DIMENSIONS).fill(0);
  for (const word of text.toLowerCase().match(/[a-z0-9]+/g) ?? []) {
    const axis = [...word].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % DIMENSIONS, 7);
    vector[axis] = (vector[axis] ?? 0) + 1;
  }
  return vector;
};

let tenant: TestTenant;
let server: ModelServer;
let db: pg.Client;
let afterMs = 0;
/** Called at each request, before its answer. */
let onAsked: (count: number) => void = () => undefined;
const embedded: string[] = [];
const env = () => ({
  ...{ EMBEDDING_NEXT_PROVIDER: 'ollama', EMBEDDING_NEXT_MODEL: 'next', EMBEDDING_NEXT_ENDPOINT: server.url },
  EMBEDDING_NEXT_DIMENSIONS: String(DIMENSIONS),
});

beforeAll(async () => {
  server = await startModelServer(({ body }) => {
    onAsked(body.input.length);
    embedded.push(...body.input);
    return { body: { embeddings: body.input.map(embed) }, afterMs };
  });
});
beforeEach(async () => {
  [afterMs, embedded.length] = [0, 0];
  onAsked = () => undefined;
  tenant = await createTestTenant();
  db = new pg.Client({ connectionString: tenant.env.DATABASE_URL ?? '' });
  await db.connect();
}, 60_000);
afterEach(async () => {
  await db.end();
  await tenant.drop();
}, 60_000);
afterAll(() => server.stop());

type Service = Pick<InProcessService | ChildService, 'call'>;
const store = async (service: Service, contents: readonly string[]): Promise<readonly string[]> => {
  const memories = contents.map((content) => ({ user_id: 'ada', content }));
  const { status, body } = await service.call('POST', '/api/v1/memories?wait=indexed', { body: { memories } });
  expect(status).toBe(200);
  return body.results.map(({ id }: { id: string }) => id);
};
const facts = (count: number, what = 'fact') => Array.from({ length: count }, (_, n) => `${what} number ${n}`);
const find = async (service: Service, query: string) =>
  (
    await service.call('POST', '/api/v1/memories/search', {
      body: { user_id: 'ada', query, mode: 'semantic', limit: 1, explain: true },
    })
  ).body;
const begin = async (service: Service): Promise<string> => {
  const { status, body } = await service.call('POST', '/api/v1/reembed', {
    body: { dual_write: true, model: 'ollama/next' },
  });
  expect([status, body.code]).toEqual([202, undefined]);
  return body.id;
};
const ended = (service: Service, id: string, status: string) =>
  eventually(
    async () => (await service.call('GET', `/api/v1/jobs/${id}`)).body,
    (job) => job.status === status,
    30_000,
  );
const vectorsOf = async (service: Service) => (await service.call('GET', '/api/v1/quality')).body.vectors;
const filled = async (): Promise<number> =>
  Number((await db.query('SELECT count(*) AS count FROM next_vectors')).rows[0].count);

describe('another model', () => {
  it('is filled while the former one answers, gets what is written meanwhile, and takes over whole in every replica', async () => {
    const [service, replica] = await Promise.all([startInProcess(tenant, env()), startInProcess(tenant, env())]);
    await store(service, [...facts(130), 'ada prefers window seats']);
    afterMs = 1_000;
    const job = await begin(service);
    await eventually(filled, (count) => count > 0);
    const { model: before } = await vectorsOf(service);
    expect(before).toBe('hash-v1');
    const [late] = await store(replica, ['ben keeps bees']);
    const changed = (await find(service, 'window seats')).results[0];
    expect(changed).toMatchObject({ content: 'ada prefers window seats' });
    expect((await find(service, 'ben keeps bees')).results).toMatchObject([{ id: late }]);
    await service.call('PATCH', `/api/v1/memories/${changed.id}`, { body: { content: 'ada prefers aisle seats' } });
    afterMs = 0;
    const { result } = await ended(service, job, 'succeeded');
    expect(result).toMatchObject({ model: 'ollama/next' });
    for (const one of [service, replica]) {
      const told = await eventually(
        () => vectorsOf(one),
        ({ model, coverage }) => model === 'ollama/next' && coverage === 1,
      );
      expect(told).toMatchObject({ other_models: 0, pending: 0, failed: 0 });
      expect((await find(one, 'aisle seats')).results).toMatchObject(
        [{ id: changed.id, content: /aisle/ }].map(({ id }) => ({ id })),
      );
      expect((await find(one, 'ben keeps bees')).results[0]).toMatchObject({ id: late, score: expect.closeTo(1, 3) });
      expect((await find(one, 'fact number 77')).results[0].content).toBe('fact number 77');
    }
    expect(await filled()).toBe(0);
    // What is written from now on has a vector of the new model alone.
    await store(replica, ['cleo sails']);
    expect((await find(service, 'cleo sails')).results[0].content).toBe('cleo sails');
    expect((await vectorsOf(service)).other_models).toBe(0);
    // Started anew, a replica answers with the model that took over.
    const again = await startInProcess(tenant, env());
    expect((await find(again, 'ben keeps bees')).results).toMatchObject([{ id: late }]);
  }, 60_000);

  it('goes on where it was when the process that filled it dies in the middle', async () => {
    const service = await startInProcess(tenant, env());
    await store(service, facts(200));
    afterMs = 1_000;
    const job = await begin(service);
    await eventually(filled, (count) => count >= 64);
    await service.stop();
    const kept = await filled();
    expect(kept).toBeGreaterThanOrEqual(64);
    expect(kept).toBeLessThan(200);
    embedded.length = 0;
    afterMs = 0;
    const next = await startInProcess(tenant, env());
    await ended(next, job, 'succeeded');
    expect(embedded.length).toBe(200 - kept);
    expect(await vectorsOf(next)).toMatchObject({ model: 'ollama/next', coverage: 1, other_models: 0 });
  }, 60_000);

  describe('whose process is killed, as by the kernel,', () => {
    /** Its lease is over: what would take half a minute. */
    const abandon = () => db.query(`UPDATE jobs SET run_at = now() WHERE status = 1`);

    const wholeAfter = async (job: string): Promise<InProcessService> => {
      await abandon();
      const next = await startInProcess(tenant, env());
      await ended(next, job, 'succeeded');
      expect(await vectorsOf(next)).toMatchObject({ model: 'ollama/next', coverage: 1, other_models: 0, failed: 0 });
      expect(await filled()).toBe(0);
      expect((await find(next, 'fact number 7')).results[0].content).toBe('fact number 7');
      return next;
    };

    it('in the middle of a batch loses that batch alone', async () => {
      const service = await startChild(tenant, env());
      await store(service, facts(200));
      let killed: Promise<unknown> | undefined;
      onAsked = (count) => {
        if (count < 64 || embedded.length < 64 || killed !== undefined) return;
        killed = service.end('SIGKILL');
      };
      const job = await begin(service);
      await eventually(
        async () => killed,
        (isKilled) => isKilled !== undefined,
        20_000,
      );
      await killed;
      const kept = await filled();
      expect([kept >= 64, kept < 200]).toEqual([true, true]);
      embedded.length = 0;
      await wholeAfter(job);
      expect(embedded.filter((text) => text.startsWith('fact number'))).toHaveLength(200 - kept + 1);
    }, 60_000);

    it('while the new model takes over leaves the former one whole, which answers until the next one has done it', async () => {
      const service = await startChild(tenant, env());
      await store(service, facts(100));
      const owner = new pg.Client({ connectionString: tenant.database.ownerUrl });
      await owner.connect();
      try {
        // The last statement of the transaction waits for this row: all before it is done and not committed.
        await owner.query('BEGIN');
        await owner.query('SELECT 1 FROM embedding_model FOR UPDATE');
        const job = await begin(service);
        await eventually(
          async () =>
            (
              await db.query(
                `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE 'UPDATE embedding_model%'`,
              )
            ).rowCount,
          (waiting) => waiting === 1,
          20_000,
        );
        await service.end('SIGKILL');
        await owner.query('ROLLBACK');
        expect(await filled()).toBe(100);
        const { rows } = await db.query('SELECT DISTINCT model FROM vectors');
        expect(rows).toEqual([{ model: 'hash-v1' }]);
        embedded.length = 0;
        await wholeAfter(job);
        // The query alone: what was embedded before is taken over as it is.
        expect(embedded).toEqual(['fact number 7']);
      } finally {
        await owner.end();
      }
    }, 60_000);
  });

  it('leaves nothing behind when it is cancelled: the former one answers as if nothing had been', async () => {
    const service = await startInProcess(tenant, env());
    await store(service, facts(200));
    afterMs = 1_000;
    const job = await begin(service);
    await eventually(filled, (count) => count > 0);
    expect((await service.call('POST', `/api/v1/jobs/${job}/cancel`)).status).toBe(200);
    await ended(service, job, 'cancelled');
    await eventually(filled, (count) => count === 0);
    expect(await vectorsOf(service)).toMatchObject({ model: 'hash-v1', coverage: 1 });
    expect((await find(service, 'fact number 7')).results[0].content).toBe('fact number 7');
  }, 60_000);

  it('that is away takes nothing with it: the former one answers, and the work goes on when it is back', async () => {
    const service = await startInProcess(tenant, { ...env(), EMBEDDING_NEXT_ENDPOINT: 'http://127.0.0.1:9' });
    await store(service, facts(3));
    const job = await begin(service);
    await eventually(
      async () => (await service.call('GET', `/api/v1/jobs/${job}`)).body,
      ({ status, started_at }) => status === 'pending' && started_at !== null,
      30_000,
    );
    expect((await find(service, 'fact number 1')).results[0].content).toBe('fact number 1');
    expect(await vectorsOf(service)).toMatchObject({ model: 'hash-v1', coverage: 1 });
  }, 60_000);

  it('goes with the person who is erased before it takes over', async () => {
    const service = await startInProcess(tenant, env());
    await store(service, facts(100));
    afterMs = 1_000;
    await begin(service);
    await eventually(filled, (count) => count > 0);
    const gone = await service.call('DELETE', '/api/v1/memory/ada');
    expect(gone.body.deleted).toBe(100);
    expect(await filled()).toBe(0);
  }, 60_000);
});
