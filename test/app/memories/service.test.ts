import { randomUUID } from 'node:crypto';
import {
  createTestTenant,
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
const create = (body: object, key?: string) => service.call('POST', PATH, { body, ...(key ? { key } : {}) });
const makeKey = async (role: string, user_id: string, more: object = {}): Promise<string> =>
  (await service.call('POST', '/api/v1/keys', { body: { name: 'k', role, user_id, ...more } })).body.key;

describe('one memory', () => {
  const draft = {
    user_id: 'ada',
    agent_id: 'agent-1',
    session_id: 'session-1',
    app_id: 'app-1',
    content: 'Ada likes grüner Tee 🍵',
    subject: 'Ada',
    predicate: 'likes',
    object: 'tea',
    confidence: 0.7,
    importance: 0.3,
    metadata: { tags: ['a', 1, null, { deep: true }], user_id: 'mallory' },
    expires_at: '2999-01-02T03:04:05+01:00',
    valid_from: '2024-02-29T00:00:00Z',
    source: { uri: 'https://example.com/a', role: 'user' },
  };

  it('comes back as it was sent, with what the server adds', async () => {
    const created = await create(draft);
    expect([created.status, created.headers.get('etag'), created.headers.get('location')]).toEqual([
      201,
      '"1"',
      `${PATH}/${created.body.id}`,
    ]);
    expect(created.body).toMatchObject({
      ...draft,
      expires_at: '2999-01-02T02:04:05.000000Z',
      valid_from: '2024-02-29T00:00:00.000000Z',
      source: { kind: 'api', ...draft.source },
      scope: 'user',
      version: 1,
      status: 'active',
      trust: { class: 'user', score: 0.8 },
      vector_status: 'pending',
    });
    const read = await service.call('GET', `${PATH}/${created.body.id}`);
    expect({ ...read.body, vector_status: 'pending' }).toEqual(created.body);
  });

  it('is not sent again to who has its version', async () => {
    const { body } = await create({ user_id: 'ada', content: 'once' });
    const answer = await service.call('GET', `${PATH}/${body.id}`, { headers: { 'If-None-Match': 'W/"1"' } });
    expect([answer.status, answer.body]).toEqual([304, '']);
  });

  it('may have an id of the client, once', async () => {
    const id = randomUUID().toUpperCase();
    expect((await create({ user_id: 'ada', content: 'mine', id })).body.id).toBe(id.toLowerCase());
    expect((await create({ user_id: 'ada', content: 'again', id })).body).toMatchObject({
      status: 409,
      code: 'key_exists',
    });
  });

  it('is deleted in the version that is named, or not at all', async () => {
    const { body } = await create({ user_id: 'ada', content: 'short' });
    const remove = (tag: string) =>
      service.call('DELETE', `${PATH}/${body.id}?reason=test`, { headers: { 'If-Match': tag } });
    expect((await remove('"2"')).body.code).toBe('version_mismatch');
    expect((await remove('"1"')).status).toBe(200);
    expect((await remove('"1"')).status).toBe(404);
  });
});

describe('on whose behalf', () => {
  it('a key of the tenant must say, by body or header', async () => {
    expect((await create({ content: 'x' })).body).toMatchObject({ status: 400, code: 'user_required' });
    const byHeader = await service.call('POST', PATH, { body: { content: 'x' }, headers: { 'X-User-ID': 'grace' } });
    expect(byHeader.body.user_id).toBe('grace');
    const both = await service.call('POST', PATH, {
      body: { content: 'x', user_id: 'ada' },
      headers: { 'X-User-ID': 'grace' },
    });
    expect(both.body.user_id).toBe('ada');
  });

  it('a key of a person speaks for that person alone', async () => {
    const key = await makeKey('user', 'ada');
    expect((await create({ content: 'mine' }, key)).body.user_id).toBe('ada');
    expect((await create({ content: 'hers', user_id: 'grace' }, key)).body).toMatchObject({
      status: 403,
      code: 'identity_mismatch',
    });
    const header = await service.call('GET', `${PATH}?limit=1`, { key, headers: { 'X-User-ID': 'grace' } });
    expect(header.body.code).toBe('identity_mismatch');
    const admin = await makeKey('admin', 'ada');
    expect((await create({ content: 'x', user_id: 'grace' }, admin)).body.code).toBe('identity_mismatch');
  });

  it("somebody else's memory is not there", async () => {
    const { body } = await create({ user_id: 'grace', content: 'private' });
    const key = await makeKey('user', 'ada');
    expect((await service.call('GET', `${PATH}/${body.id}`, { key })).status).toBe(404);
    expect((await service.call('GET', `${PATH}/${body.id}`, { headers: { 'X-User-ID': 'ada' } })).status).toBe(404);
    const service1 = await makeKey('service', 'ada');
    expect((await service.call('DELETE', `${PATH}/${body.id}`, { key: service1 })).status).toBe(404);
    expect((await service.call('GET', `${PATH}/${body.id}`)).status).toBe(200);
  });

  it('names that differ only in case or composition are different people', async () => {
    for (const user_id of ['Zoë', 'Zoe\u0308', 'zoë']) await create({ user_id, content: `I am ${user_id}` });
    const { body } = await service.call('GET', `${PATH}?user_id=${encodeURIComponent('Zoë')}`);
    const theirs = body.results.filter(({ content }: { content: string }) => content.startsWith('I am '));
    expect(theirs.map((row: { user_id: string }) => row.user_id)).toEqual(['Zoë']);
  });
});

describe('scopes', () => {
  it('the whole tenant sees what is global; a team what is the team’s; nobody sideways', async () => {
    const inTeam = await makeKey('user', 'tim', { teams: ['red'], organizations: ['org'] });
    const outside = await makeKey('user', 'otto', { teams: ['blue'] });
    const mark = randomUUID();
    const shared: string[] = [];
    for (const more of [
      { scope: 'global' },
      { scope: 'team', team_id: 'red' },
      { scope: 'organization', organization_id: 'org' },
    ]) {
      const { status, body } = await create({ content: `${mark} ${more.scope}`, ...more });
      expect(status).toBe(201);
      shared.push(body.id);
    }
    await create({ content: `${mark} own`, user_id: 'tim' });
    const seen = async (key: string, query = '') => {
      const { body } = await service.call('GET', `${PATH}?limit=1000${query}`, { key });
      return body.results
        .flatMap(({ content }: { content: string }) => (content.startsWith(mark) ? [content.slice(37)] : []))
        .sort();
    };
    expect(await seen(inTeam)).toEqual(['global', 'organization', 'own', 'team']);
    expect(await seen(inTeam, '&scope=team')).toEqual(['global', 'organization', 'team']);
    expect(await seen(inTeam, '&scope=global')).toEqual(['global']);
    expect(await seen(outside)).toEqual(['global']);
    // Everybody would see them from now on.
    for (const id of shared) await service.call('DELETE', `${PATH}/${id}`);
  });

  it('a person writes for own teams and organizations only; in a batch each draft answers for itself', async () => {
    const key = await makeKey('user', 'tim', { teams: ['red'], organizations: ['org'] });
    const shared = (scope: string, id: string) => ({ content: 'x', scope, [`${scope}_id`]: id });
    for (const own of [shared('team', 'red'), shared('organization', 'org')])
      expect((await create(own, key)).status).toBe(201);
    const others = [shared('team', 'blue'), shared('organization', 'other')];
    for (const other of others)
      expect((await create(other, key)).body).toMatchObject({ status: 403, code: 'forbidden' });
    const { body } = await create({ memories: [...others, { content: 'own' }], on_error: 'continue' }, key);
    expect(
      body.results.map((result: { status: string; error?: { code: string } }) => result.error?.code ?? result.status),
    ).toEqual(['forbidden', 'forbidden', 'created']);
    expect((await create({ content: 'x', team_id: 'blue' }, key)).body).toMatchObject({ scope: 'user' });
  });

  it('a team needs its id, and the role user does not speak to the whole tenant', async () => {
    expect((await create({ content: 'x', scope: 'team' })).body.code).toBe('invalid_scope');
    expect((await create({ content: 'x', scope: 'global' }, await makeKey('user', 'ada'))).body.code).toBe('forbidden');
  });
});

describe('a batch', () => {
  it('is answered in the order it was sent, and listed in that order', async () => {
    const memories = Array.from({ length: 25 }, (_, index) => ({
      user_id: 'batch',
      agent_id: 'orderly',
      content: `fact ${index}`,
    }));
    const { status, body } = await create({ memories });
    expect([status, body.summary]).toMatchObject([200, { created: 25, updated: 0, dropped: 0, rejected: 0 }]);
    expect(body.results.map(({ index }: { index: number }) => index)).toEqual(memories.map((_, index) => index));
    const listed = await service.call('GET', `${PATH}?user_id=batch&agent_id=orderly&order=created_at:asc`);
    expect(listed.body.results.map(({ id }: { id: string }) => id)).toEqual(
      body.results.map(({ id }: { id: string }) => id),
    );
  });

  const mix = (user_id: string) => {
    const taken = randomUUID();
    return [
      { user_id, content: 'good' },
      { user_id, content: '' },
      { user_id, content: 'x', vector: [1, 2] },
      { content: 'nobody' },
      { user_id, content: 'twice', id: taken },
      { user_id, content: 'twice', id: taken },
    ];
  };

  it('with one bad draft writes nothing and names every mistake by index', async () => {
    const { status, body } = await create({ memories: mix('whole') });
    expect([status, body.code]).toEqual([422, 'batch_rejected']);
    expect(
      body.errors.map((error: { index: number; pointer: string; code: string }) => [
        error.index,
        error.pointer,
        error.code,
      ]),
    ).toEqual([
      [1, '/memories/1/content', 'minLength'],
      [2, '/memories/2/vector', 'dimension_mismatch'],
      [3, '/memories/3/user_id', 'user_required'],
      [5, '/memories/5/id', 'key_exists'],
    ]);
    expect(
      (await service.call('GET', `${PATH}?user_id=whole`)).body.results.filter(
        (row: { content: string }) => row.content === 'good',
      ),
    ).toEqual([]);
  });

  it('told to go on writes the good ones and answers for each', async () => {
    const mixed = mix('mixed');
    const { status, body } = await create({ memories: mixed, on_error: 'continue' });
    expect(status).toBe(200);
    expect(
      body.results.map((result: { status: string; error?: { code: string } }) => result.error?.code ?? result.status),
    ).toEqual(['created', 'invalid_request', 'dimension_mismatch', 'user_required', 'created', 'key_exists']);
    const again = await create({ memories: mixed.slice(4, 5), on_error: 'continue' });
    expect(again.body.results).toMatchObject([{ index: 0, status: 'rejected', error: { code: 'key_exists' } }]);
    expect((await create({ memories: mixed.slice(4, 5) })).status).toBe(409);
  });

  it('of several people, agents and scopes comes back whole', async () => {
    const memories = Array.from({ length: 60 }, (_, index) => ({
      user_id: `person-${index % 7}`,
      agent_id: `agent-${index % 3}`,
      content: `c${index}`,
      ...(index % 5 === 0 ? { scope: 'global' } : {}),
    }));
    const { body } = await create({ memories });
    expect(body.summary.created).toBe(60);
    const one = await service.call('GET', `${PATH}?user_id=person-1&agent_id=agent-1&limit=1000`);
    const expected = memories.flatMap((memory) =>
      memory.agent_id === 'agent-1' && (memory.user_id === 'person-1' || memory.scope) ? [memory.content] : [],
    );
    expect(one.body.results.map(({ content }: { content: string }) => content).sort()).toEqual(expected.sort());
  });

  it('sent by many at once for the same people makes each person once', async () => {
    const memories = Array.from({ length: 20 }, (_, index) => ({
      user_id: `crowd-${index}`,
      session_id: 's',
      content: 'x',
    }));
    const answers = await Promise.all(Array.from({ length: 6 }, () => create({ memories: [...memories].reverse() })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    const { body } = await service.call('GET', `${PATH}?user_id=crowd-3&session_id=s&count=true`);
    expect(body.count).toBeGreaterThanOrEqual(6);
  });
});
