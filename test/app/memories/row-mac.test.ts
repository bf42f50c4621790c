import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { createRowMarks, MARKED, type Marked, type MarkedRow, markedJcs } from '../../../app/memories/row-mac.js';
import { jcs, rowMacOfJcs, verifyRowMacOfJcs } from '../../../app/sealing/index.js';
import {
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { readVectors, slotKeyOf } from '../../support/vectors.js';
import { AUTH_KEY, TENANT } from '../../vectors/inputs.js';

const auth = slotKeyOf(AUTH_KEY, TENANT, 1);
const vault = {
  rowMacOfJcs: (table: string, columns: string) => rowMacOfJcs(auth, table, columns),
  verifyRowMacOfJcs: (table: string, columns: string, mac: Buffer) => verifyRowMacOfJcs(auth, table, columns, mac),
};

const ref = fc.option(fc.uuid(), { nil: null });
const rows: fc.Arbitrary<Marked> = fc.record({
  ...{ agent_ref: ref, app_ref: ref, session_ref: ref, organization_ref: ref, team_ref: ref, user_ref: ref },
  id: fc.uuid(),
  key_token: fc.option(
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
    { nil: null },
  ),
  ...{ legal_hold: fc.boolean(), sealed: fc.boolean() },
  ...{ scope: fc.nat(3), status: fc.nat(4), source_kind: fc.nat(5), trust_class: fc.nat(5) },
  slot: fc.nat(2 ** 31 - 1),
  trust_score: fc.float({ min: 0, max: 1, noNaN: true }),
  version: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
});

describe('the MAC of a memory', () => {
  it('is over the canonical form of every column that decides', () => {
    fc.assert(
      fc.property(rows, (row) => {
        const told = { ...row, key_token: row.key_token?.toString('base64') ?? null };
        expect(Object.keys(row).sort()).toEqual([...MARKED]);
        expect(markedJcs(row)).toBe(jcs(told as never));
      }),
    );
  });

  it('agrees with the published vector', () => {
    const vectors = readVectors<{ table: string; row: Record<string, unknown>; mac: string }[]>('rowmac');
    const published = vectors.find(({ table }) => table === 'memories');
    if (!published) throw new Error('no vector of a memory');
    const row = { ...published.row, key_token: Buffer.from(String(published.row.key_token), 'base64') } as Marked;
    expect(
      createRowMarks({ vault, onForged: () => undefined })
        .mac(row)
        .toString('hex'),
    ).toBe(published.mac);
  });

  it('is another one when any column is', () => {
    const forged: string[] = [];
    const marks = createRowMarks({ vault, onForged: ({ id }) => void forged.push(id) });
    const [row] = fc.sample(rows, { numRuns: 1, seed: 7 }) as [Marked];
    const stored: MarkedRow = { ...row, status: 0, mac: marks.mac({ ...row, status: 0 }) };
    expect(marks.isGenuine(stored)).toBe(true);
    // What the database says of one past its time.
    expect(marks.isGenuine({ ...stored, status: 3 })).toBe(true);
    const another: Partial<Record<keyof Marked, unknown>> = {
      ...{ id: randomUUID(), key_token: randomBytes(32), legal_hold: !row.legal_hold, sealed: !row.sealed },
      ...{ scope: (row.scope + 1) % 4, slot: row.slot + 1, source_kind: (row.source_kind + 1) % 6, status: 1 },
      ...{ trust_class: (row.trust_class + 1) % 6, trust_score: Math.fround(row.trust_score + 0.01) },
      version: row.version + 1,
    };
    for (const name of MARKED) {
      const changed = { ...stored, [name]: name in another ? another[name] : randomUUID() } as MarkedRow;
      expect([name, marks.isGenuine(changed)]).toEqual([name, false]);
    }
    expect(forged).toHaveLength(MARKED.length);
  });

  it('may be missing while an upgrade is at work, and at no other time', () => {
    const forged: string[] = [];
    const marks = createRowMarks({ vault, onForged: ({ id }) => void forged.push(id) });
    const [row] = fc.sample(rows, { numRuns: 1, seed: 8 }) as [Marked];
    const bare = { ...row, mac: null };
    expect([marks.isGenuine(bare), forged.length]).toEqual([false, 0]);
    marks.follow('running');
    expect([marks.isGenuine(bare), forged.length]).toEqual([true, 0]);
    marks.follow('done');
    expect([marks.isGenuine(bare), forged.length]).toEqual([false, 1]);
  });
});

const PATH = '/api/v1/memories';

describe('a row that somebody changed in the database', () => {
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

  const query = async (sql: string, values: readonly unknown[] = []) => {
    const client = new pg.Client({
      connectionString: tenant.database.adminUrl,
      options: `-c search_path=${tenant.database.schema}`,
    });
    await client.connect();
    try {
      return (await client.query(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  };
  const call = (method: string, path: string, body?: unknown) =>
    service.call(method, path, body === undefined ? {} : { body });
  const create = async (body: object) =>
    (await call('POST', `${PATH}?wait=indexed`, { user_id: 'ada', content: 'the password of the vault', ...body }))
      .body;
  const found = async (user_id: string): Promise<readonly string[]> => {
    const bodies = await Promise.all([
      call('GET', `${PATH}?user_id=${user_id}`),
      ...['keyword', 'semantic', 'hybrid'].map((mode) =>
        call('POST', `${PATH}/search`, { user_id, query: 'password vault', mode, limit: 50 }),
      ),
    ]);
    return bodies.flatMap(({ body }) => body.results.map(({ id }: { id: string }) => id));
  };
  const isExported = async (id: string): Promise<boolean> =>
    String((await call('GET', '/api/v1/export')).body).includes(id);
  const isOf =
    (id: string) =>
    ({ event }: { event: { resource: { id: string } } }): boolean =>
      event.resource.id === id;
  const isThere = async (id: string): Promise<boolean> =>
    (await query('SELECT 1 FROM memories WHERE id = $1', [id])).length === 1;

  const TAMPERS: readonly (readonly [string, string])[] = [
    ['trust', 'trust_score = 1'],
    ['trust class', 'trust_class = 5'],
    ['channel', 'source_kind = 5'],
    ['scope', 'scope = 3'],
    ['owner', `user_ref = (SELECT ref FROM users WHERE ref <> memories.user_ref LIMIT 1)`],
    ['owner of the key', 'slot = (SELECT slot FROM users WHERE ref <> memories.user_ref LIMIT 1)'],
    ['hold', 'legal_hold = NOT legal_hold'],
    ['quarantine', 'status = 2'],
    ['version', 'version = version + 1'],
    ['the MAC itself', 'mac = NULL'],
    ['the MAC of another row', 'mac = (SELECT mac FROM memories AS other WHERE other.id <> memories.id LIMIT 1)'],
    ['seal', `sealed = false, envelope = convert_to('{"content":"lies","metadata":{},"source":{}}', 'UTF8')`],
  ];

  it.each(TAMPERS)('by its %s is answered by no read, changed by nobody and deleted by nothing', async (_, change) => {
    await create({ user_id: 'bob', content: 'of bob' });
    const { id } = await create({});
    const { id: other } = await create({ content: 'another one' });
    expect(new Set(await found('ada'))).toContain(id);
    await query(`UPDATE memories SET ${change} WHERE id = $1`, [id]);

    for (const suffix of ['', '?include=vector', '/history'])
      expect((await call('GET', `${PATH}/${id}${suffix}`)).body).toMatchObject({
        status: 409,
        code: 'memory_tampered',
      });
    for (const user of ['ada', 'bob']) expect(await found(user)).not.toContain(id);
    expect(await isExported(id)).toBe(false);
    const refused = await Promise.all([
      call('PATCH', `${PATH}/${id}`, { content: 'x' }),
      call('DELETE', `${PATH}/${id}`),
      call('POST', `${PATH}/${id}/feedback`, { value: 'positive' }),
      call('POST', `${PATH}/${id}/supersede`, { by: other }),
      call('POST', `${PATH}/${other}/supersede`, { draft: { content: 'y' }, evidence: [id] }),
    ]);
    expect(refused.map(({ body }) => body.code)).toEqual(refused.map(() => 'memory_tampered'));
    const bulk = await call('POST', `${PATH}/delete`, { ids: [id] });
    expect(bulk.body).toMatchObject({ matched: 1, deleted: 0, held: 1 });
    const updated = await call('POST', `${PATH}/update`, {
      updates: [{ id, patch: { content: 'z' } }],
      on_error: 'continue',
    });
    expect(updated.body.results[0].error.code).toBe('memory_tampered');
    expect(await isThere(id)).toBe(true);
    await query('DELETE FROM memories WHERE id = $1', [id]);
    await call('DELETE', `${PATH}/${other}`);
  });

  it('is told once, in the log and in the audit log, and is counted', async () => {
    const { id } = await create({});
    await query('UPDATE memories SET trust_score = 1 WHERE id = $1', [id]);
    for (let read = 0; read < 3; read++) await call('GET', `${PATH}/${id}`);
    const events = await eventually(
      async () => (await call('GET', '/api/v1/audit/events?type=security.tamper')).body.results,
      (all) => all.some(isOf(id)),
    );
    expect(events.filter(isOf(id))).toHaveLength(1);
    const { body } = await call('GET', '/api/v1/audit/verify-data');
    expect(body.findings).toContainEqual({ id, what: expect.stringContaining('trust') });
    expect((await call('GET', '/metrics')).body).toMatch(
      /memplane_rows_refused_total\{[^}]*table="memories"[^}]*\} \d+/,
    );
    await query('DELETE FROM memories WHERE id = $1', [id]);
  });

  it('is left alone by the cleaner when its hold was taken off it, and when its hold was taken out of the table', async () => {
    const hold = { matter: 'case 7', reason: 'litigation' };
    const ids: string[] = [];
    for (const content of ['hold flag off', 'hold row gone', 'both', 'free']) {
      const { id } = await create({ content, expires_at: new Date(Date.now() + 3_600_000).toISOString() });
      if (content !== 'free') await call('PUT', `${PATH}/${id}/legal-hold`, hold);
      ids.push(id);
    }
    const [flag, row, both, free] = ids as [string, string, string, string];
    await query('UPDATE memories SET legal_hold = false WHERE id = ANY ($1::uuid[])', [[flag, both]]);
    await query('DELETE FROM holds WHERE memory_id = ANY ($1::uuid[])', [[row, both]]);
    await query(`UPDATE memories SET expires_at = now() - interval '5 days' WHERE id = ANY ($1::uuid[])`, [ids]);
    await eventually(
      () => isThere(free),
      (there) => !there,
    );
    for (const id of [flag, row, both]) expect([id, await isThere(id)]).toEqual([id, true]);
    expect((await call('DELETE', `${PATH}/${row}`)).body).toMatchObject({
      code: 'legal_hold',
      detail: expect.stringContaining('whose own record is gone'),
    });
    await query('DELETE FROM memories WHERE id = ANY ($1::uuid[])', [ids]);
  });

  it('a hold on a person gives every row of theirs a MAC of its own, and its release another', async () => {
    const ids = [(await create({ user_id: 'eve' })).id, (await create({ user_id: 'eve', content: 'more' })).id];
    const { body } = await call('POST', '/api/v1/holds', { scope: 'user', user_id: 'eve', matter: 'm', reason: 'r' });
    for (const id of ids) expect((await call('GET', `${PATH}/${id}`)).body.legal_hold).toBe(true);
    await call('DELETE', `/api/v1/holds/${body.id}`);
    for (const id of ids) expect((await call('GET', `${PATH}/${id}`)).body.legal_hold).toBe(false);
    // A hold does not make what was forged look genuine.
    await query('UPDATE memories SET trust_score = 1 WHERE id = $1', [ids[0]]);
    await call('POST', '/api/v1/holds', { scope: 'user', user_id: 'eve', matter: 'm', reason: 'r' });
    expect((await call('GET', `${PATH}/${ids[0]}`)).body.code).toBe('memory_tampered');
  });

  it('rows of before the upgrade are read, get their MACs, and from then on are refused without', async () => {
    const { id } = await create({ user_id: 'old', content: 'of the version before' });
    await service.stop();
    await query('UPDATE memories SET mac = NULL');
    await query('ALTER TABLE audit_events DISABLE TRIGGER USER');
    await query(`DELETE FROM audit_events WHERE type = 'data.marked'`);
    await query('ALTER TABLE audit_events ENABLE TRIGGER USER');
    await query(`UPDATE schema_migrations SET applied_at = now() - interval '1 day' WHERE version = 1`);
    service = await startInProcess(tenant);
    // The replicas of the version before may still be there: what they write is read, and comes back to the worker.
    expect((await call('GET', `${PATH}/${id}`)).body.content).toBe('of the version before');
    expect(await query('SELECT 1 FROM memories WHERE mac IS NULL')).toEqual([]);
    await query('UPDATE memories SET version = version WHERE id = $1', [id]);
    await query(`UPDATE memories SET status = 4 WHERE id = $1`, [id]);
    expect((await query('SELECT mac FROM memories WHERE id = $1', [id]))[0].mac).toBeNull();
    expect((await call('GET', `${PATH}/${id}`)).body.status).toBe('forgotten');
    await service.stop();
    await query(`UPDATE schema_migrations SET applied_at = now() - interval '1 hour' WHERE name LIKE '%row_mac'`);
    service = await startInProcess(tenant);
    expect((await call('GET', `${PATH}/${id}`)).body.status).toBe('forgotten');
    await query('UPDATE memories SET mac = NULL WHERE id = $1', [id]);
    expect((await call('GET', `${PATH}/${id}`)).body.code).toBe('memory_tampered');
  });
});
