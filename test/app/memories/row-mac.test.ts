import { randomBytes, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import pg from 'pg';
import { historyMac } from '../../../app/memories/history-mac.js';
import type { HistoryRow } from '../../../app/memories/history-store.js';
import { MARKED, type Marked, type MarkedRow, markedJcs, markedJcs1 } from '../../../app/memories/row-jcs.js';
import { createRowMarks, type RowMarks } from '../../../app/memories/row-mac.js';
import { formatTime } from '../../../app/memories/time.js';
import { jcs, rowMacOfJcs, verifyRowMacOfJcs } from '../../../app/sealing/index.js';
import { rewriteRows } from '../../support/aged-rows.js';
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
const someBytes = fc.uint8Array({ minLength: 1, maxLength: 64 }).map((bytes) => Buffer.from(bytes));
const maybeBytes = fc.option(someBytes, { nil: null });
const ids = fc.array(fc.uuid(), { maxLength: 3 });
const score = fc.float({ min: 0, max: 1, noNaN: true });
const instant = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true });
const maybeInstant = fc.option(instant, { nil: null });
const rows: fc.Arbitrary<Marked> = fc.record({
  ...{ agent_ref: ref, app_ref: ref, session_ref: ref, organization_ref: ref, team_ref: ref, user_ref: ref },
  ...{ audit_event: ref, created_by: ref, superseded_by: ref, supersedes: ids, evidence: ids, id: fc.uuid() },
  ...{ content_hash: someBytes, envelope: someBytes, fact_token: maybeBytes, object_token: maybeBytes },
  ...{ key_token: maybeBytes, sealed_key: maybeBytes, confidence: score, importance: score },
  ...{ created_at: instant, updated_at: instant, expires_at: maybeInstant, valid_from: maybeInstant },
  ...{ valid_to: maybeInstant, pii: fc.array(fc.string(), { maxLength: 3 }) },
  pii_counts: fc.array(fc.nat(1e6), { maxLength: 3 }),
  ...{ legal_hold: fc.boolean(), sealed: fc.boolean() },
  ...{ scope: fc.nat(3), status: fc.nat(4), source_kind: fc.nat(5), trust_class: fc.nat(5) },
  slot: fc.nat(2 ** 31 - 1),
  trust_score: score,
  version: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
});

const marksWith = (forged: string[] = []): RowMarks =>
  createRowMarks({
    vault,
    onForged: ({ id }) => void forged.push(id),
    onForgedEvent: ({ id }) => void forged.push(id),
  });
const told = (value: unknown): unknown =>
  Buffer.isBuffer(value) ? value.toString('base64') : value instanceof Date ? formatTime(value) : value;
const untold = (column: string, value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  if (/_at$|^at$|^valid_/.test(column)) return new Date(value);
  return /_token$|_hash$|^envelope$|^sealed_key$/.test(column) ? Buffer.from(value, 'base64') : value;
};
const vectorsOf = (wanted: string) =>
  readVectors<{ table: string; row: Record<string, unknown>; mac: string }[]>('rowmac')
    .filter(({ table }) => table === wanted)
    .map(({ row, mac }) => ({
      row: Object.fromEntries(Object.entries(row).map(([column, value]) => [column, untold(column, value)])),
      mac,
    }));

describe('the MAC of a memory', () => {
  it('is over the canonical form of every column that decides', () => {
    fc.assert(
      fc.property(rows, (row) => {
        const columns = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, told(value)]));
        expect(Object.keys(row).sort()).toEqual([...MARKED]);
        const said = Object.entries({ ...columns, envelope: row.sealed ? null : columns.envelope }).filter(
          ([, value]) => value !== null && value !== false && !(Array.isArray(value) && value.length === 0),
        );
        expect(markedJcs(row)).toBe(jcs(Object.fromEntries(said) as never));
        const names = Object.keys(JSON.parse(markedJcs1(row)));
        expect(markedJcs1(row)).toBe(jcs(Object.fromEntries(names.map((name) => [name, columns[name]])) as never));
      }),
      { seed: 20261121 },
    );
  });

  it('agrees with the published vectors, of both versions and of an event', () => {
    const [first, second] = vectorsOf('memories') as [{ row: Marked; mac: string }, { row: Marked; mac: string }];
    const marks = marksWith();
    // What is null, empty or false is not in it.
    const bare = Object.fromEntries(MARKED.map((name) => [name, null]));
    const all = { ...bare, legal_hold: false, sealed: false, supersedes: [], evidence: [], pii: [], pii_counts: [] };
    expect(marks.mac({ ...all, ...second.row }).toString('hex')).toBe(`02${second.mac}`);
    marks.follow('upgrading', new Date(Date.now() + 60_000));
    expect(marks.mac(first.row).toString('hex')).toBe(first.mac);
    const [event] = vectorsOf('memory_history') as [{ row: Omit<HistoryRow, 'mac'>; mac: string }];
    expect(historyMac(vault, event.row).toString('hex')).toBe(event.mac);
  });

  it('is another one when any column is', () => {
    const forged: string[] = [];
    const marks = marksWith(forged);
    const [sample] = fc.sample(rows, { numRuns: 1, seed: 7 }) as [Marked];
    const row: Marked = { ...sample, sealed: false, expires_at: new Date(1e12), status: 0 };
    const stored: MarkedRow = { ...row, mac: marks.mac(row) };
    expect(marks.isGenuine(stored)).toBe(true);
    // What the database says of one past its time, and of no other.
    expect(marks.isGenuine({ ...stored, status: 3 })).toBe(true);
    const lasting = { ...row, expires_at: null };
    expect(marks.isGenuine({ ...lasting, mac: marks.mac(lasting), status: 3 })).toBe(false);
    const another: Partial<Record<keyof Marked, unknown>> = {
      ...{ id: randomUUID(), legal_hold: !row.legal_hold, sealed: !row.sealed, status: 1, version: row.version + 1 },
      ...{ scope: (row.scope + 1) % 4, slot: row.slot + 1, source_kind: (row.source_kind + 1) % 6 },
      ...{ trust_class: (row.trust_class + 1) % 6, evidence: [randomUUID()], supersedes: [randomUUID()] },
      ...{
        pii: [...(row.pii ?? []), 'card'],
        pii_counts: [...(row.pii_counts ?? []), 1],
        expires_at: Number.POSITIVE_INFINITY,
      },
    };
    const otherOf = (name: keyof Marked): unknown => {
      if (name in another) return another[name];
      if (/_token$|_hash$|^envelope$|^sealed_key$/.test(name)) return randomBytes(32);
      if (/_at$|^valid_/.test(name)) return new Date(1.7e12);
      return typeof row[name] === 'number' ? Math.fround(row[name] + 0.01) : randomUUID();
    };
    for (const name of MARKED)
      expect([name, marks.isGenuine({ ...stored, [name]: otherOf(name) } as MarkedRow)]).toEqual([name, false]);
    expect(forged).toHaveLength(MARKED.length + 1);
  });

  it('may be missing while an upgrade is at work, and at no other time', () => {
    const forged: string[] = [];
    const marks = marksWith(forged);
    const [row] = fc.sample(rows, { numRuns: 1, seed: 8 }) as [Marked];
    const bare = { ...row, mac: null };
    expect([marks.isGenuine(bare), forged.length]).toEqual([false, 0]);
    marks.follow('running');
    expect([marks.isGenuine(bare), forged.length]).toEqual([true, 0]);
    marks.follow('done');
    expect([marks.isGenuine(bare), forged.length]).toEqual([false, 1]);
  });

  it('of the version before is believed until all rows have one of this, and written as long as others read no other', () => {
    const marks = marksWith();
    const [row] = fc.sample(rows, { numRuns: 1, seed: 9 }) as [Marked];
    marks.follow('upgrading', new Date(Date.now() + 60_000));
    const older = { ...row, mac: marks.mac(row) };
    expect(older.mac).toHaveLength(32);
    expect([marks.verify(older), marks.verify({ ...row, mac: null })]).toEqual([true, false]);
    marks.follow('upgrading', new Date(Date.now() - 1));
    expect([marks.mac(row).length, marks.verify(older)]).toEqual([33, true]);
    expect(marks.verify({ ...older, trust_score: 0.123 })).toBe(false);
    marks.follow('done');
    expect([marks.verify(older), marks.verify({ ...row, mac: marks.mac(row) })]).toEqual([false, true]);
  });
});

describe('the MAC of an event of a history', () => {
  it('is another one when any column is', () => {
    const [event] = vectorsOf('memory_history') as [{ row: Omit<HistoryRow, 'mac'>; mac: string }];
    const marks = marksWith();
    marks.follow('done');
    const stored = { ...event.row, sealed_state: Buffer.alloc(1), mac: historyMac(vault, event.row) };
    expect(marks.history.verify(stored)).toBe(true);
    for (const [name, value] of Object.entries(event.row)) {
      const other = typeof value === 'number' ? value + 1 : value instanceof Date ? new Date(0) : randomUUID();
      expect([name, marks.history.verify({ ...stored, [name]: other })]).toEqual([name, false]);
    }
    expect(marks.history.verify({ ...stored, mac: null })).toBe(false);
  });
});

const PATH = '/api/v1/memories';

describe('a row that somebody changed in the database', () => {
  let tenant: TestTenant;
  let service: InProcessService;
  const open = async (): Promise<void> => {
    tenant = await createTestTenant();
    const policies = { ...defaultPolicies.policies, cleanup: { intervalSeconds: 1, graceDays: 0 } };
    tenant.writePolicies({ ...defaultPolicies, policies });
    service = await startInProcess(tenant);
  };
  const close = async (): Promise<void> => {
    await service.stop();
    await tenant.drop();
  };
  /** What is done to the whole log and to every row is done to no other test's. */
  const renew = async (): Promise<void> => {
    await close();
    await open();
  };
  beforeAll(open, 60_000);
  afterAll(close);

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

  it('by what it claims, when it ends or where it comes from is no more believed than by its owner', async () => {
    const changes: readonly (readonly [string, string])[] = [
      ['expiry', `expires_at = now() + interval '9 years'`],
      ['end that never comes', `expires_at = 'infinity'`],
      ['status that only time gives', 'status = 3'],
      ['claim of confidence', 'confidence = 0.99'],
      ['importance', 'importance = 0.99'],
      ['time', `created_at = created_at - interval '1 year'`],
      ['last change', `updated_at = updated_at - interval '1 day'`],
      ['validity', `valid_from = now() - interval '1 year', valid_to = now() - interval '1 day'`],
      ['writer', 'created_by = gen_random_uuid()'],
      ['event in the log', 'audit_event = gen_random_uuid()'],
      ['successor', 'superseded_by = gen_random_uuid()'],
      ['lineage', 'supersedes = ARRAY[gen_random_uuid()]'],
      ['evidence', 'evidence = ARRAY[gen_random_uuid()]'],
      ['fingerprint', `content_hash = decode(md5(id::text) || md5(id::text), 'hex')`],
      ['fact', `fact_token = decode(md5(id::text), 'hex')`],
      ['redactions', `pii = ARRAY['email'], pii_counts = ARRAY[1]`],
      ['key as it is shown', 'sealed_key = envelope'],
    ];
    const changed = new Map<string, string>();
    for (const [name, change] of changes) {
      const { id } = await create({ user_id: 'claims', content: `of ${name}` });
      await query(`UPDATE memories SET ${change} WHERE id = $1`, [id]);
      for (const method of ['GET', 'DELETE'])
        expect([name, method, (await call(method, `${PATH}/${id}`)).body.code]).toEqual([
          name,
          method,
          'memory_tampered',
        ]);
      changed.set(id, name);
    }
    expect(await found('claims')).toEqual([]);
    const { body } = await call('GET', '/api/v1/audit/verify-data');
    const told = new Set(body.findings.map(({ id }: { id: string }) => id));
    expect([...changed].filter(([id]) => !told.has(id))).toEqual([]);
    await query('DELETE FROM memories WHERE id = ANY ($1::uuid[])', [[...changed.keys()]]);
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
    for (const content of ['hold flag off', 'hold row gone', 'both']) {
      const { id } = await create({ content });
      await call('PUT', `${PATH}/${id}/legal-hold`, hold);
      ids.push(id);
    }
    const [flag, row, both] = ids as [string, string, string];
    await rewriteRows(tenant, ids, `expires_at = now() - interval '1 day'`);
    await query('UPDATE memories SET legal_hold = false WHERE id = ANY ($1::uuid[])', [[flag, both]]);
    await query('DELETE FROM holds WHERE memory_id = ANY ($1::uuid[])', [[row, both]]);
    // One that nobody holds, and that was over when it came: once it is gone the cleaner has looked at them all.
    const { id: free } = await create({ content: 'free', expires_at: '2001-01-01T00:00:00Z' });
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

  it('by what its history says of it is answered by no history, undone by nobody, and found by whoever compares', async () => {
    const changes = [
      ['version', 'version = version + 1'],
      ['time', `at = at - interval '1 hour'`],
      ['actor', 'actor = gen_random_uuid()'],
      ['event', 'event = 7'],
      ['audit event', 'audit_event = gen_random_uuid()'],
      ['memory', 'memory_id = $1'],
      ['MAC', `mac = decode(md5('x') || md5('y'), 'hex')`],
      ['no MAC', 'mac = NULL'],
    ] as const;
    for (const [name, change] of changes) {
      const { id } = await create({ content: `a history of ${name}` });
      const between = new Date();
      // What comes now comes later than that, by its milliseconds too.
      while (Date.now() <= between.getTime()) await new Promise((resolve) => setTimeout(resolve, 1));
      await call('PATCH', `${PATH}/${id}`, { content: 'changed since' });
      const { id: other } = await create({ content: 'another one' });
      await call('PATCH', `${PATH}/${other}`, { content: 'another two' });
      const where = name === 'memory' ? 'memory_id = $2 AND event = 1' : 'memory_id = $1 AND event = 1';
      await query(`UPDATE memory_history SET ${change} WHERE ${where}`, name === 'memory' ? [id, other] : [id]);
      const history = await call('GET', `${PATH}/${id}/history`);
      expect([name, history.body.code]).toEqual([name, 'memory_tampered']);
      const asOf = await call('GET', `${PATH}/${id}?as_of=${encodeURIComponent(between.toISOString())}`);
      // The event of another memory that was moved here comes after its own, and is not asked.
      expect([name, asOf.status]).toEqual([name, name === 'memory' ? 200 : 404]);
      const data = await call('GET', '/api/v1/audit/verify-data');
      expect(data.body.findings).toContainEqual({ id, what: expect.stringContaining('in its history') });
      const writer = (await call('GET', `${PATH}/${other}/history`)).body.results?.[0]?.actor;
      if (writer) {
        const to = new Date().toISOString();
        const body = { writer, from: between.toISOString(), to };
        const { held, rewound, ...others } = (await call('POST', `${PATH}/revert`, body)).body;
        expect(JSON.stringify([rewound, others])).not.toContain(id);
        // What was moved out of the stretch, or to somebody else, is not looked for.
        if (/version|audit event|MAC/.test(name)) expect([name, held]).toEqual([name, [id]]);
      }
      expect(await isThere(id)).toBe(true);
      await query('DELETE FROM memory_history WHERE memory_id = ANY ($1::uuid[])', [[id, other]]);
      await query('DELETE FROM memories WHERE id = ANY ($1::uuid[])', [[id, other]]);
    }
  });

  describe('around an upgrade', () => {
    beforeEach(renew);
    afterAll(renew);

    it('rows of before the upgrade are read, get their MACs, and from then on are refused without', async () => {
      const { id } = await create({ user_id: 'old', content: 'of the version before' });
      await service.stop();
      await query('UPDATE memories SET mac = NULL');
      await query('UPDATE memory_history SET mac = NULL');
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
      await query(`UPDATE schema_migrations SET applied_at = now() - interval '1 hour' WHERE name LIKE '%bound_rows'`);
      service = await startInProcess(tenant);
      expect((await call('GET', `${PATH}/${id}`)).body.status).toBe('forgotten');
      await query('UPDATE memories SET mac = NULL WHERE id = $1', [id]);
      expect((await call('GET', `${PATH}/${id}`)).body.code).toBe('memory_tampered');
    });

    it('rows with a MAC of the version before are read and get one of this, and those changed meanwhile get none', async () => {
      const restart = async (bound: string) => {
        await service.stop();
        await query(`UPDATE schema_migrations SET applied_at = now() - interval '1 day' WHERE version = 1`);
        await query(`UPDATE schema_migrations SET applied_at = now() - $1::interval WHERE name LIKE '%bound_rows'`, [
          bound,
        ]);
        await query('ALTER TABLE audit_events DISABLE TRIGGER USER');
        await query(
          `UPDATE audit_events SET bytes = convert_to(replace(convert_from(bytes, 'UTF8'), 'row_mac_2', 'row_mac'), 'UTF8')
           WHERE type = 'data.marked'`,
        );
        await query('ALTER TABLE audit_events ENABLE TRIGGER USER');
        service = await startInProcess(tenant);
      };
      const lengths = async () =>
        Object.fromEntries(
          (await query('SELECT id, octet_length(mac) AS length FROM memories')).map(({ id, length }) => [id, length]),
        );
      const { id } = await create({ user_id: 'older', content: 'of this version' });
      // A rollout is at work: what is written now, the replicas of before can read.
      await restart('1 minute');
      const { id: during } = await create({ user_id: 'older', content: 'written during the rollout' });
      const { id: forged } = await create({ user_id: 'older', content: 'and somebody was at it' });
      expect(await lengths()).toMatchObject({ [id]: 33, [during]: 32, [forged]: 32 });
      expect((await call('PATCH', `${PATH}/${during}`, { importance: 0.9 })).status).toBe(200);
      await query('UPDATE memories SET trust_score = 1 WHERE id = $1', [forged]);
      // The replicas of before are gone, and those of this version write what only they can read.
      await restart('16 minutes');
      expect(await lengths()).toMatchObject({ [id]: 33, [during]: 33, [forged]: 32 });
      expect(await query(`SELECT 1 FROM audit_events WHERE convert_from(bytes, 'UTF8') LIKE '%row_mac_2%'`)).toEqual(
        [],
      );
      await restart('1 hour');
      expect((await call('GET', `${PATH}/${during}`)).body.content).toBe('written during the rollout');
      expect((await call('GET', `${PATH}/${during}/history`)).body.results).toHaveLength(2);
      expect((await call('GET', `${PATH}/${forged}`)).body.code).toBe('memory_tampered');
      await eventually(
        () => query(`SELECT 1 FROM audit_events WHERE convert_from(bytes, 'UTF8') LIKE '%row_mac_2%'`),
        (events) => events.length > 0,
      );
    });
  });
});
