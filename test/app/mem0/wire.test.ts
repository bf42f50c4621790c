import { jest } from '@jest/globals';
import {
  type Answer,
  type CallOptions,
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { CHAT_ANSWERS, startModelServer } from '../../support/model-servers.js';

jest.setTimeout(90_000);

let tenant: TestTenant;
let service: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
});
afterAll(() => tenant.drop());

type Body = Readonly<Record<string, unknown>>;
const call = (method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Answer> =>
  service.call(method, path, { ...options, ...(body === undefined ? {} : { body }) });
/** Word for word, so that the test says what is stored. */
const add = async (names: Body, ...contents: readonly string[]): Promise<readonly string[]> => {
  const messages = contents.map((content) => ({ role: 'user', content }));
  const { status, body } = await call('POST', '/v3/memories/add/', { messages, infer: false, ...names });
  expect(status).toBe(200);
  return body.results.map(({ id }: { readonly id: string }) => id);
};
const find = async (filters: unknown, query = 'tea'): Promise<readonly string[]> => {
  const { body, status } = await call('POST', '/v3/memories/search/', { query, filters, top_k: 50, threshold: 0 });
  expect([status, body.detail]).toEqual([200, undefined]);
  return body.results.map(({ memory }: { readonly memory: string }) => memory).sort();
};
const list = async (filters: unknown): Promise<readonly string[]> => {
  const { body, status } = await call('POST', '/v3/memories/', { filters });
  expect([status, body.detail, body.count]).toEqual([200, undefined, body.results?.length]);
  return body.results.map(({ memory }: { readonly memory: string }) => memory).sort();
};
const makeKey = async (body: Body): Promise<string> =>
  (await call('POST', '/api/v1/keys', { name: 'test', ...body })).body.key;

describe('paths', () => {
  it.each([
    '/v1/ping',
    '/v1/ping/?org_id=o',
    '/v1/entities',
    '/v1/entities/?org_name=o',
    '/memories/?user_id=x&project_id=7',
    '/entities/?x=y',
    '/memories/x?org_id=o',
  ])('%s is answered without a redirect, in JSON', async (path) => {
    const { status, headers } = await call('GET', path);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
  });

  it.each(['/reset', '/configure', '/configure/providers', '/auth/login'])(
    '%s does not exist, and the answer says what to do instead',
    async (path) => {
      const { status, body } = await call('POST', path, {});
      expect([status, body.code]).toEqual([404, 'not_found']);
      expect(body.remedy).toContain('/api/v1/keys');
    },
  );

  it('a name in a path is decoded once', async () => {
    await add({ agent_id: 'a/b%2F' }, 'slash');
    const { body } = await call('DELETE', `/v2/entities/agent/${encodeURIComponent('a/b%2F')}/?org_id=o`);
    expect(body.message).toBe('Entity deleted successfully!');
    expect(await list({ agent_id: 'a/b%2F' })).toEqual([]);
  });
});

describe('errors', () => {
  const FORM = { detail: expect.any(String), error: expect.any(String), message: expect.any(String) };

  it.each<[string, string, string, unknown, CallOptions, number, string]>([
    ['no key', 'GET', '/v1/ping/', undefined, { key: null }, 401, 'unauthenticated'],
    ['a wrong key', 'GET', '/memories?user_id=a', undefined, { key: 'mb_wrong_wrong_wrong' }, 401, 'unauthenticated'],
    ['no entity', 'POST', '/v3/memories/add/', { messages: 'hello' }, {}, 400, 'invalid_request'],
    ['no entity', 'POST', '/v3/memories/search/', { query: 'x' }, {}, 400, 'invalid_request'],
    ['no entity', 'GET', '/v1/memories/', undefined, {}, 400, 'invalid_request'],
    ['no entity', 'DELETE', '/v1/memories/', undefined, {}, 400, 'invalid_request'],
    [
      'an unknown field',
      'POST',
      '/v3/memories/',
      { filters: { user_id: 'a', colour: 'x' } },
      {},
      400,
      'invalid_filter',
    ],
    ['no list', 'POST', '/v1/memories/', { user_id: 'a', messages: 7 }, {}, 400, 'invalid_request'],
    [
      'a picture',
      'POST',
      '/memories',
      { user_id: 'a', messages: [{ role: 'user', content: { type: 'image_url' } }] },
      {},
      400,
      'invalid_request',
    ],
    [
      'no day',
      'POST',
      '/v3/memories/add/',
      { user_id: 'a', messages: 'x', expiration_date: '2026-02-31' },
      {},
      400,
      'invalid_request',
    ],
    ['a wrong type of entity', 'DELETE', '/v2/entities/team/x/', undefined, {}, 400, 'invalid_request'],
    [
      'too many',
      'POST',
      '/v3/memories/search/',
      { query: 'x', filters: { user_id: 'a' }, top_k: 1001 },
      {},
      400,
      'invalid_request',
    ],
    ['an event that is not there', 'GET', '/v1/event/nothing/', undefined, {}, 404, 'not_found'],
    [
      'no JSON',
      'POST',
      '/search',
      undefined,
      { raw: '{', headers: { 'Content-Type': 'application/json' } },
      400,
      'invalid_request',
    ],
    ['a method', 'PATCH', '/v1/batch/', {}, {}, 405, 'method_not_allowed'],
    ['profiles', 'POST', '/v2/profiles/jobs/', {}, {}, 501, 'not_supported'],
  ])('%s: %s %s is told as mem0 tells it', async (_, method, path, body, options, status, code) => {
    const answer = await call(method, path, body, options);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/json']);
    expect(answer.body).toMatchObject({ ...FORM, code, request_id: answer.headers.get('x-request-id') });
  });

  it('a memory that is not there is told in the words that clients look for', async () => {
    for (const path of ['/v1/memories/nothing/', '/v1/memories/0190b3d0-0000-7000-8000-000000000000/']) {
      expect((await call('GET', path)).body).toMatchObject({ error: 'Memory not found!', code: 'not_found' });
    }
  });

  it('our own paths keep their problem documents', async () => {
    const { headers } = await call('GET', '/api/v1/memories/0190b3d0-0000-7000-8000-000000000000');
    expect(headers.get('content-type')).toBe('application/problem+json');
  });

  it('a full store is 413, a full minute 429 with whole seconds', async () => {
    await add({ user_id: 'full' }, 'the one that fits');
    tenant.writePolicies({ ...defaultPolicies, quotas: { memories: null, memoriesPerUser: 1 } });
    let turn = 0;
    const more = () => call('POST', '/v3/memories/add/', { user_id: 'full', messages: `more ${turn++}`, infer: false });
    const full = await eventually(more, ({ status }) => status !== 200);
    expect([full.status, full.body.code]).toEqual([413, 'quota_exceeded']);
    tenant.writePolicies({ ...defaultPolicies, rateLimits: { tenantPerMinute: 1, ipPerMinute: 100_000 } });
    const limited = await eventually(
      () => call('GET', '/v1/ping/'),
      ({ status }) => status !== 200,
    );
    expect([limited.status, limited.headers.get('content-type')]).toEqual([429, 'application/json']);
    expect(limited.headers.get('retry-after')).toMatch(/^\d+$/);
    tenant.writePolicies(defaultPolicies);
    await eventually(
      () => call('GET', '/v1/ping/'),
      ({ status }) => status === 200,
    );
  });
});

describe('ping', () => {
  it('tells telemetry nothing: a keyed hash in place of an address', async () => {
    const { body } = await call('GET', '/v1/ping/', undefined, { headers: { 'X-Tenant-ID': 'test' } });
    expect(body).toMatchObject({
      status: 'ok',
      org_id: expect.stringMatching(/./),
      project_id: expect.stringMatching(/./),
    });
    expect(body.user_email).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify(body)).not.toContain(tenant.env.MEMPLANE_TENANT_ID);
  });

  it('takes Authorization: Token as it takes the other two', async () => {
    const headers = { Authorization: `tOkEn ${tenant.adminKey}` };
    expect((await call('GET', '/v1/ping/', undefined, { key: null, headers })).status).toBe(200);
  });
});

describe('identity', () => {
  it('entities are kept apart, a row may have several, and * means any', async () => {
    await add({ user_id: 'ida' }, 'ida drinks tea');
    await add({ user_id: 'ida', agent_id: 'cook' }, 'the cook knows that ida drinks tea');
    await add({ agent_id: 'cook' }, 'the cook brews tea');
    await add({ user_id: 'bob', app_id: 'shop', run_id: 'r1' }, 'bob buys tea');
    const ida = ['ida drinks tea', 'the cook knows that ida drinks tea'];
    const cook = ['the cook brews tea', 'the cook knows that ida drinks tea'];
    for (const see of [find, list]) {
      expect(await see({ user_id: 'ida' })).toEqual(ida);
      expect(await see({ userId: 'ida' })).toEqual(ida);
      expect(await see({ agent_id: 'cook' })).toEqual(cook);
      expect(await see({ AND: [{ user_id: 'ida' }, { agentId: 'cook' }] })).toEqual([cook[1]]);
      expect(await see({ OR: [{ user_id: 'bob' }, { agent_id: 'cook' }] })).toEqual(['bob buys tea', ...cook]);
      expect(await see({ run_id: 'r1' })).toEqual(['bob buys tea']);
      expect(await see({ AND: [{ user_id: { in: ['ida', 'bob'] } }, { app_id: '*' }] })).toEqual(['bob buys tea']);
      expect(await see({ AND: [{ user_id: { in: ['ida', 'bob'] } }, { NOT: [{ agent_id: 'cook' }] }] })).toEqual([
        'bob buys tea',
        'ida drinks tea',
      ]);
      expect(await see({ AND: [{ user_id: '*' }, { agent_id: 'cook' }] })).toEqual([cook[1]]);
    }
  });

  it('what is an agent’s alone shows no user, is in nobody’s memories, and its agent is told as an entity', async () => {
    await add({ user_id: 'ivy', app_id: 'kiosk', run_id: 'r2' }, 'ivy counts tea leaves as well');
    const [id] = await add({ agent_id: 'lone' }, 'the lone agent counts tea leaves');
    const { body } = await call('GET', `/v1/memories/${id}/`);
    expect(body).toMatchObject({ user_id: null, agent_id: 'lone', run_id: null, session_id: null });
    expect(
      (await call('GET', '/api/v1/memories?user_id=ivy')).body.results.map((one: Body) => one.agent_id),
    ).not.toContain('lone');
    const { body: entities } = await call('GET', '/v1/entities/?page=1&page_size=1000');
    const named = entities.results.map(({ type, name }: Body) => `${type} ${name}`);
    expect(named).toEqual(expect.arrayContaining(['agent lone', 'user ivy', 'run r2', 'app kiosk']));
    expect(named.filter((name: string) => name.includes('mem0:'))).toEqual([]);
    expect(entities.count).toBe(
      entities.total_users + entities.total_agents + entities.total_apps + entities.total_runs,
    );
  });

  it('names of people in metadata are metadata', async () => {
    const [id] = await add(
      { user_id: 'eve', metadata: { user_id: 'ida', agent_id: 'cook', runId: 'r1' } },
      'eve hides',
    );
    expect((await call('GET', `/v1/memories/${id}/`)).body).toMatchObject({
      user_id: 'eve',
      agent_id: null,
      metadata: { user_id: 'ida', agent_id: 'cook', runId: 'r1' },
    });
    await call('PUT', `/v1/memories/${id}/`, { metadata: { user_id: 'ida' } });
    expect(await list({ user_id: 'ida' })).not.toContain('eve hides');
  });

  it('Mem0-User-ID names nobody', async () => {
    const headers = { 'Mem0-User-ID': 'ida' };
    expect((await call('POST', '/v3/memories/add/', { messages: 'x' }, { headers })).status).toBe(400);
  });

  it('a person’s own key reaches that person alone, whatever the filter says', async () => {
    const key = await makeKey({ role: 'user', user_id: 'iris' });
    await add({ user_id: 'iris' }, 'iris drinks tea');
    const [bens] = await add({ user_id: 'ben', app_id: 'store', run_id: 'r3' }, 'ben has a secret');
    const ask = (filters: unknown) => call('POST', '/v3/memories/', { filters }, { key });
    for (const filters of [
      { user_id: 'ben' },
      { OR: [{ user_id: 'iris' }, { user_id: 'ben' }] },
      { userId: { in: ['ben'] } },
    ]) {
      expect((await ask(filters)).body.code).toBe('identity_mismatch');
    }
    expect((await ask({ app_id: 'store' })).body.count).toBe(0);
    expect((await ask({ user_id: '*' })).body.results.map((one: Body) => one.user_id)).toEqual(['iris']);
    expect((await call('GET', `/v1/memories/${bens}/`, undefined, { key })).status).toBe(404);
    const searched = await call('POST', '/search', { query: 'secret', run_id: 'r3' }, { key });
    expect(searched.body.results).toEqual([]);
    const written = await call('POST', '/v3/memories/add/', { messages: 'x', user_id: 'ben' }, { key });
    expect(written.status).toBe(403);
  });

  it('everybody at once is for admins alone', async () => {
    const key = await makeKey({ role: 'service' });
    expect((await call('DELETE', '/v1/memories/?user_id=*', undefined, { key })).status).toBe(403);
    expect((await call('DELETE', '/v1/memories/?user_id=nobody', undefined, { key })).status).toBe(200);
  });
});

describe('what comes back', () => {
  it('messages become memories by what is worth remembering, and say what became of each', async () => {
    const messages = [
      { role: 'user', content: 'I am allergic to nuts.' },
      { role: 'assistant', content: null },
    ];
    const { body } = await call('POST', '/v3/memories/add/', { messages, user_id: 'ann', timestamp: 1_750_000_000 });
    const memory = 'I am allergic to nuts.';
    expect(body).toMatchObject({ status: 'SUCCEEDED', results: [{ event: 'ADD', memory, data: { memory } }] });
    const again = await call('POST', '/v1/memories/', { messages, user_id: 'ann', org_id: 'o', unknown: 1 });
    expect(again.body).toMatchObject([{ id: body.results[0].id, event: 'NOOP' }]);
    const v11 = await call('POST', '/v1/memories/', { messages: 'hm', user_id: 'ann', output_format: 'v1.1' });
    expect(v11.body).toEqual({ results: [], relations: [] });
    const event = await call('GET', `/v1/event/${body.event_id}/`);
    expect(event.body).toMatchObject({
      id: body.event_id,
      event_type: 'ADD',
      status: 'SUCCEEDED',
      results: [{ memory }],
    });
    const nothing = await call('POST', '/v3/memories/add/', { messages: 'hm', user_id: 'ann' });
    expect((await call('GET', `/v1/event/${nothing.body.event_id}/`)).body).toMatchObject({
      status: 'SUCCEEDED',
      results: [],
    });
  });

  it('a page counts exactly and knows the pages beside it', async () => {
    await add({ user_id: 'pia' }, ...Array.from({ length: 7 }, (_, index) => `pia fact ${index}`));
    const page = (number: number) =>
      call('POST', `/v3/memories/?page=${number}&page_size=3`, { filters: { user_id: 'pia' } });
    const pages = await Promise.all([1, 2, 3, 4].map(page));
    expect(
      pages.map(({ body }) => [body.count, body.results.length, body.next !== null, body.previous !== null]),
    ).toEqual([
      [7, 3, true, false],
      [7, 3, true, true],
      [7, 1, false, true],
      [7, 0, false, true],
    ]);
    expect(new Set(pages.flatMap(({ body }) => body.results.map(({ id }: Body) => id))).size).toBe(7);
    const sealed = await call('POST', '/v3/memories/?page=2&page_size=3', {
      filters: { user_id: 'pia', keywords: { contains: 'fact' } },
    });
    expect([sealed.body.count, sealed.body.results.length]).toEqual([7, 3]);
    expect((await call('GET', '/v1/memories/?user_id=pia')).body).toHaveLength(7);
    expect((await call('GET', '/v1/memories/?user_id=pia&page=1&page_size=2')).body).toMatchObject({ count: 7 });
    expect((await call('GET', '/v1/memories/?user_id=pia&page=1')).body).toHaveLength(7);
    expect((await call('POST', '/v2/memories/', { filters: { user_id: 'pia' } })).body).toHaveLength(7);
    expect((await call('GET', '/memories?user_id=pia&top_k=2')).body.results).toHaveLength(2);
  });

  it('a score is between 0 and 1, and nothing below the threshold comes', async () => {
    await add({ user_id: 'sam' }, 'sam plays chess', 'sam grows tulips');
    const ask = async (more: Body) =>
      (await call('POST', '/search', { query: 'chess', user_id: 'sam', ...more })).body.results as readonly Body[];
    const [best] = await ask({ explain: true, rerank: true });
    expect(best).toMatchObject({
      memory: 'sam plays chess',
      score: expect.any(Number),
      score_breakdown: { entity: null },
    });
    expect((best?.score as number) > 0 && (best?.score as number) <= 1).toBe(true);
    expect((await ask({ threshold: 0.9 })).map(({ memory }) => memory)).toEqual(['sam plays chess']);
    expect((await ask({ threshold: 0, top_k: 1 })).length).toBe(1);
    expect((await ask({})).every(({ score }) => (score as number) >= 0.1)).toBe(true);
    const fields = await ask({ fields: ['memory'] });
    expect(Object.keys(fields[0] ?? {})).toEqual(['id', 'memory']);
  });

  it('a day of expiration is a day, and what is over shows when it is asked for', async () => {
    const [id] = await add({ user_id: 'tim', expiration_date: '2099-12-31' }, 'tim has a coupon');
    await add({ user_id: 'tim', expiration_date: '2020-01-01' }, 'tim had a coupon');
    expect((await call('GET', `/v1/memories/${id}/`)).body.expiration_date).toBe('2099-12-31');
    expect(await list({ user_id: 'tim' })).toEqual(['tim has a coupon']);
    const shown = await call('POST', '/v3/memories/', { filters: { user_id: 'tim' }, show_expired: true });
    expect(shown.body.count).toBe(2);
    const taken = await call('PUT', `/v1/memories/${id}/`, { expiration_date: null });
    expect(taken.body.expiration_date).toBeNull();
  });
});

describe('changes', () => {
  it('a batch is all or none, and names what is wrong where it is', async () => {
    const [a, b] = await add({ user_id: 'bea' }, 'bea one', 'bea two');
    const wrong = await call('PUT', '/v1/batch/', {
      memories: [
        { memory_id: a, text: 'x' },
        { memory_id: b, text: '' },
      ],
    });
    expect([wrong.status, wrong.body.errors[0].pointer]).toEqual([400, '/memories/1/text']);
    const missing = '0190b3d0-0000-7000-8000-000000000000';
    const lost = await call('PUT', '/v1/batch/', {
      memories: [
        { memory_id: a, text: 'x' },
        { memory_id: missing, text: 'y' },
      ],
    });
    expect([lost.status, lost.body.errors[0].pointer]).toEqual([422, '/memories/1']);
    expect(await list({ user_id: 'bea' })).toEqual(['bea one', 'bea two']);
    const done = await call('PUT', '/v1/batch/', {
      memories: [
        { memory_id: a, text: 'bea 1' },
        { memory_id: b, metadata: { k: 'v' } },
      ],
    });
    expect(done.body).toEqual({ message: 'Successfully updated 2 memories' });
    const gone = await call('DELETE', '/v1/batch/', { memories: [{ memory_id: a }, { memory_id: b }] });
    expect(gone.body).toEqual({ message: 'Successfully deleted 2 memories' });
  });

  it('history tells each version, of a deleted memory too', async () => {
    const [id] = await add({ user_id: 'hal' }, 'hal sings');
    await call('PUT', `/v1/memories/${id}/`, { text: 'hal hums', metadata: { mood: 'calm' } });
    await call('DELETE', `/v1/memories/${id}/`);
    const { body } = await call('GET', `/v1/memories/${id}/history/`);
    const told = body.map(({ event, old_memory, new_memory, user_id }: Body) => [
      event,
      old_memory,
      new_memory,
      user_id,
    ]);
    expect(told).toEqual([
      ['ADD', null, 'hal sings', 'hal'],
      ['UPDATE', 'hal sings', 'hal hums', 'hal'],
      ['DELETE', 'hal hums', null, 'hal'],
    ]);
    expect(new Set(body.map(({ id: event }: Body) => event)).size).toBe(3);
  });

  it('on mem0’s own server a memory that is missing is null, and other keys of a filter are metadata', async () => {
    expect((await call('GET', '/memories/nothing')).body).toBeNull();
    const [id] = await add({ user_id: 'oss', metadata: { topic: 'garden' } }, 'oss grows leeks');
    const ask = async (filters: Body) =>
      (await call('POST', '/search', { query: 'leeks', filters, threshold: 0 })).body.results.length;
    expect(await ask({ user_id: 'oss', topic: 'garden' })).toBe(1);
    expect(await ask({ user_id: 'oss', topic: 'kitchen' })).toBe(0);
    expect((await call('PUT', `/memories/${id}`, { data: 'oss grows beans' })).body).toEqual({
      message: 'Memory updated successfully!',
    });
    expect((await call('GET', `/memories/${id}/history`)).body).toHaveLength(2);
    expect(Array.isArray((await call('GET', '/entities')).body)).toBe(true);
    expect((await call('DELETE', `/memories/${id}`)).body).toEqual({ message: 'Memory deleted successfully' });
    await add({ run_id: 'oss-run' }, 'runs alone');
    expect((await call('DELETE', '/memories?run_id=oss-run')).body).toEqual({
      message: 'All relevant memories deleted',
    });
    expect(await list({ run_id: 'oss-run' })).toEqual([]);
  });

  it('our own webhooks keep their path: the slash at its end tells whose answer is wanted', async () => {
    const id = '0190b3d0-0000-7000-8000-000000000000';
    const ours = await call('DELETE', `/api/v1/webhooks/${id}`);
    const theirs = await call('DELETE', `/api/v1/webhooks/${id}/`);
    expect([ours, theirs].map(({ status, headers }) => [status, headers.get('content-type')])).toEqual([
      [404, 'application/problem+json'],
      [404, 'application/json'],
    ]);
  });
});

describe('rights and duties', () => {
  it('what is under a legal hold stays, and the answer says so', async () => {
    const [id] = await add({ user_id: 'law' }, 'law kept a receipt', 'law lost a receipt');
    await call('PUT', `/api/v1/memories/${id}/legal-hold`, { matter: 'case 7', reason: 'asked for' });
    expect((await call('DELETE', `/v1/memories/${id}/`)).body.code).toBe('legal_hold');
    expect((await call('DELETE', '/v1/batch/', { memories: [{ memory_id: id }] })).body.code).toBe('legal_hold');
    const { status, body } = await call('DELETE', '/v2/entities/user/law/');
    expect([status, body.message]).toEqual([200, 'Entity deleted successfully! 1 stay under a legal hold.']);
    expect(await list({ user_id: 'law' })).toEqual(['law kept a receipt']);
    await call('DELETE', `/api/v1/memories/${id}/legal-hold`);
  });

  it('events are told to those who may see them, newest first, and each can be asked for', async () => {
    await add({ user_id: 'evi' }, 'evi waves');
    const page = () => call('GET', '/v1/events/?page=1&page_size=1');
    const { body } = await eventually(page, (answer) => answer.body.results[0]?.results[0]?.memory === 'evi waves');
    expect(body).toMatchObject({ count: expect.any(Number), results: [{ event_type: 'ADD', status: 'SUCCEEDED' }] });
    const key = await makeKey({ role: 'user', user_id: 'zoe' });
    expect((await call('GET', '/v1/events/', undefined, { key })).body).toMatchObject({ count: 0, results: [] });
    expect((await call('GET', `/v1/event/${body.results[0].id}/`, undefined, { key })).status).toBe(404);
  });

  it('the project is an admin’s to change; its instructions reach the model, and those of a request come first', async () => {
    const path = '/api/v1/orgs/organizations/any/projects/other/';
    const key = await makeKey({ role: 'service' });
    expect((await call('PATCH', path, { custom_instructions: 'x' }, { key })).status).toBe(403);
    await call('PATCH', path, { custom_instructions: 'Only food.' });
    expect((await call('GET', `${path}?fields=custom_instructions&fields=none`, undefined, { key })).body).toEqual({
      custom_instructions: 'Only food.',
    });
    const model = await startModelServer(() => ({ body: CHAT_ANSWERS.ollama?.('{"facts":[]}') }));
    const settings = { EXTRACTION_PROVIDER: 'ollama', EXTRACTION_ENDPOINT: model.url };
    const other = await startInProcess(tenant, settings);
    const asked = async (more: object): Promise<string> => {
      await other.call('POST', '/v3/memories/add/', { body: { user_id: 'mo', messages: 'I like tea.', ...more } });
      return JSON.stringify(model.requests.at(-1)?.body);
    };
    expect(await asked({})).toContain('Only food.');
    expect(await asked({ custom_instructions: 'Only drinks.' })).toMatch(/^(?!.*Only food).*Only drinks\./);
    await other.stop();
    await model.stop();
  });

  it('* empties the users of a tenant for an admin, and leaves agents and what is held', async () => {
    const [id] = await add({ agent_id: 'stays' }, 'the agent stays');
    await add({ user_id: 'goes' }, 'goes away');
    const [held] = await add({ user_id: 'heir' }, 'heir kept a receipt');
    await call('PUT', `/api/v1/memories/${held}/legal-hold`, { matter: 'case 8', reason: 'asked for' });
    const { status, body } = await call('DELETE', '/v1/memories/?user_id=*');
    expect([status, body.message]).toEqual([200, 'Memories deleted successfully! 1 stay under a legal hold.']);
    expect(await list({ user_id: '*' })).toEqual(['heir kept a receipt']);
    expect((await call('GET', `/v1/memories/${id}/`)).status).toBe(200);
    await call('DELETE', `/api/v1/memories/${held}/legal-hold`);
  });

  it('the same add under one Idempotency-Key is done once', async () => {
    const headers = { 'Idempotency-Key': 'once' };
    const twice = () => call('POST', '/v3/memories/add/', { user_id: 'ivy', messages: 'I like figs.' }, { headers });
    const [first, second] = [await twice(), await twice()];
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.body).toEqual(first.body);
  });
});
