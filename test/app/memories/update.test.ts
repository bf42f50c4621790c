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
  service = await startInProcess(tenant);
});
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const PATH = '/api/v1/memories';
interface Options {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
const create = async (body: object) =>
  (await service.call('POST', PATH, { body: { user_id: 'ada', content: 'x', ...body } })).body;
const patch = (id: string, body: unknown, options: Options = {}) =>
  service.call('PATCH', `${PATH}/${id}`, { body, ...options });
const makeKey = async (role: string, user_id: string): Promise<string> =>
  (await service.call('POST', '/api/v1/keys', { body: { name: 'k', role, user_id } })).body.key;

describe('a patch', () => {
  it('changes what it names, removes what it nulls, keeps the rest, and makes the next version', async () => {
    const before = await create({
      content: 'likes tea',
      subject: 'Ada',
      predicate: 'likes',
      confidence: 0.7,
      importance: 0.9,
      metadata: { keep: 1, drop: 2, deep: { a: [1], b: 2 } },
      source: { uri: 'https://example.com/a', role: 'user' },
      valid_from: '2024-02-29T00:00:00Z',
    });
    const answer = await patch(before.id, {
      subject: null,
      importance: null,
      metadata: { drop: null, deep: { b: null, c: true } },
      source: { role: null },
      valid_to: '2025-01-01T00:00:00Z',
    });
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, '"2"']);
    expect(answer.body).toMatchObject({
      content: 'likes tea',
      subject: null,
      predicate: 'likes',
      confidence: 0.7,
      importance: 0.5,
      metadata: { keep: 1, deep: { a: [1], c: true } },
      source: { kind: 'api', uri: 'https://example.com/a' },
      valid_from: '2024-02-29T00:00:00.000000Z',
      valid_to: '2025-01-01T00:00:00.000000Z',
      version: 2,
      created_at: before.created_at,
    });
    expect(answer.body.metadata).not.toHaveProperty('drop');
    const read = await service.call('GET', `${PATH}/${before.id}`);
    expect({ ...read.body, vector_status: '' }).toEqual({ ...answer.body, vector_status: '' });
  });

  it('that changes nothing makes no version', async () => {
    const { id } = await create({ metadata: { a: 1 }, confidence: 0.3 });
    for (const body of [{}, { metadata: { a: 1, b: null } }, { content: 'x', confidence: 0.3 }]) {
      expect((await patch(id, body)).body.version).toBe(1);
    }
  });

  it('is sent as application/merge-patch+json too', async () => {
    const { id } = await create({});
    const answer = await service.call('PATCH', `${PATH}/${id}`, {
      raw: '{"content":"y"}',
      headers: { 'Content-Type': 'application/merge-patch+json' },
    });
    expect(answer.body.content).toBe('y');
  });

  it('holds for the version that is named, or not at all; the version read before is stale then', async () => {
    const { id } = await create({});
    const first = await patch(id, { content: 'y' }, { headers: { 'If-Match': '"1"' } });
    expect(first.status).toBe(200);
    const second = await patch(id, { content: 'z' }, { headers: { 'If-Match': '"1"' } });
    expect([second.status, second.body.code, second.headers.get('etag')]).toEqual([412, 'version_mismatch', '"2"']);
    const read = (tag: string) => service.call('GET', `${PATH}/${id}`, { headers: { 'If-None-Match': tag } });
    expect([(await read('"2"')).status, (await read('"1"')).status]).toEqual([304, 200]);
  });

  it.each([
    ['3', '"3"'],
    ['W/"7"', '"7"'],
    ['"1", two', '"3"'],
  ])('is told how a version is written when it is written as %s', async (tag, told) => {
    const { id } = await create({});
    await patch(id, { content: 'y' });
    const answer = await patch(id, { content: 'z' }, { headers: { 'If-Match': tag } });
    expect([answer.status, answer.body.remedy]).toEqual([412, expect.stringContaining(`If-Match: ${told}`)]);
  });

  it('sent by many at once makes one version each, and under If-Match just one', async () => {
    const { id } = await create({});
    const free = await Promise.all(
      Array.from({ length: 8 }, (_, index) => patch(id, { metadata: { [`k${index}`]: index } })),
    );
    expect(free.map(({ body }) => body.version).sort()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    const { body } = await service.call('GET', `${PATH}/${id}`);
    expect(Object.keys(body.metadata)).toHaveLength(8);
    const bound = await Promise.all(
      Array.from({ length: 6 }, (_, index) => patch(id, { content: `c${index}` }, { headers: { 'If-Match': '"9"' } })),
    );
    expect(bound.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
  });
});

describe('what a patch may not do', () => {
  it.each([
    'id',
    'user_id',
    'agent_id',
    'session_id',
    'app_id',
    'team_id',
    'organization_id',
    'scope',
    'created_at',
    'trust',
    'legal_hold',
    'version',
  ])('change %s', async (field) => {
    const { id } = await create({});
    const { status, body } = await patch(id, { content: 'y', [field]: 'mallory' });
    expect([status, body.code, body.errors]).toEqual([
      400,
      'immutable_field',
      [expect.objectContaining({ pointer: `/${field}`, code: 'immutable_field' })],
    ]);
    expect((await service.call('GET', `${PATH}/${id}`)).body).toMatchObject({ content: 'x', version: 1 });
  });

  it('touch an identity by its name inside metadata', async () => {
    const { id } = await create({ agent_id: 'a1' });
    const names = {
      user_id: 'mallory',
      agent_id: 'm',
      scope: 'global',
      id: 'other',
      tenant_id: 't',
      created_at: 'now',
    };
    const { body } = await patch(id, { metadata: names });
    expect(body).toMatchObject({ id, user_id: 'ada', agent_id: 'a1', scope: 'user', metadata: names });
    expect((await service.call('GET', `${PATH}/${id}`, { headers: { 'X-User-ID': 'mallory' } })).status).toBe(404);
  });

  it.each<[string, unknown, number, string, string]>([
    ['remove the content', { content: null }, 400, 'invalid_request', '/content'],
    ['empty the content', { content: '' }, 400, 'invalid_request', '/content'],
    ['name an unknown key', { colour: 'red' }, 400, 'invalid_request', '/colour'],
    ['be a list', [{ content: 'y' }], 400, 'invalid_request', ''],
    ['be null', null, 400, 'invalid_request', ''],
    ['say what is no number', { confidence: '1' }, 400, 'invalid_request', '/confidence'],
    ['replace metadata by a text', { metadata: 'x' }, 400, 'invalid_request', '/metadata'],
    ['let metadata grow beyond measure', { metadata: { a: 'x'.repeat(70_000) } }, 400, 'invalid_request', '/metadata'],
    ['name an unknown source', { source: { kind: 'mcp' } }, 400, 'invalid_request', '/source/kind'],
    ['name a day that does not exist', { expires_at: '2024-02-30T00:00:00Z' }, 400, 'invalid_request', '/expires_at'],
    ['end before it began', { valid_to: '2000-01-01T00:00:00Z' }, 400, 'invalid_request', '/valid_to'],
    ['bring a vector of another size', { vector: [1, 2] }, 422, 'dimension_mismatch', '/vector'],
    ['bring no vector', { vector: null }, 400, 'invalid_request', '/vector'],
  ])('%s', async (_, body, status, code, pointer) => {
    const { id } = await create({ valid_from: '2020-01-01T00:00:00Z' });
    const answer = await patch(id, body);
    expect([answer.status, answer.body.code, answer.body.errors[0].pointer]).toEqual([status, code, pointer]);
    expect((await service.call('GET', `${PATH}/${id}`)).body.version).toBe(1);
  });

  it("reach somebody else's memory, nor what is not there", async () => {
    const { id } = await create({ user_id: 'grace' });
    const key = await makeKey('user', 'ada');
    expect((await patch(id, { content: 'y' }, { key })).status).toBe(404);
    expect((await patch(id, { content: 'y' }, { headers: { 'X-User-ID': 'ada' } })).status).toBe(404);
    expect((await patch('01900000-0000-7000-8000-000000000000', { content: 'y' })).status).toBe(404);
    expect((await service.call('PATCH', `${PATH}/nothing`, { body: {} })).status).toBe(400);
  });

  it('go beyond the role: readonly changes nothing, user not what all see', async () => {
    const { id } = await create({ scope: 'global' });
    expect((await patch(id, { content: 'y' }, { key: await makeKey('readonly', 'ada') })).body.code).toBe('forbidden');
    expect((await patch(id, { content: 'y' }, { key: await makeKey('user', 'ada') })).body.code).toBe('forbidden');
    expect((await patch(id, { content: 'y' })).status).toBe(200);
  });

  it('raise what an agent wrote to the trust of a person; an agent lowers what it changes', async () => {
    const agent = await makeKey('service', 'ada');
    const of = async (id: string, options: Options) => (await patch(id, { content: 'y' }, options)).body.trust.class;
    const byAgent = (await service.call('POST', PATH, { body: { content: 'x' }, key: agent })).body;
    expect(await of(byAgent.id, {})).toBe('agent');
    expect(await of((await create({})).id, { key: agent })).toBe('agent');
  });
});

describe('the vector of a patched memory', () => {
  const search = async (query: string) =>
    (await service.call('POST', `${PATH}/search`, { body: { user_id: 'seek', query, limit: 1 } })).body.results[0];
  const settled = (id: string) =>
    eventually(
      () => service.call('GET', `${PATH}/${id}?include=vector`),
      ({ body }) => body.vector_status === 'succeeded',
    );

  it('follows the words: the new ones are found at once and later, the old ones no more', async () => {
    const { id } = await create({ user_id: 'seek', content: 'green tea' });
    const old = (await settled(id)).body.embedding;
    expect((await search('green tea')).score).toBeCloseTo(1, 5);
    expect((await patch(id, { content: 'black coffee' })).body.vector_status).toBe('pending');
    expect((await search('black coffee')).score).toBeCloseTo(1, 5);
    expect((await search('green tea')).score).toBeLessThan(0.95);
    const { body } = await settled(id);
    expect(body.embedding).not.toEqual(old);
    expect((await search('black coffee')).score).toBeCloseTo(1, 5);
    expect((await search('green tea')).score).toBeLessThan(0.95);
  });

  it('stays when the words stay, and is replaced by the one that a patch brings', async () => {
    const vector = Array.from({ length: 64 }, (_, index) => (index === 3 ? 1 : 0));
    const { id } = await create({ user_id: 'own', vector });
    const read = async () => (await service.call('GET', `${PATH}/${id}?include=vector`)).body;
    expect((await patch(id, { importance: 0.1 })).body).toMatchObject({ version: 2, vector_status: 'succeeded' });
    expect((await read()).embedding).toEqual(vector);
    const other = [...vector].reverse();
    expect((await patch(id, { content: 'new', vector: other })).body).toMatchObject({ vector_status: 'succeeded' });
    expect((await read()).embedding).toEqual(other);
  });
});

describe("the tenant's policies", () => {
  afterAll(async () => {
    tenant.writePolicies(defaultPolicies);
    const { id } = await eventually(
      () => create({ content: 'written again' }),
      (made) => made.id !== undefined,
    );
    await eventually(
      async () => (await patch(id, { confidence: 0.1 })).status,
      (status) => status === 200,
    );
  });

  it('hold for a patch as for a draft: redaction, predicates, confidence, life time, read-only', async () => {
    const { id, created_at } = await create({ content: 'call', predicate: 'old' });
    const policies = { ttlDays: 10, minConfidencePercent: 50, redact: ['email'], predicates: ['likes'] };
    tenant.writePolicies({ ...defaultPolicies, policies });
    await eventually(
      async () => (await patch(id, { predicate: 'hates' })).body.code,
      (code) => code === 'predicate_not_allowed',
    );
    expect((await patch(id, { confidence: 0.4 })).body.errors).toMatchObject([{ pointer: '/confidence' }]);
    const { body } = await patch(id, { content: 'mail a@b.example', expires_at: '2999-01-01T00:00:00Z' });
    expect(body).toMatchObject({ content: 'mail [email]', pii: ['email'], redactions: [{ kind: 'email', count: 1 }] });
    expect(Date.parse(body.expires_at) - Date.parse(created_at)).toBe(10 * 86_400_000);
    tenant.writePolicies({ ...defaultPolicies, mode: 'ReadOnly' });
    await eventually(
      async () => (await patch(id, {})).body.code,
      (code) => code === 'suspended',
    );
    expect((await patch(id, { content: 'y' })).status).toBe(503);
    expect((await service.call('GET', `${PATH}/${id}`)).body.content).toBe('mail [email]');
  });
});
