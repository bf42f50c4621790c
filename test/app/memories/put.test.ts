import { randomUUID } from 'node:crypto';
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
const put = (name: string, body: unknown, options: Options = {}) =>
  service.call('PUT', `${PATH}/by-key/${name}`, { body, ...options });
const draft = (content: string, more: object = {}) => ({ user_id: 'ada', content, ...more });
const CREATE_ONLY = { headers: { 'If-None-Match': '*' } };
const makeKey = async (body: object): Promise<string> =>
  (await service.call('POST', '/api/v1/keys', { body: { name: 'k', ...body } })).body.key;

describe('a memory of a key', () => {
  it('is written the first time and replaced after it, as one memory with one history', async () => {
    const first = await put('diet?namespace=profile.food', draft('meat', { subject: 'Ada', metadata: { a: 1 } }));
    expect([first.status, first.headers.get('etag'), first.headers.get('location')]).toEqual([
      201,
      '"1"',
      `${PATH}/${first.body.id}`,
    ]);
    expect(first.body).toMatchObject({ key: 'diet', namespace: ['profile', 'food'], version: 1 });
    const second = await put('diet?namespace=profile.food&reason=changed', draft('fish'));
    expect([second.status, second.headers.get('etag')]).toEqual([200, '"2"']);
    expect(second.body).toMatchObject({
      id: first.body.id,
      content: 'fish',
      subject: null,
      metadata: {},
      key: 'diet',
      namespace: ['profile', 'food'],
      created_at: first.body.created_at,
    });
    expect((await put('diet?namespace=profile.food', draft('fish'))).body.version).toBe(2);
    const { body } = await service.call('GET', `${PATH}/${first.body.id}/history`);
    expect(
      body.results.map((entry: { event: string; reason: string; after: { content: string } }) => [
        entry.event,
        entry.reason,
        entry.after.content,
      ]),
    ).toEqual([
      ['add', null, 'meat'],
      ['update', 'changed', 'fish'],
    ]);
  });

  it('is another one in another namespace, for another person, in another scope', async () => {
    const answers = [
      await put('same', draft('1')),
      await put('same?namespace=a', draft('2')),
      await put('same?namespace=a.b', draft('3')),
      await put('same', { content: '4', user_id: 'grace' }),
      await put('same', { content: '5', scope: 'global' }),
      await put('same', { content: '6', scope: 'team', team_id: 'red' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(new Array(6).fill(201));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(6);
  });

  it('may be asked to be new, or to have a version', async () => {
    expect((await put('fresh', draft('1'), CREATE_ONLY)).status).toBe(201);
    expect((await put('fresh', draft('2'), CREATE_ONLY)).body).toMatchObject({ status: 409, code: 'key_exists' });
    const at = (tag: string, name = 'fresh') => put(name, draft('3'), { headers: { 'If-Match': tag } });
    expect((await at('"7"')).body.code).toBe('version_mismatch');
    expect((await at('*', 'never')).body.code).toBe('version_mismatch');
    expect((await at('"1"')).body).toMatchObject({ content: '3', version: 2 });
    expect((await put('fresh', draft('4'), { headers: { 'If-None-Match': '"1"' } })).status).toBe(400);
  });

  it('put by many at once is written once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => put('crowd', { user_id: 'crowd', content: `c${index}` })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...new Array(9).fill(200), 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.map(({ body }) => body.version).sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const only = await Promise.all(
      Array.from({ length: 6 }, () => put('once', { user_id: 'crowd', content: 'x' }, CREATE_ONLY)),
    );
    expect(only.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
    const { body } = await service.call('GET', `${PATH}?user_id=crowd&scope=user&count=true&limit=1000`);
    expect(body.results.filter(({ user_id }: { user_id: string }) => user_id === 'crowd')).toHaveLength(2);
  });

  it('is free again when it was deleted', async () => {
    const { id } = (await put('gone', draft('1'))).body;
    await service.call('DELETE', `${PATH}/${id}`);
    const again = await put('gone', draft('2'));
    expect([again.status, again.body.version]).toEqual([201, 1]);
    expect(again.body.id).not.toBe(id);
  });

  it('has any text for a key, and is found by it as it was written', async () => {
    for (const key of ['a/b', 'ü 🍵', "'; DROP TABLE memories; --", '%2e%2e', 'history', 'x'.repeat(256)]) {
      const { status, body } = await put(encodeURIComponent(key), draft('x'));
      expect([status, body.key]).toEqual([201, key]);
      expect((await put(encodeURIComponent(key), draft('y'))).status).toBe(200);
    }
  });
});

describe('a draft with a key', () => {
  it('posted alone is new or refused; in a batch it takes the place of what there is', async () => {
    const post = (body: object) => service.call('POST', PATH, { body });
    const keyed = draft('x', { key: 'posted', namespace: ['n'] });
    expect((await post(keyed)).body).toMatchObject({ key: 'posted', namespace: ['n'] });
    expect((await post(keyed)).body).toMatchObject({ status: 409, code: 'key_exists', errors: [{ pointer: '/key' }] });
    const twice = draft('x', { key: 'twice' });
    expect((await post({ memories: [twice, twice] })).status).toBe(409);
    const { body } = await post({
      memories: [twice, twice, keyed, draft('x', { namespace: ['n'] })],
      on_error: 'continue',
    });
    expect(
      body.results.map((result: { status: string; error?: { code: string } }) => result.error?.code ?? result.status),
    ).toEqual(['created', 'key_exists', 'updated', 'created']);
    expect((await put('posted?namespace=n', draft('y'))).status).toBe(200);
  });
});

describe('what is refused', () => {
  it.each<[string, string, unknown, string]>([
    ['a body with another key', 'k', draft('x', { key: 'other' }), '/key'],
    ['a body with another namespace', 'k?namespace=a', draft('x', { namespace: ['b'] }), '/namespace'],
    ['a namespace with an empty part', 'k?namespace=a..b', draft('x'), '/namespace/1'],
    ['a namespace of nine parts', 'k?namespace=a.b.c.d.e.f.g.h.i', draft('x'), '/namespace'],
    ['a key with control characters', 'a%00b', draft('x'), '/key'],
    ['a key that is too long', 'x'.repeat(257), draft('x'), '/key'],
    ['no content', 'k', { user_id: 'ada' }, '/content'],
    ['a list', 'k', [draft('x')], ''],
    ['null', 'k', null, ''],
    ['an unknown key', 'k', draft('x', { colour: 'red' }), '/colour'],
  ])('%s', async (_, name, body, pointer) => {
    const answer = await put(name, body);
    expect([answer.status, answer.body.code, answer.body.errors[0].pointer]).toEqual([400, 'invalid_request', pointer]);
  });

  it('another identity than the memory has; its own, and none, are welcome', async () => {
    await put('mine', draft('x', { agent_id: 'a1' }));
    for (const more of [{ agent_id: 'a2' }, { session_id: 's' }, { id: randomUUID() }]) {
      const { status, body } = await put('mine', draft('y', more));
      expect([status, body.code, body.errors[0].pointer]).toEqual([400, 'immutable_field', `/${Object.keys(more)[0]}`]);
    }
    expect((await put('mine', draft('y', { agent_id: 'a1' }))).body).toMatchObject({ content: 'y', agent_id: 'a1' });
    expect((await put('mine', draft('z'))).body).toMatchObject({ content: 'z', agent_id: 'a1' });
  });

  it("somebody else's: a person's key reaches that person's memories, another team's are not that person's to write", async () => {
    const ada = await makeKey({ role: 'user', user_id: 'ada' });
    expect((await put('theirs', { user_id: 'grace', content: 'x' }, { key: ada })).body.code).toBe('identity_mismatch');
    expect((await put('theirs', { content: 'mine' }, { key: ada })).body.user_id).toBe('ada');
    const team = { scope: 'team', team_id: 'blue' };
    expect((await put('plan', { content: 'x', ...team })).status).toBe(201);
    expect((await put('plan', { content: 'y', ...team }, { key: ada })).status).toBe(403);
    const blue = await makeKey({ role: 'user', user_id: 'bob', teams: ['blue'] });
    expect((await put('plan', { content: 'z', ...team }, { key: blue })).body.content).toBe('z');
    const reader = await makeKey({ role: 'readonly', user_id: 'ada' });
    expect((await put('theirs', { content: 'x' }, { key: reader })).body.code).toBe('forbidden');
    expect((await put('global', { content: 'x', scope: 'global' }, { key: ada })).body.code).toBe('forbidden');
  });

  it('what is beyond the quota; what is there already may still be replaced; nothing while read-only', async () => {
    const one = (content: string) => ({ user_id: 'poor', content });
    await put('one', one('1'));
    tenant.writePolicies({ ...defaultPolicies, quotas: { memories: null, memoriesPerUser: 1 } });
    await eventually(
      async () => (await put(randomUUID(), one('2'))).body.code,
      (code) => code === 'quota_exceeded',
    );
    expect((await put('one', one('4'))).body).toMatchObject({ content: '4', version: 2 });
    tenant.writePolicies({ ...defaultPolicies, mode: 'ReadOnly' });
    await eventually(
      async () => (await put('one', one('4'))).body.code,
      (code) => code === 'suspended',
    );
    tenant.writePolicies(defaultPolicies);
    await eventually(
      async () => (await put('one', one('4'))).status,
      (status) => status === 200,
    );
  });
});

it('key and namespace lie sealed, and a seal opens only where it was made', async () => {
  const [one, two] = [
    (await put('canary-key?namespace=canary-space', draft('x'))).body.id,
    (await put('other', draft('x'))).body.id,
  ];
  const owner = new pg.Client({ connectionString: tenant.database.ownerUrl });
  await owner.connect();
  const { rows } = await owner.query('SELECT * FROM memories WHERE id = $1', [one]);
  const bytes = Object.values(rows[0]).map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : value));
  expect(JSON.stringify(bytes)).not.toContain('canary');
  await owner.query('UPDATE memories SET sealed_key = (SELECT sealed_key FROM memories WHERE id = $1) WHERE id = $2', [
    one,
    two,
  ]);
  await owner.end();
  expect((await service.call('GET', `${PATH}/${two}`)).body.code).toBe('memory_tampered');
  expect((await service.call('GET', `${PATH}/${one}`)).body.key).toBe('canary-key');
});
