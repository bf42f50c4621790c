import pg from 'pg';
import { type Decaying, retainedImportance, retainedImportanceSql } from '../../../app/lifecycle/decay.js';
import { rewriteRows } from '../../support/aged-rows.js';
import {
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  const policies = { ...defaultPolicies.policies, cleanup: { intervalSeconds: 1, graceDays: 1 } };
  tenant.writePolicies({ ...defaultPolicies, policies });
  service = await startInProcess(tenant);
}, 60_000);
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const PATH = '/api/v1/memories';
const create = async (body: object) =>
  (await service.call('POST', `${PATH}?wait=indexed`, { body: { user_id: 'ada', ...body } })).body;
const read = (id: string) => service.call('GET', `${PATH}/${id}`);
const query = async (sql: string, values: readonly unknown[] = []) => {
  const client = new pg.Client({ connectionString: tenant.database.serviceUrl });
  await client.connect();
  try {
    return (await client.query(sql, [...values])).rows;
  } finally {
    await client.end();
  }
};
const vectorsOf = async (id: string) =>
  (await query('SELECT count(*)::int AS n FROM vectors WHERE memory_id = $1', [id]))[0].n;

describe('decay', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  const left = (days: number, more: Partial<Decaying> = {}): number =>
    retainedImportance(
      { importance: 1, confidence: 0, updatedAt: new Date(now.getTime() - days * 86_400_000), ...more },
      now,
    );

  it('halves in 90 days without confidence, in 450 with all of it, and never grows', () => {
    expect(left(90)).toBeCloseTo(0.5, 10);
    expect(left(450, { confidence: 1 })).toBeCloseTo(0.5, 10);
    expect(left(-5)).toBe(1);
    for (let day = 0; day < 1000; day += 7) expect(left(day + 7)).toBeLessThan(left(day));
  });

  it('is the same in the database', async () => {
    for (const [importance, confidence, days] of [
      [0.5, Math.fround(0.8), 400],
      [1, 0.25, 10],
      [0.125, 0.5, 3000],
    ] as const) {
      const updatedAt = new Date(now.getTime() - days * 86_400_000);
      const [{ retained }] = await query(
        `SELECT ${retainedImportanceSql('$1')} AS retained FROM (SELECT $2::real AS importance, $3::real AS confidence, $4::timestamptz AS updated_at) AS row`,
        [now, importance, confidence, updatedAt],
      );
      expect(retained).toBeCloseTo(retainedImportance({ importance, confidence, updatedAt }, now), 9);
    }
  });
});

const toldOf = async (type: string, id: string) => {
  const { body } = await eventually(
    () => service.call('GET', `/api/v1/events?after=-1&types=${type}`),
    ({ body }) => JSON.stringify(body.results).includes(id),
  );
  return body.results.flatMap(({ memories }: { memories: object[] }) => memories);
};

describe('a memory past its time', () => {
  it('is found no more, loses its vector, and after the days of grace is deleted; a held one stays', async () => {
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    const [short, held] = [
      await create({ user_id: 'brief', content: 'short', expires_at }),
      await create({ user_id: 'brief', content: 'held', expires_at }),
    ];
    await service.call('PUT', `${PATH}/${held.id}/legal-hold`, { body: { matter: 'm', reason: 'r' } });
    await rewriteRows(tenant, [short.id, held.id], `expires_at = now() - interval '1 second'`);
    await eventually(
      () => vectorsOf(short.id),
      (n) => n === 0,
    );
    expect((await read(short.id)).body.status).toBe('expired');
    const listed = await service.call('GET', `${PATH}?user_id=brief`);
    expect(listed.body.results).toEqual([]);
    const { body } = await service.call('GET', `${PATH}/${short.id}/history`);
    expect(body.results.map(({ event }: { event: string }) => event)).toEqual(['add', 'expire']);
    expect(await toldOf('data.expire', short.id)).toEqual([{ id: short.id, version: 1, deleted: false }]);
    await rewriteRows(tenant, [short.id, held.id], `expires_at = now() - interval '2 days'`);
    await eventually(
      () => read(short.id),
      ({ status }) => status === 404,
    );
    expect((await read(held.id)).body.content).toBe('held');
  });
});

describe('forgetting', () => {
  it('runs when it is asked for, tells what it did, and leaves what is important, held or fresh', async () => {
    const [faded, strong, held, fresh] = [
      await create({ content: 'faded', importance: 0.12 }),
      await create({ content: 'strong', importance: 0.9 }),
      await create({ content: 'held', importance: 0.12 }),
      await create({ content: 'fresh', importance: 0.12 }),
    ];
    const below = await create({ content: 'below the threshold from the start', importance: 0.05 });
    await service.call('PUT', `${PATH}/${held.id}/legal-hold`, { body: { matter: 'm', reason: 'r' } });
    await rewriteRows(tenant, [faded.id, strong.id, held.id], `updated_at = now() - interval '200 days'`);
    const { status, body } = await service.call('POST', '/run_forgetting_curve');
    expect(status).toBe(202);
    const done = await eventually(
      async () => (await service.call('GET', `/scheduler_status?run_id=${body.run_id}`)).body.runs[0],
      (run) => run.status === 'succeeded',
    );
    expect(done).toMatchObject({ task: 'forgetting', trigger: 'request', counts: { forgotten: 2, held: 1 } });
    const statuses = await Promise.all(
      [faded, strong, held, fresh, below].map(async ({ id }) => (await read(id)).body.status),
    );
    expect(statuses).toEqual(['forgotten', 'active', 'active', 'active', 'forgotten']);
    expect((await service.call('GET', '/memory_stats')).body).toMatchObject({ by_status: { forgotten: 2 } });
    expect(await vectorsOf(faded.id)).toBe(0);
    const told = await toldOf('data.forget', faded.id);
    expect(told.map(({ id }: { id: string }) => id).sort()).toEqual([faded.id, below.id].sort());
    const verified = await service.call('GET', '/api/v1/audit/verify-data');
    expect(verified.body).toMatchObject({ findings: [], unlogged: 0 });
  });

  it('is for admins; its schedule and the counts are for whoever reads', async () => {
    const { key } = (
      await service.call('POST', '/api/v1/keys', { body: { name: 'k', role: 'readonly', user_id: 'ada' } })
    ).body;
    await create({ content: 'counted' });
    expect((await service.call('POST', '/run_forgetting_curve', { key })).status).toBe(403);
    const tasks = await eventually(
      async () => {
        const scheduler = (await service.call('GET', '/scheduler_status', { key })).body;
        return Object.fromEntries(scheduler.tasks.map((task: { name: string }) => [task.name, task]));
      },
      ({ expiry }) => expiry.last_run !== null,
    );
    expect(tasks.expiry).toMatchObject({
      interval_seconds: 1,
      last_run: { status: expect.stringMatching(/running|succeeded/) },
    });
    expect(new Date(tasks.forgetting.next_run_at).getTime()).toBeGreaterThan(Date.now());
    const stats = (await service.call('GET', '/memory_stats', { key })).body;
    expect(stats).toMatchObject({ by_status: { active: expect.any(Number) }, quota: null, users: 1 });
    expect((await service.call('GET', '/scheduler_status?run_id=x')).status).toBe(400);
  });
});
