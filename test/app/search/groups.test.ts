import {
  createTestTenant,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

const PATIENCE = 60_000;
const LIST = '/api/v1/memories';
const SEARCH = '/api/v1/memories/search';
let tenant: TestTenant;
let service: InProcessService;
let adas: string;
let narrow: string;

const makeKey = async (body: object): Promise<string> =>
  (await service.call('POST', '/api/v1/keys', { body: { name: 'k', ...body } })).body.key;
const contents = (results: readonly { readonly content: string }[]) => results.map(({ content }) => content).sort();
const list = async (query: string, key = tenant.adminKey, headers: Record<string, string> = {}) => {
  const { status, body } = await service.call('GET', `${LIST}?${query}`, { key, headers });
  return status === 200 ? contents(body.results) : [status, body.code];
};
const search = async (body: object, key = tenant.adminKey) => {
  const answer = await service.call('POST', SEARCH, { key, body: { query: 'tea', ...body } });
  return answer.status === 200 ? contents(answer.body.results) : [answer.status, answer.body.code];
};

beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
  const team = (team_id: string, content: string, more: object = {}) => ({ scope: 'team', team_id, content, ...more });
  const memories = [
    team('platform', 'platform has tea'),
    team('platform', 'platform has tea by ada', { user_id: 'ada', organization_id: 'acme' }),
    team('sales', 'sales has tea'),
    { scope: 'organization', organization_id: 'acme', content: 'acme has tea' },
    { scope: 'global', content: 'all have tea' },
    { user_id: 'ada', content: 'ada has tea' },
    { user_id: 'ada', team_id: 'platform', content: 'ada has tea at platform' },
  ];
  expect((await service.call('POST', LIST, { body: { memories } })).status).toBe(200);
  adas = await makeKey({ role: 'user', user_id: 'ada', teams: ['platform'], organizations: ['acme'] });
  await service.call('PUT', '/api/v1/roles/narrow', {
    body: { permissions: ['retrieve', 'retrieve.all:organization'] },
  });
  narrow = await makeKey({ role: 'narrow', teams: ['platform'] });
}, PATIENCE);
afterAll(async () => {
  await service.stop();
  await tenant.drop();
}, PATIENCE);

describe('a key of the tenant', () => {
  it('lists and searches what any team or organization has, and nothing of anybody else', async () => {
    const ofPlatform = ['platform has tea', 'platform has tea by ada'];
    expect(await list('team_id=platform')).toEqual(ofPlatform);
    expect(await search({ team_id: 'platform' })).toEqual(ofPlatform);
    expect(await search({ team_id: 'platform', mode: 'keyword' })).toEqual(ofPlatform);
    expect(await search({ team_id: 'sales', mode: 'semantic' })).toEqual(['sales has tea']);
    expect(await list('organization_id=acme')).toEqual(['acme has tea']);
    expect(await list('team_id=platform&organization_id=acme')).toEqual(['platform has tea by ada']);
    expect(await list('team_id=nobodys')).toEqual([]);
    expect(await list('team_id=platform&scope=organization')).toEqual([]);
  });

  it('counts them, groups them and makes a context of them', async () => {
    const ask = async (path: string) => (await service.call('GET', path)).body;
    expect((await ask(`${LIST}?team_id=platform&count=true&limit=1`)).count).toBe(2);
    expect((await ask('/api/v1/contradictions?team_id=platform')).results).toEqual([]);
    const { clusters } = await ask(`${LIST}/clusters?team_id=sales&k=3`);
    expect(clusters.flatMap(({ ids }: { readonly ids: readonly string[] }) => ids).length).toBeLessThanOrEqual(1);
    const { body } = await service.call('POST', '/api/v1/context', { body: { team_id: 'sales' } });
    expect(contents(body.memories)).toEqual(['sales has tea']);
  });

  it('still names somebody for what a person keeps, and then sees what that person sees', async () => {
    expect(await list('team_id=platform&scope=user')).toEqual([400, 'user_required']);
    expect(await list('')).toEqual([400, 'user_required']);
    expect(await list('team_id=platform&user_id=ada')).toEqual([403, 'forbidden']);
    expect(await list('team_id=platform', tenant.adminKey, { 'X-User-ID': 'ada' })).toEqual([403, 'forbidden']);
  });

  it('that may not read them all names its own', async () => {
    expect(await list('team_id=platform', narrow)).toHaveLength(2);
    expect(await list('team_id=sales', narrow)).toEqual([403, 'forbidden']);
    // What its own team keeps for that organization is its own to see.
    expect(await list('organization_id=acme', narrow)).toEqual(['acme has tea', 'platform has tea by ada']);
    expect(await list('team_id=sales&organization_id=acme', narrow)).toEqual([403, 'forbidden']);
  });
});

describe('a key of a person', () => {
  it('narrows to its own teams and organizations, with what the person keeps for them', async () => {
    const shared = ['platform has tea', 'platform has tea by ada'];
    expect(await list('team_id=platform', adas)).toEqual(['ada has tea at platform', ...shared]);
    expect(await list('team_id=platform&scope=team', adas)).toEqual(shared);
    expect(await list('organization_id=acme', adas)).toEqual(['acme has tea', 'platform has tea by ada']);
  });

  it('is refused any other, whether or not there is one', async () => {
    for (const team_id of ['sales', 'nobodys']) {
      expect(await list(`team_id=${team_id}`, adas)).toEqual([403, 'forbidden']);
      expect(await search({ team_id }, adas)).toEqual([403, 'forbidden']);
    }
    expect(await list('organization_id=other', adas)).toEqual([403, 'forbidden']);
  });
});

it('a cursor of one team leads through no other', async () => {
  const { body } = await service.call('GET', `${LIST}?team_id=platform&limit=1`);
  expect(body.next_cursor).toEqual(expect.any(String));
  expect(await list(`team_id=sales&limit=1&cursor=${body.next_cursor}`)).toEqual([400, 'invalid_request']);
  expect(await list(`team_id=platform&limit=1&cursor=${body.next_cursor}`)).toHaveLength(1);
});
