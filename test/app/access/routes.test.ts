import pg from 'pg';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  SOON_MS,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
});
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const makeKey = async (role: string, user_id?: string): Promise<{ readonly id: string; readonly key: string }> =>
  (await service.call('POST', '/api/v1/keys', { body: { name: `${role} key`, role, ...(user_id ? { user_id } : {}) } }))
    .body;
const sql = async (text: string, values: readonly unknown[] = []): Promise<pg.QueryResult> => {
  const client = new pg.Client({ connectionString: tenant.database.ownerUrl });
  await client.connect();
  try {
    return await client.query(text, [...values]);
  } finally {
    await client.end();
  }
};

describe('who may do what', () => {
  const calls = {
    ingest: (key: string) => service.call('POST', '/api/v1/memories', { key, body: { content: 'x', user_id: 'ada' } }),
    retrieve: (key: string) => service.call('GET', '/api/v1/memories?user_id=ada', { key }),
    delete: async (key: string) => {
      const { body } = await service.call('POST', '/api/v1/memories', { body: { content: 'x', user_id: 'ada' } });
      return service.call('DELETE', `/api/v1/memories/${body.id}`, { key });
    },
    admin: (key: string) => service.call('GET', '/api/v1/keys', { key }),
  };
  // ingest, retrieve, delete, admin
  it.each([
    ['admin', [201, 200, 200, 200]],
    ['service', [201, 200, 200, 403]],
    ['user', [201, 200, 403, 403]],
    ['readonly', [403, 200, 403, 403]],
  ] as const)('the role %s is answered %j', async (role, expected) => {
    const { key } = await makeKey(role, 'ada');
    const statuses: number[] = [];
    for (const call of Object.values(calls)) statuses.push((await call(key)).status);
    expect(statuses).toEqual(expected);
  });
});

describe('a credential', () => {
  it.each([
    ['X-API-Key', (key: string) => ({ 'X-API-Key': key })],
    ['Bearer', (key: string) => ({ Authorization: `Bearer ${key}` })],
    ['bearer, in small letters', (key: string) => ({ Authorization: `bearer ${key}` })],
    ['Token', (key: string) => ({ Authorization: `Token ${key}` })],
  ])('comes as %s', async (_, headers) => {
    const answer = await service.call('GET', '/api/v1/whoami', { key: null, headers: headers(tenant.adminKey) });
    expect(answer.body).toMatchObject({
      tenant: 'test',
      role: 'admin',
      user_id: null,
      permissions: expect.arrayContaining(['ingest', 'retrieve', 'delete', 'admin']),
    });
  });

  it.each([
    ['is missing', {}],
    ['is too short', { 'X-API-Key': 'mb_short' }],
    ['is unknown', { 'X-API-Key': `mb_${'x'.repeat(43)}` }],
    ['is of another kind', { Authorization: 'Basic dXNlcjpwYXNz' }],
    ['comes twice and differs', { 'X-API-Key': `mb_${'x'.repeat(43)}`, Authorization: `Bearer mb_${'y'.repeat(43)}` }],
  ])('that %s is 401 and told how to authenticate', async (_, headers) => {
    const answer = await service.call('GET', '/api/v1/whoami', { key: null, headers });
    expect([answer.status, answer.body.code, answer.headers.get('www-authenticate')]).toEqual([
      401,
      'unauthenticated',
      'Bearer realm="memplane"',
    ]);
  });

  it('tells its teams, its organizations and when it ends', async () => {
    const groups = { teams: ['platform', 'on call'], organizations: ['acme'] };
    const body = { name: 'k', role: 'user', user_id: 'ada', ...groups, expires_in: '30d' };
    const { key, expires_at } = (await service.call('POST', '/api/v1/keys', { body })).body;
    expect(Date.parse(expires_at)).toBeGreaterThan(Date.now());
    expect((await service.call('GET', '/api/v1/whoami', { key })).body).toMatchObject({
      user_id: 'ada',
      ...groups,
      expires_at,
    });
    expect((await service.call('GET', '/api/v1/whoami')).body).toMatchObject({
      ...{ teams: [], organizations: [], expires_at: null },
    });
  });

  it('confirms its tenant by name or id, and contradicts another', async () => {
    const ask = async (id: string) =>
      (await service.call('GET', '/api/v1/whoami', { headers: { 'X-Tenant-ID': id } })).status;
    expect(await ask('test')).toBe(200);
    expect(await ask(tenant.env.MEMPLANE_TENANT_ID ?? '')).toBe(200);
    expect(await ask('other')).toBe(403);
  });
});

describe('API keys', () => {
  it('are shown once, listed without their text, and stored as a keyed hash', async () => {
    const made = await makeKey('service');
    expect(made.key).toMatch(/^mb_[A-Za-z0-9_-]{43}$/);
    const { body } = await service.call('GET', '/api/v1/keys');
    expect(JSON.stringify(body)).not.toContain(made.key);
    expect(body.results.find(({ id }: { id: string }) => id === made.id)).toMatchObject({
      name: 'service key',
      role: 'service',
      hint: made.key.slice(0, 7),
    });
    const { rows } = await sql('SELECT to_jsonb(api_keys)::text AS row FROM api_keys');
    for (const { row } of rows) expect(row).not.toContain('service key');
  });

  it('work no more once revoked or expired', async () => {
    const { id, key } = await makeKey('service');
    expect((await service.call('GET', '/api/v1/whoami', { key })).status).toBe(200);
    expect((await service.call('DELETE', `/api/v1/keys/${id}`)).body.revoked_at).not.toBeNull();
    expect((await service.call('GET', '/api/v1/whoami', { key })).status).toBe(401);
    const brief = (
      await service.call('POST', '/api/v1/keys', { body: { name: 'brief', role: 'service', expires_in: '1s' } })
    ).body.key;
    await eventually(
      async () => (await service.call('GET', '/api/v1/whoami', { key: brief })).status,
      (status) => status === 401,
      SOON_MS,
    );
  });

  it('that a superuser of the database raised or minted are refused and reported', async () => {
    const { id, key } = await makeKey('readonly', 'ada');
    await sql(`UPDATE api_keys SET role = 'admin' WHERE id = $1`, [id]);
    expect((await service.call('GET', '/api/v1/keys', { key })).status).toBe(401);
    const { body } = await service.call('GET', '/api/v1/keys');
    expect(body.results.some((row: { id: string }) => row.id === id)).toBe(false);
  });

  it('of the role user need a person, and an unknown role is refused', async () => {
    expect((await service.call('POST', '/api/v1/keys', { body: { name: 'x', role: 'user' } })).body.code).toBe(
      'user_required',
    );
    expect(
      (await service.call('POST', '/api/v1/keys', { body: { name: 'x', role: 'root' } })).body.errors,
    ).toMatchObject([{ pointer: '/role' }]);
  });
});

describe('the bootstrap key', () => {
  it('is registered once, however often and by however many replicas it is brought', async () => {
    const own = await createTestTenant();
    const first = await startInProcess(own);
    await Promise.all([startInProcess(own), startInProcess(own)]);
    const { body } = await first.call('GET', '/api/v1/keys');
    expect(body.results.filter((row: { bootstrap: boolean }) => row.bootstrap)).toHaveLength(1);
    await own.drop();
  });

  it('changed adds a key; removed changes nothing', async () => {
    const second = `mb_${'z'.repeat(43)}`;
    const changed = await startInProcess(tenant, { MEMPLANE_BOOTSTRAP_KEY: second });
    expect((await changed.call('GET', '/api/v1/whoami', { key: second })).status).toBe(200);
    expect((await changed.call('GET', '/api/v1/whoami')).status).toBe(200);
    await changed.stop();
    const removed = await startInProcess(tenant, { MEMPLANE_BOOTSTRAP_KEY: '' });
    expect((await removed.call('GET', '/api/v1/whoami', { key: second })).status).toBe(200);
    await removed.stop();
  });
});
