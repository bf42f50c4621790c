import type { Found } from '../../../app/search/search.js';
import {
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { runAdmin } from '../../support/run-sql.js';

const PATIENCE = 60_000;
let tenant: TestTenant;
let service: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
}, PATIENCE);
afterAll(async () => {
  await service.stop();
  await tenant.drop();
}, PATIENCE);

const DIMENSIONS = 64;
const axis = (index: number, tilt = 0): number[] =>
  Array.from({ length: DIMENSIONS }, (_, at) => (at === index ? 1 : at === (index + 1) % DIMENSIONS ? tilt : 0));
const store = async (...memories: readonly object[]): Promise<readonly string[]> => {
  const { body } = await service.call('POST', '/api/v1/memories', { body: { memories } });
  return body.results.map(({ id }: { id: string }) => id);
};
const ask = (body: object) => service.call('POST', '/api/v1/memories/search', { body });
const find = async (body: object): Promise<readonly Found[]> => (await ask(body)).body.results;
const contents = (found: readonly Found[]) => found.map(({ content }) => content);

describe('by words', () => {
  it('finds sealed rows that share them, the rarest first, and says which', async () => {
    await store(
      ...Array.from({ length: 30 }, (_, n) => ({ user_id: 'kw', content: `the meeting number ${n} was short` })),
      { user_id: 'kw', content: 'a meeting about the Gothenburg harbour' },
      { user_id: 'kw', content: 'Gothenburg' },
      { user_id: 'other', content: 'Gothenburg meeting of somebody else' },
    );
    const found = await find({
      user_id: 'kw',
      query: 'the Gothenburg meeting',
      mode: 'keyword',
      explain: true,
      limit: 4,
    });
    expect(contents(found).slice(0, 2)).toEqual(['a meeting about the Gothenburg harbour', 'Gothenburg']);
    expect(found[0]?.explain).toMatchObject({ semantic: null, matched_terms: ['gothenburg', 'meeting'] });
    expect(found.every(({ score }, n) => score <= (found[n - 1]?.score ?? 1) && score > 0)).toBe(true);
    expect(await find({ user_id: 'kw', query: 'zeppelin', mode: 'keyword' })).toEqual([]);
  });

  it('finds what a memory is about, even where its content does not say so', async () => {
    await store({
      user_id: 'spo',
      content: 'she told me yesterday',
      subject: 'Ada',
      predicate: 'moved_to',
      object: 'Lund',
    });
    expect(contents(await find({ user_id: 'spo', query: 'lund', mode: 'keyword' }))).toEqual(['she told me yesterday']);
  });

  it('follows a changed memory', async () => {
    const [id] = await store({ user_id: 'edit', content: 'likes espresso' });
    await service.call('PATCH', `/api/v1/memories/${id}`, { body: { content: 'likes matcha' } });
    expect(await find({ user_id: 'edit', query: 'espresso', mode: 'keyword' })).toEqual([]);
    expect(contents(await find({ user_id: 'edit', query: 'matcha', mode: 'keyword' }))).toEqual(['likes matcha']);
  });

  it(
    'finds rows of before the index at once, and a worker indexes them',
    async () => {
      await store({ user_id: 'old', content: 'written long ago' });
      const forget = `UPDATE ${tenant.database.schema}.memories SET search_tokens = NULL, index_mark = 0`;
      await runAdmin(tenant.database.adminUrl, forget);
      expect(contents(await find({ user_id: 'old', query: 'written', mode: 'keyword' }))).toEqual(['written long ago']);
      await eventually(
        () =>
          runAdmin(
            tenant.database.adminUrl,
            `SELECT count(*)::int AS n FROM ${tenant.database.schema}.memories WHERE index_mark = 0`,
          ),
        ([row]) => row?.n === 0,
        40_000,
      );
      expect(contents(await find({ user_id: 'old', query: 'written', mode: 'keyword' }))).toEqual(['written long ago']);
    },
    PATIENCE,
  );
});

describe('by both', () => {
  const near = { user_id: 'mix', content: 'near in meaning', vector: axis(0, 0.3) };
  const exact = { user_id: 'mix', content: 'ticket MEM-4711 is closed', vector: axis(20) };
  const both = { user_id: 'mix', content: 'ticket about meaning', vector: axis(0, 0.5), importance: 1 };
  const neither = { user_id: 'mix', content: 'nothing of it', vector: axis(40) };
  beforeAll(() => store(near, exact, both, neither), PATIENCE);

  it('ranks what both ways find above what one finds, and explains every part', async () => {
    const found = await find({ user_id: 'mix', query: 'ticket meaning', vector: axis(0), explain: true });
    expect(found[0]?.content).toBe('ticket about meaning');
    expect(found.at(-1)).toMatchObject({ content: 'nothing of it', score: 0 });
    expect(found.every(({ score }) => score >= 0 && score <= 1)).toBe(true);
    expect(found[0]?.explain).toEqual({
      semantic: expect.closeTo(1 / Math.hypot(1, 0.5), 5),
      keyword: expect.closeTo(1, 1),
      rerank: null,
      recency: expect.closeTo(1, 2),
      importance: 1,
      trust: expect.any(Number),
      matched_terms: ['ticket', 'meaning'],
    });
    const byMeaning = await find({ user_id: 'mix', query: 'ticket meaning', vector: axis(0), mode: 'semantic' });
    expect(byMeaning[0]).toMatchObject({
      content: 'near in meaning',
      score: expect.closeTo(1 / Math.hypot(1, 0.3), 5),
    });
  });

  it('cuts by threshold and by tokens, and says how many there are', async () => {
    const request = { user_id: 'mix', query: 'ticket meaning', vector: axis(0) };
    const [first] = await find(request);
    expect(await find({ ...request, threshold: (first?.score ?? 1) - 0.001 })).toHaveLength(1);
    const { body } = await ask({ ...request, max_tokens: 9 });
    expect(body).toMatchObject({ truncated: true });
    expect(body.tokens).toBeLessThanOrEqual(9);
    expect(body.results.map(({ rank }: Found) => rank)).toEqual(body.results.map((_: Found, n: number) => n + 1));
    expect((await ask({ ...request, max_tokens: 1000 })).body).toMatchObject({ truncated: false });
  });

  it('looks again on request: words in a row weigh more', async () => {
    await store(
      { user_id: 're', content: 'window of the red house' },
      { user_id: 're', content: 'house red, the window' },
    );
    const found = await find({ user_id: 're', query: 'the red house', rerank: true, explain: true });
    expect(found[0]).toMatchObject({ content: 'window of the red house', explain: { rerank: expect.any(Number) } });
  });
});

describe('what is hidden', () => {
  it('comes when it is asked for: expired, superseded', async () => {
    const [old, now] = await store(
      { user_id: 'hid', content: 'lives in Oslo' },
      { user_id: 'hid', content: 'lives in Lund' },
      { user_id: 'hid', content: 'lives in a tent', expires_at: '2001-01-01T00:00:00Z' },
    );
    const { status } = await service.call('POST', `/api/v1/memories/${old}/supersede`, { body: { by: now } });
    expect(status).toBeLessThan(300);
    const request = { user_id: 'hid', query: 'lives' };
    expect(contents(await find(request))).toEqual(['lives in Lund']);
    expect(contents(await find({ ...request, latest_only: false })).sort()).toEqual(['lives in Lund', 'lives in Oslo']);
    expect(contents(await find({ ...request, include_expired: true })).sort()).toEqual([
      'lives in Lund',
      'lives in a tent',
    ]);
    const list = async (query: string) =>
      contents((await service.call('GET', `/api/v1/memories?user_id=hid&${query}`)).body.results);
    expect(await list('')).toEqual(['lives in Lund']);
    expect((await list('latest_only=false')).sort()).toEqual(['lives in Lund', 'lives in Oslo']);
    expect(await list('filters={"status":"superseded"}')).toEqual(['lives in Oslo']);
  });

  it('stays hidden from strangers, whatever a filter says', async () => {
    const [id] = await store({
      user_id: 'owner',
      agent_id: 'bot',
      content: 'a secret',
      metadata: { topic: 'secret' },
      vector: axis(5),
    });
    const filters: readonly object[] = [
      { id },
      { user_id: 'owner' },
      { agent_id: 'bot' },
      { scope: 'user' },
      { 'metadata.topic': 'secret' },
      { content: { contains: 'secret' } },
      { OR: [{ user_id: 'owner' }, { NOT: { user_id: 'stranger' } }] },
      { NOT: { id: '00000000-0000-0000-0000-000000000000' } },
      { user_id: { exists: true } },
      { status: { in: ['active', 'quarantined', 'superseded', 'expired', 'forgotten'] } },
    ];
    for (const filter of filters) {
      const found = await find({ user_id: 'stranger', filters: filter, query: 'secret', vector: axis(5), limit: 1000 });
      expect(found.filter(({ user_id }) => user_id !== 'stranger' && user_id !== null)).toEqual([]);
      const path = `/api/v1/memories?user_id=stranger&limit=1000&filters=${encodeURIComponent(JSON.stringify(filter))}`;
      expect((await service.call('GET', path)).body.results.map(({ content }: Found) => content)).not.toContain(
        'a secret',
      );
    }
    expect(contents(await find({ user_id: 'owner', filters: { user_id: 'stranger' }, query: 'secret' }))).toEqual([]);
    expect(contents(await find({ user_id: 'owner', filters: { agent_id: 'bot' }, query: 'secret' }))).toEqual([
      'a secret',
    ]);
  });
});

it('a filter is answered by every mode, and told where it is wrong', async () => {
  await store(
    { user_id: 'flt', content: 'green tea', metadata: { kind: 'drink', cups: 3 }, vector: axis(1) },
    { user_id: 'flt', content: 'green door', metadata: { kind: 'thing' }, vector: axis(1, 0.1) },
  );
  for (const mode of ['hybrid', 'semantic', 'keyword']) {
    const request = { user_id: 'flt', query: 'green', vector: axis(1), mode };
    expect(contents(await find({ ...request, filters: { 'metadata.kind': 'drink' } }))).toEqual(['green tea']);
    expect(contents(await find({ ...request, filters: { 'metadata.kind': { ne: 'drink' } } }))).toEqual(['green door']);
  }
  expect((await ask({ user_id: 'flt', query: 'x', filters: { colour: 'x' } })).body).toMatchObject({
    status: 400,
    code: 'invalid_filter',
    errors: [{ pointer: '/filters/colour' }],
  });
  expect((await ask({ user_id: 'flt', query: 'x', filters: { metadata: { cups: { gte: 2 } } } })).body).toMatchObject({
    status: 422,
    code: 'sealed_field',
  });
  tenant.writePolicies({ ...defaultPolicies, encryption: { index: 'keyword', clearMetadata: ['cups'] } });
  const found = await eventually(
    () => ask({ user_id: 'flt', query: 'green', filters: { metadata: { cups: { gte: 2 } } } }),
    ({ status }) => status === 200,
  );
  expect(contents(found.body.results)).toEqual(['green tea']);
});

describe('as of a time', () => {
  it('shows what there was and what it said: in a search, in a list, by its id', async () => {
    const [id] = await store({ user_id: 'past', content: 'lives in Oslo' });
    const before = (await service.call('GET', `/api/v1/memories/${id}`)).body.created_at;
    await new Promise((resolve) => setTimeout(resolve, 5));
    const [next] = await store({ user_id: 'past', content: 'drinks tea' });
    await service.call('PATCH', `/api/v1/memories/${id}`, { body: { content: 'lives in Lund' } });
    const later = (await service.call('GET', `/api/v1/memories/${id}`)).body.updated_at;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await service.call('POST', `/api/v1/memories/${id}/supersede`, { body: { by: next } });
    const at = (time: string) => ({ user_id: 'past', as_of: time });
    for (const mode of ['hybrid', 'semantic', 'keyword']) {
      expect(contents(await find({ ...at(before), query: 'lives in', mode }))).toEqual(['lives in Oslo']);
      expect(contents(await find({ ...at(later), query: 'lives in', mode }))).toContain('lives in Lund');
      expect(contents(await find({ user_id: 'past', query: 'lives in', mode }))).not.toContain('lives in Lund');
    }
    const list = async (time: string) =>
      contents(
        (await service.call('GET', `/api/v1/memories?user_id=past&as_of=${time}&order=created_at:asc`)).body.results,
      );
    expect(await list(before)).toEqual(['lives in Oslo']);
    expect(await list(later)).toEqual(['lives in Lund', 'drinks tea']);
    expect(await list('2001-01-01T00:00:00Z')).toEqual([]);
    const one = (time: string) => service.call('GET', `/api/v1/memories/${id}?as_of=${time}`);
    expect((await one(before)).body).toMatchObject({ content: 'lives in Oslo', version: 1, status: 'active' });
    expect((await one(later)).body).toMatchObject({ content: 'lives in Lund', version: 2, status: 'active' });
    expect((await one('2001-01-01T00:00:00Z')).status).toBe(404);
  });
});
