import pg from 'pg';
import { pino } from 'pino';
import { readMemoryConfig } from '../../../app/config.js';
import { startFoundation } from '../../../app/memory-role.js';
import { createClustered, exactTop } from '../../support/clustered.js';
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

const vector = (index: number): number[] => Array.from({ length: 64 }, (_, at) => (at === index % 64 ? 1 : 0));
const create = (content: string, index: number, more: object = {}) =>
  service.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content, vector: vector(index), ...more } });
/** A search waits two seconds for what must be read first, and says so when a busy machine takes longer. */
const searchWhole = (wanted: object) =>
  eventually(
    () => service.call('POST', '/api/v1/memories/search', { body: wanted }).then(({ body }) => body),
    ({ degraded }) => degraded.length === 0,
  );
const search = async (index: number): Promise<readonly string[]> => {
  const body = await searchWhole({ user_id: 'ada', vector: vector(index), threshold: 0.5, limit: 20 });
  return body.results.map(({ content }: { content: string }) => content);
};

describe('the index in memory', () => {
  it('misses nothing that commits late under an early number', async () => {
    await create('anchor', 1);
    const { body: late } = await create('late', 2);
    const slow = new pg.Client({ connectionString: tenant.database.serviceUrl });
    await slow.connect();
    await slow.query('CREATE TEMP TABLE kept AS SELECT * FROM vectors WHERE memory_id = $1', [late.id]);
    await slow.query('DELETE FROM vectors WHERE memory_id = $1', [late.id]);
    // A transaction that takes its numbers now and commits after others have been written and read.
    await slow.query('BEGIN');
    await slow.query(
      'INSERT INTO vectors (memory_id, version, slot, partition, model, sealed, vector) SELECT memory_id, version, slot, partition, model, sealed, vector FROM kept',
    );
    for (let index = 3; index < 8; index++) {
      await create(`early ${index}`, index);
      expect(await search(index)).toEqual([`early ${index}`]);
    }
    expect(await search(2)).toEqual([]);
    await slow.query('COMMIT');
    await slow.end();
    expect(await search(2)).toEqual(['late']);
  });

  it('follows an id that is deleted and comes again', async () => {
    const id = '11111111-2222-4333-8444-555555555555';
    for (const index of [20, 21, 22]) {
      await create(`life ${index}`, index, { id });
      expect(await search(index)).toEqual([`life ${index}`]);
      await service.call('DELETE', `/api/v1/memories/${id}`);
      expect(await search(index)).toEqual([]);
    }
  });

  it('never shows a row that went away behind its back', async () => {
    const { body } = await create('ghost', 30);
    expect(await search(30)).toEqual(['ghost']);
    const client = new pg.Client({ connectionString: tenant.database.ownerUrl });
    await client.connect();
    await client.query('DELETE FROM memories WHERE id = $1', [body.id]);
    await client.end();
    expect(await search(30)).toEqual([]);
  });

  it('shows whoever has written what they wrote, however many write and search at once', async () => {
    const missed: string[] = [];
    const lane = async (first: number): Promise<void> => {
      for (let round = 0; round < 12; round++) {
        const content = `lane ${first} round ${round}`;
        await create(content, first);
        if (!(await search(first)).includes(content)) missed.push(content);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, n) => lane(40 + n)));
    expect(missed).toEqual([]);
  }, 90_000);

  it('finds the nearest of a person of two thousand memories, who are too many to compare each', async () => {
    const next = createClustered(64, 7);
    const vectors = new Map(Array.from({ length: 2000 }, (_, index) => [`m${index}`, next()]));
    const all = [...vectors].map(([content, each]) => ({ user_id: 'many', content, vector: [...each] }));
    for (const memories of [all.slice(0, 1000), all.slice(1000)])
      expect((await service.call('POST', '/api/v1/memories', { body: { memories } })).body.summary.created).toBe(1000);
    let right = 0;
    for (let asked = 0; asked < 20; asked++) {
      const query = next();
      const body = await searchWhole({ user_id: 'many', vector: [...query], limit: 10 });
      const best = exactTop(vectors, query, 10);
      right += body.results.filter(({ content }: { content: string }) => best.includes(content)).length;
    }
    // An index promises most of them, and which it misses hangs on the order they came in.
    expect(right).toBeGreaterThanOrEqual(180);
  });

  it('reads a partition that is longer than a page whole, however its transactions were cut', async () => {
    const partition = '99999999-2222-4333-8444-000000000000';
    const foundation = await startFoundation(readMemoryConfig(tenant.env), pino({ level: 'silent' }));
    const { core } = foundation;
    const sizes = [3_990, 30, 4_100, 1];
    for (const size of sizes) {
      await core.db.query(
        `INSERT INTO vectors (memory_id, version, slot, partition, model, sealed, vector)
         SELECT gen_random_uuid(), 1, 16, $1, $2, false, decode(repeat('0000803f', 64), 'hex') FROM generate_series(1, $3)`,
        [partition, core.embedder.model, size],
      );
    }
    const before = core.vectors.size();
    const ask = () => core.vectors.search([partition], Float32Array.from(vector(0)), 10);
    const found = await eventually(ask, ({ complete }) => complete);
    expect([found.hits.length, core.vectors.size() - before]).toEqual([10, 8_121]);
    await foundation.stop();
  });
});
