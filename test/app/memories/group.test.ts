import pg from 'pg';
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
let db: pg.Pool;
beforeAll(async () => {
  tenant = await createTestTenant();
  const quotas = { memories: 1_000_000, memoriesPerUser: 1_000 };
  tenant.writePolicies({ ...defaultPolicies, quotas });
  service = await startInProcess(tenant);
  db = new pg.Pool({
    connectionString: tenant.database.adminUrl,
    options: `-c search_path=${tenant.database.schema}`,
  });
  // People are made once each, in transactions of their own.
  for (const user_id of ['ada', 'bob', 'eve']) await add({ user_id, content: 'first' });
});
afterAll(async () => {
  await db.end();
  await tenant.drop();
});

const add = (body: object, headers: Readonly<Record<string, string>> = {}) =>
  service.call('POST', '/api/v1/memories', { body, headers });
const users = ['ada', 'bob', 'eve'];
const together = (count: number, change: (n: number) => object = () => ({})) =>
  Promise.all(
    Array.from({ length: count }, (_, n) => add({ user_id: users[n % 3], content: `fact ${n}`, ...change(n) })),
  );
/** As long as nothing can be written whoever comes waits: how many come together is not left to how fast this machine is. */
const heldUp = async <T>(begin: () => Promise<T>): Promise<T> => {
  const gate = await db.connect();
  try {
    await gate.query('BEGIN; LOCK TABLE memories IN EXCLUSIVE MODE');
    const begun = begin();
    await eventually(
      () => db.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`),
      ({ rowCount }) => (rowCount ?? 0) > 0,
    );
    // What was sent before is further by now.
    for (let n = 0; n < 20; n++) await service.call('GET', '/api/v1/whoami');
    await gate.query('COMMIT');
    return await begun;
  } finally {
    gate.release();
  }
};
const selectRows = async (ids: readonly string[]) =>
  (await db.query('SELECT id, xmin::text AS writer, audit_event FROM memories WHERE id = ANY ($1)', [ids])).rows;

describe('memories that are added at the same time', () => {
  it('share transactions, and each has its own event in the log', async () => {
    const answers = await heldUp(() => together(40));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    const rows = await selectRows(answers.map(({ body }) => body.id));
    expect(rows).toHaveLength(40);
    expect(new Set(rows.map(({ writer }) => writer)).size).toBeLessThan(20);
    expect(new Set(rows.map(({ audit_event }) => audit_event)).size).toBe(40);
    const told = await db.query(
      `SELECT id FROM audit_pending WHERE id = ANY ($1) UNION SELECT id FROM audit_events WHERE id = ANY ($1)`,
      [rows.map(({ audit_event }) => audit_event)],
    );
    expect(told.rowCount).toBe(40);
  });

  it('are answered as they will be read', async () => {
    const past = { confidence: 0.7, metadata: { b: 1, a: [2] }, expires_at: '2100-01-01T00:00:00Z', key: 'k/1' };
    for (const { body } of await together(6, (n) => (n === 0 ? past : {}))) {
      expect((await service.call('GET', `/api/v1/memories/${body.id}`)).body).toEqual({
        ...body,
        vector_status: expect.stringMatching(/^(pending|succeeded)$/),
      });
    }
  });

  it('do not fall with one among them that the database refuses', async () => {
    const [known] = await together(1);
    const answers = await together(12, (n) => (n === 5 ? { id: known?.body.id } : {}));
    expect(answers.map(({ status }) => status)).toEqual(answers.map((_, n) => (n === 5 ? 409 : 201)));
    expect(answers[5]?.body.code).toBe('key_exists');
    expect(await selectRows(answers.flatMap(({ body, status }) => (status === 201 ? [body.id] : [])))).toHaveLength(11);
  });

  it('keep each the answer for its own Idempotency-Key', async () => {
    const once = () =>
      Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          add({ user_id: users[n % 3], content: `once ${n}` }, { 'Idempotency-Key': `group-${n}` }),
        ),
      );
    const [first, again] = [await once(), await once()];
    expect(again.map(({ body }) => body)).toEqual(first.map(({ body }) => body));
    expect(again.map(({ headers }) => headers.get('idempotency-replayed'))).toEqual(again.map(() => 'true'));
    expect(await selectRows(first.map(({ body }) => body.id))).toHaveLength(8);
  });

  it('count up the quotas that they were admitted by', async () => {
    const before = await usage();
    await together(30);
    const after = await usage();
    // One more each time: the memory by which the person is found.
    expect(after.tenant - before.tenant).toBe(31);
    expect(after.ada - before.ada).toBe(11);
  });

  it('are held from their beginning when all of a person is held', async () => {
    const placed = await service.call('POST', '/api/v1/holds', {
      body: { scope: 'user', user_id: 'eve', matter: 'M-1', reason: 'a suit' },
    });
    expect(placed.status).toBe(201);
    const answers = await together(9);
    expect(answers.map(({ body }) => body.legal_hold)).toEqual(answers.map((_, n) => n % 3 === 2));
  });
});

const usage = async () => {
  const { rows } = await db.query(
    `SELECT (SELECT sum(memories) FROM tenant_usage)::int AS tenant,
            (SELECT u.memories FROM user_usage u JOIN memories m ON m.user_ref = u.user_ref WHERE m.id = $1)::int AS ada`,
    [(await add({ user_id: 'ada', content: 'who' })).body.id],
  );
  return rows[0] as { readonly tenant: number; readonly ada: number };
};
