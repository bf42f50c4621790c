/** What a restore of an older state may not turn back, as far as it is decided by which tables are data and by where keys lie. */
import { jest } from '@jest/globals';
import pg from 'pg';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

jest.setTimeout(120_000);

const CANARY = 'quetzalcoatlus';
/** Tables that hold what is under way now, not what was remembered: a restore begins with them empty. */
const UNDER_WAY = ['replicas', 'jobs', 'outbox', 'idempotency'];

class OlderState {
  readonly #db: pg.Client;
  readonly #tables: readonly { readonly name: string; readonly rows: string }[];

  private constructor(db: pg.Client, tables: readonly { readonly name: string; readonly rows: string }[]) {
    this.#db = db;
    this.#tables = tables;
  }

  /** A backup of every table that says of itself that it is data. */
  static async take(tenant: TestTenant): Promise<OlderState> {
    const db = new pg.Client({ connectionString: tenant.database.adminUrl });
    await db.connect();
    await db.query(`SET search_path = ${tenant.database.schema}`);
    const { rows } = await db.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
         AND obj_description(oid) = 'memplane: data' ORDER BY relname`,
    );
    const tables = [];
    for (const { name } of rows) {
      const { rows: found } = await db.query(`SELECT json_agg(t)::text AS rows FROM "${name}" AS t`);
      tables.push({ name, rows: found[0]?.rows ?? '[]' });
    }
    return new OlderState(db, tables);
  }

  /** Everything in it, as a thief of the backup reads it. */
  text(): string {
    return this.#tables.map(({ rows }) => rows).join('\n');
  }

  async putBack(): Promise<void> {
    // As pg_restore does it: what refers to what is true of the whole, not of each statement.
    await this.#db.query('BEGIN; SET LOCAL session_replication_role = replica');
    for (const { name } of this.#tables) await this.#db.query(`TRUNCATE "${name}" CASCADE`);
    for (const { name, rows } of this.#tables) {
      if (UNDER_WAY.includes(name)) continue;
      const { rows: columns } = await this.#db.query<{ name: string }>(
        `SELECT quote_ident(attname) AS name FROM pg_attribute
         WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
        [`"${name}"`],
      );
      const list = columns.map((column) => column.name).join(', ');
      await this.#db.query(
        `INSERT INTO "${name}" (${list}) OVERRIDING SYSTEM VALUE
         SELECT ${list} FROM json_populate_recordset(NULL::"${name}", $1::json)`,
        [rows],
      );
    }
    await this.#db.query('COMMIT');
    await this.#db.end();
  }
}

describe('an older state of the data, put back', () => {
  let tenant: TestTenant;
  let service: InProcessService;
  const call = async (method: string, path: string, body?: object, key?: string) =>
    service.call(method, path, { ...(body ? { body } : {}), ...(key ? { key } : {}) });
  const start = async (env: Readonly<Record<string, string>> = {}): Promise<void> => {
    tenant = await createTestTenant();
    service = await startInProcess(tenant, env);
  };
  afterEach(() => tenant.drop());

  const remember = async (user: string, content: string): Promise<string> => {
    const { status, body } = await call('POST', '/api/v1/memories', { user_id: user, content });
    expect(status).toBe(201);
    return body.id as string;
  };
  const erase = async (user: string): Promise<void> => {
    const { body } = await call('DELETE', `/api/v1/users/${user}`);
    await eventually(
      async () => (await call('GET', `/api/v1/erasures/${body.erasure_id}`)).body,
      ({ status }) => status === 'completed',
      60_000,
    );
  };

  it('leaves a revoked key revoked, a lowered role lowered, an erased person erased and a hold in force', async () => {
    await start();
    const ids = [await remember(CANARY, `${CANARY} likes tea`), await remember('ben', 'Ben plays the cello')];
    const revoked = (await call('POST', '/api/v1/keys', { name: 'r', role: 'service' })).body;
    const setRole = async (...permissions: readonly string[]) =>
      expect((await call('PUT', '/api/v1/roles/writers', { permissions })).status).toBeLessThan(300);
    await setRole('ingest', 'retrieve');
    const lowered = (await call('POST', '/api/v1/keys', { name: 'l', role: 'writers' })).body;
    const write = (content: string) =>
      call('POST', '/api/v1/memories', { user_id: 'ben', content }, lowered.key as string);
    expect((await write('the last word')).status).toBe(201);
    const before = await OlderState.take(tenant);
    // The backup is ciphertext: it holds neither the person's words nor a key.
    expect(before.text()).toContain(ids[0]);
    expect(before.text()).not.toContain(CANARY);
    expect(before.text()).not.toContain(Buffer.from(CANARY).toString('hex'));

    expect((await call('DELETE', `/api/v1/keys/${revoked.id}`)).status).toBeLessThan(300);
    await setRole('retrieve');
    await erase(CANARY);
    const hold = { scope: 'memory', memory_id: ids[1], matter: 'Doe v. Roe', reason: 'court' };
    expect((await call('POST', '/api/v1/holds', hold)).status).toBe(201);
    await service.stop();
    await before.putBack();
    service = await startInProcess(tenant);

    expect((await call('GET', '/api/v1/memories', undefined, revoked.key)).status).toBe(401);
    expect((await write('one more')).status).toBe(403);
    // The rows are back, and nobody can open them.
    const db = new pg.Client({ connectionString: tenant.database.ownerUrl });
    await db.connect();
    expect((await db.query('SELECT 1 FROM memories WHERE id = $1', [ids[0]])).rows).toHaveLength(1);
    await db.end();
    for (const path of [
      `/api/v1/memories/${ids[0]}`,
      '/api/v1/memories?limit=100',
      `/api/v1/memories/${ids[0]}/history`,
    ]) {
      const answer = await call('GET', path);
      expect(answer.status).toBeLessThan(500);
      expect(JSON.stringify(answer.body)).not.toContain(CANARY);
    }
    const search = await call('POST', '/api/v1/memories/search', { query: CANARY });
    expect(JSON.stringify(search.body.results ?? [])).not.toContain(CANARY);
    expect((await call('GET', `/api/v1/memories/${ids[1]}`)).body.content).toBe('Ben plays the cello');
    expect((await call('DELETE', `/api/v1/memories/${ids[1]}`)).body).toMatchObject({ code: 'legal_hold' });
    const log = await call('GET', '/api/v1/audit/head');
    expect([log.status, log.body.size > 0]).toEqual([200, true]);
  });

  it('brings everything back where contents are not sealed: the control, which has to leak', async () => {
    await start({ FIELD_ENCRYPTION: 'false' });
    const id = await remember(CANARY, `${CANARY} likes tea`);
    const before = await OlderState.take(tenant);
    await erase(CANARY);
    expect((await call('GET', `/api/v1/memories/${id}`)).status).toBe(404);
    expect(before.text()).toContain(Buffer.from(CANARY).toString('hex'));
    // Its workers and the tables that are emptied would wait for each other.
    await service.stop();
    await before.putBack();
  });
});
