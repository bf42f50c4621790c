import { createHash, createPublicKey, verify } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { jcsBytes } from '../../../app/sealing/index.js';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
let other: InProcessService;
let db: pg.Client;
let env: Readonly<Record<string, string>>;
const open = async (): Promise<void> => {
  tenant = await createTestTenant();
  env = { ARTIFACTS_BUCKET_URL: `file://${join(tenant.directory, 'artifacts')}` };
  service = await startInProcess(tenant, env);
  db = new pg.Client({ connectionString: tenant.env.DATABASE_URL ?? '' });
  await db.connect();
};
const close = async (): Promise<void> => {
  await db?.end();
  await tenant?.drop();
};

const CANARY = 'quetzal';
const create = async (body: object, on = service) => {
  const answer = await on.call('POST', '/api/v1/memories?wait=indexed', { body });
  expect(answer.status).toBe(201);
  return answer.body.id as string;
};
const erase = (user: string, headers: Readonly<Record<string, string>> = {}) =>
  service.call('DELETE', `/api/v1/users/${user}`, { headers });
const completed = (id: string, on = service) =>
  eventually(
    async () => (await on.call('GET', `/api/v1/erasures/${id}`)).body,
    ({ status }) => status === 'completed',
    30_000,
  );
const listOf = async (user: string, on = service) =>
  (await on.call('GET', `/api/v1/memories?user_id=${user}`)).body.results;
const objects = () => readdirSync(join(tenant.directory, 'artifacts', 'mem-test', 'artifacts'));

/** Every value of every table, as text: what a thief of the database would search. */
const findInTables = async (needle: string): Promise<readonly string[]> => {
  const { rows } = await db.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'`,
  );
  const found: string[] = [];
  for (const { name } of rows) {
    const hex = Buffer.from(needle).toString('hex');
    const { rows: hits } = await db
      .query(`SELECT 1 FROM "${name}" AS t WHERE t::text LIKE $1 OR t::text LIKE $2 LIMIT 1`, [
        `%${needle}%`,
        `%${hex}%`,
      ])
      .catch(() => ({ rows: [] }));
    if (hits.length > 0) found.push(name);
  }
  return found;
};

describe('an erasure of a person whom two replicas know', () => {
  // biome-ignore lint/suspicious/noExplicitAny: the answer is what is under test
  let erased: any;
  let ids: readonly string[];
  let key: string;
  let slot: number;

  beforeAll(async () => {
    await open();
    other = await startInProcess(tenant, env);
    ids = [
      await create({ user_id: CANARY, content: `${CANARY} likes tea`, agent_id: `${CANARY}-agent` }),
      await create({ user_id: CANARY, content: 'lives in Oslo', metadata: { tag: CANARY } }),
    ];
    await create({ user_id: 'ben', content: 'Ben plays the cello', metadata: { evidence: 'own' } });
    await service.call('PATCH', `/api/v1/memories/${ids[0]}`, { body: { content: `${CANARY} likes coffee` } });
    await service.call('POST', '/api/v1/artifacts', {
      body: { content: Buffer.from(CANARY).toString('base64'), content_type: 'text/plain', user_id: CANARY },
    });
    await service.call('POST', '/api/v1/artifacts', {
      body: { content: Buffer.from('cello').toString('base64'), content_type: 'text/plain', user_id: 'ben' },
    });
    const repeated = { body: { user_id: CANARY, content: 'said once' }, headers: { 'Idempotency-Key': 'k1' } };
    expect((await service.call('POST', '/api/v1/memories', repeated)).status).toBe(201);
    key = (await service.call('POST', '/api/v1/keys', { body: { name: 'q', role: 'user', user_id: CANARY } })).body.key;
    expect((await service.call('GET', '/api/v1/memories', { key })).status).toBe(200);
    // The other replica knows the person, the key and the memory.
    expect(await listOf(CANARY, other)).toHaveLength(3);
    slot = (await db.query('SELECT slot FROM memories WHERE id = $1', [ids[0]])).rows[0].slot;

    const answer = await erase(CANARY);
    expect([200, 202]).toContain(answer.status);
    erased = { ...answer.body, ...(await completed(answer.body.erasure_id)) };
  }, 60_000);
  afterAll(close, 90_000);

  it('takes everything of the person, in the tables, the index, the bucket and the keyring', async () => {
    expect(erased).toMatchObject({ request_salt: expect.any(String), job_id: expect.any(String) });
    expect(erased.counts).toMatchObject({ memories: 3, artifacts: 1, idempotency: 1, api_keys: 1 });
    expect(erased.counts.entities).toBeGreaterThan(0);
    expect(objects()).toHaveLength(1);
    for (const on of [service, other]) {
      expect(await listOf(CANARY, on)).toEqual([]);
      expect((await on.call('GET', `/api/v1/memories/${ids[0]}`)).status).toBe(404);
      expect((await on.call('GET', `/api/v1/memories/${ids[0]}/history`)).status).toBe(404);
      expect(await listOf('ben', on)).toHaveLength(1);
    }
    expect((await service.call('GET', '/api/v1/memories', { key })).status).toBe(401);
    for (const table of ['memories', 'memory_history', 'vectors', 'entities', 'idempotency', 'jobs'])
      expect((await db.query(`SELECT 1 FROM ${table} WHERE slot = $1`, [slot])).rows).toEqual([]);
  });

  it('leaves no trace of the person in any table, and what is left sealed opens no more', async () => {
    expect(await findInTables(CANARY)).toEqual([]);
    const events = await service.call('GET', '/api/v1/audit/events?limit=1000');
    expect(JSON.stringify(events.body)).not.toContain(CANARY);
    const { rows } = await db.query('SELECT 1 FROM audit_details WHERE slot = $1', [slot]);
    expect(rows.length).toBeGreaterThan(0);
  });

  it('is certified by the tenant’s key, in an envelope that others can check', async () => {
    const { body: envelope } = await service.call('GET', erased.certificate_url);
    const payload = Buffer.from(envelope.payload, 'base64');
    const type = envelope.payloadType;
    expect(type).toBe('application/vnd.memplane.erasure.v1+json');
    const signed = Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload]);
    const [{ keyid, sig }] = envelope.signatures;
    expect(envelope.signatures).toHaveLength(1);
    const raw = Buffer.from(keyid.replace(/^[^+]+\+[0-9a-f]{8}\+/, ''), 'base64').subarray(1);
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(verify(null, signed, publicKey, Buffer.from(sig, 'base64'))).toBe(true);

    const told = JSON.parse(payload.toString());
    expect(jcsBytes(told)).toEqual(payload);
    expect(told).toMatchObject({
      id: erased.erasure_id,
      stage: 'logical',
      signer: { kind: 'log' },
      keys: [{ generations: [1], podsAcked: 2 }],
      rows: { memories: 3 },
      checks: { canaries: 3, opened: 0, hits: 0 },
      finalAt: erased.final_at,
      notClaimed: ['N1', 'N2', 'N3', 'N4', 'N5', 'N6', 'N7', 'N8', 'N9', 'N10'],
    });
    expect(told.keys[0].epochAfter).toBeGreaterThan(told.keys[0].epochBefore);
    const commit = createHash('sha256')
      .update('memplane/erasure-request/1\n')
      .update(Buffer.from(erased.request_salt, 'base64'))
      .update(CANARY)
      .digest('base64');
    expect(told.scope.requestCommit).toBe(commit);
    const sha256 = createHash('sha256').update(payload).digest('hex');
    const logged = await eventually(
      async () => (await db.query('SELECT type FROM audit_events WHERE resource = $1', [sha256])).rows,
      (rows) => rows.length > 0,
    );
    expect(logged).toEqual([{ type: 'erasure.completed' }]);
  });

  it('asked for again is the same one', async () => {
    const again = await erase(CANARY);
    expect([again.status, again.body.erasure_id]).toEqual([200, erased.erasure_id]);
    expect((await erase('nobody-at-all')).body).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('lets the person come back as somebody new', async () => {
    const slotOf = async (id: string) =>
      Number((await db.query('SELECT slot FROM memories WHERE id = $1', [id])).rows[0].slot);
    const before = await slotOf(await create({ user_id: 'back', content: 'the old days' }));
    const first = await erase('back');
    await completed(first.body.erasure_id);
    const id = await create({ user_id: 'back', content: 'a new beginning' }, other);
    expect(await listOf('back')).toMatchObject([{ id, content: 'a new beginning' }]);
    expect(await slotOf(id)).toBeGreaterThan(before);
    const second = await erase('back');
    expect(second.body.erasure_id).not.toBe(first.body.erasure_id);
    await completed(second.body.erasure_id);
  }, 60_000);
});

describe('an erasure', () => {
  beforeAll(open, 60_000);
  afterAll(close, 90_000);

  it('waits while a hold stands, on the person or on one memory, and goes on when it is released', async () => {
    const id = await create({ user_id: 'held', content: 'evidence' });
    const hold = await service.call('POST', '/api/v1/holds', {
      body: { scope: 'memory', memory_id: id, matter: 'Doe v. Roe', reason: 'court' },
    });
    const refused = await erase('held');
    expect(refused.body).toMatchObject({ status: 409, code: 'erasure_pending' });
    expect(refused.body.detail).toContain('Doe v. Roe');
    const waiting = await service.call('GET', refused.headers.get('location') ?? '');
    expect(waiting.body).toMatchObject({ status: 'held', certificate_url: null });
    expect(await listOf('held')).toHaveLength(1);
    await service.call('DELETE', `/api/v1/holds/${hold.body.id}`);
    const answer = await erase('held');
    expect(answer.body.erasure_id).toBe(waiting.body.erasure_id);
    await completed(answer.body.erasure_id);
    expect(await listOf('held')).toEqual([]);
  }, 60_000);

  it('is for admins only, and never for somebody else’s key', async () => {
    await create({ user_id: 'eve', content: 'stays' });
    const made = await service.call('POST', '/api/v1/keys', { body: { name: 's', role: 'service' } });
    const refused = await service.call('DELETE', '/api/v1/users/eve', { key: made.body.key });
    expect(refused.body).toMatchObject({ status: 403, code: 'forbidden' });
    expect(await listOf('eve')).toHaveLength(1);
  });

  it('waits for every living replica, survives the end of its process, and is done by the next', async () => {
    await create({ user_id: 'crash', content: 'goes in the end' });
    const silent = '00000000-0000-4000-8000-00000000dead';
    await db.query(`INSERT INTO replicas (id, epoch, seen_at) VALUES ($1, 0, now() + interval '1 hour')`, [silent]);
    const { status, body } = await erase('crash', { Prefer: 'respond-async' });
    expect(status).toBe(202);
    await eventually(
      async () => (await db.query('SELECT facts FROM erasures WHERE id = $1', [body.erasure_id])).rows[0].facts,
      (facts) => facts.keys !== undefined,
    );
    // The key is gone already: nothing of it can be read, though its rows are there.
    expect(await listOf('crash')).toEqual([]);
    expect(
      (await db.query('SELECT 1 FROM erasures WHERE id = $1 AND status = 1', [body.erasure_id])).rows,
    ).toHaveLength(1);
    await service.stop();
    await db.query('DELETE FROM replicas WHERE id = $1', [silent]);
    service = await startInProcess(tenant, env);
    const done = await completed(body.erasure_id);
    expect(done.counts).toMatchObject({ memories: 1 });
  }, 90_000);

  it('is shown to the tenant, to the person and to whoever asked, and to no other person with the same right', async () => {
    await service.call('PUT', '/api/v1/roles/eraser', { body: { permissions: ['ingest', 'retrieve', 'erase'] } });
    const keyFor = async (user_id: string): Promise<string> =>
      (await service.call('POST', '/api/v1/keys', { body: { name: user_id, role: 'eraser', user_id } })).body.key;
    const curious = await keyFor('curious');
    await create({ user_id: 'shy', content: 'theirs' });
    const { body } = await erase('shy');
    await completed(body.erasure_id);
    for (const path of ['', '/certificate']) {
      const asked = `/api/v1/erasures/${body.erasure_id}${path}`;
      expect((await service.call('GET', asked, { key: curious })).body).toMatchObject({
        status: 404,
        code: 'not_found',
      });
      expect((await service.call('GET', asked)).status).toBe(200);
    }
    // Their own: the key that asked is revoked with everything else of theirs, the tenant still sees it.
    const own = await keyFor('leaver');
    await create({ user_id: 'leaver', content: 'bye' });
    const gone = await service.call('DELETE', '/api/v1/users/leaver', { key: own });
    expect([200, 202]).toContain(gone.status);
    expect((await completed(gone.body.erasure_id)).status).toBe('completed');
    expect((await service.call('GET', `/api/v1/erasures/${gone.body.erasure_id}`, { key: own })).status).toBe(401);
  });

  it('becomes final when the last copy is gone, and says so in a second certificate', async () => {
    await create({ user_id: 'last', content: 'to be final' });
    const { body } = await erase('last');
    await completed(body.erasure_id);
    const logical = await service.call('GET', `/api/v1/erasures/${body.erasure_id}/certificate`);
    await db.query('UPDATE erasures SET final_at = now() WHERE id = $1', [body.erasure_id]);
    await service.stop();
    service = await startInProcess(tenant, env);
    const final = await eventually(
      async () => (await service.call('GET', `/api/v1/erasures/${body.erasure_id}`)).body,
      ({ status }) => status === 'final',
      30_000,
    );
    const { body: envelope } = await service.call('GET', final.certificate_url);
    const told = JSON.parse(Buffer.from(envelope.payload, 'base64').toString());
    const before = createHash('sha256').update(Buffer.from(logical.body.payload, 'base64')).digest('hex');
    expect(told).toMatchObject({ stage: 'final', supersedes: before, checks: { hits: 0 } });
    expect((await erase('last')).status).toBe(404);
  }, 60_000);
});
