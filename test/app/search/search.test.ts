import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
let replica: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  [service, replica] = await Promise.all([startInProcess(tenant), startInProcess(tenant)]);
});
afterAll(async () => {
  await Promise.all([service.stop(), replica.stop()]);
  await tenant.drop();
});

const DIMENSIONS = 64;
const create = (body: object) => service.call('POST', '/api/v1/memories', { body });
const search = (body: object, at: InProcessService = service) => at.call('POST', '/api/v1/memories/search', { body });
const axis = (index: number, tilt = 0): number[] =>
  Array.from({ length: DIMENSIONS }, (_, at) => (at === index ? 1 : at === (index + 1) % DIMENSIONS ? tilt : 0));
const base64 = (vector: readonly number[]): string => Buffer.from(Float32Array.from(vector).buffer).toString('base64');
const contents = (body: { readonly results: readonly { readonly content: string }[] }): readonly string[] =>
  body.results.map(({ content }) => content);

describe('a search', () => {
  it('ranks by nearness, scores in [0, 1], and takes vectors as numbers or base64', async () => {
    const near = { user_id: 'vec', content: 'near', vector: axis(0, 0.1) };
    const far = { user_id: 'vec', content: 'far', vector: base64(axis(0, 2)) };
    const away = { user_id: 'vec', content: 'away', vector: axis(0).map((value) => -value) };
    expect((await create({ memories: [far, away, near] })).body.summary.created).toBe(3);
    for (const vector of [axis(0), base64(axis(0))]) {
      const { body } = await search({ user_id: 'vec', vector, include: 'vector' });
      expect(contents(body)).toEqual(['near', 'far', 'away']);
      expect(body.results.map(({ rank }: { rank: number }) => rank)).toEqual([1, 2, 3]);
      expect(body.results[0].score).toBeCloseTo(1 / Math.hypot(1, 0.1), 5);
      expect(body.results[2].score).toBe(0);
      expect(body.results[1].embedding).toEqual(axis(0, 2));
    }
    expect(contents((await search({ user_id: 'vec', vector: axis(0), threshold: 0.9 })).body)).toEqual(['near']);
    expect(contents((await search({ user_id: 'vec', vector: axis(0), limit: 2 })).body)).toEqual(['near', 'far']);
  });

  it('finds at once, in every replica, what was just acknowledged, and never what was deleted', async () => {
    for (let round = 0; round < 10; round++) {
      const { body } = await create({
        user_id: 'quick',
        content: `round ${round}`,
        ...(round % 2 ? { vector: axis(round) } : {}),
      });
      const query = round % 2 ? { vector: axis(round) } : { query: `round ${round}` };
      for (const at of [service, replica]) {
        const found = await search({ user_id: 'quick', limit: 1, ...query }, at);
        expect(found.body.results[0]?.id).toBe(body.id);
      }
      await service.call('DELETE', `/api/v1/memories/${body.id}`);
      for (const at of [service, replica]) {
        const found = await search({ user_id: 'quick', ...query }, at);
        expect(found.body.results).toEqual([]);
      }
    }
  });

  it('sees own and global rows, and never a stranger’s, however near', async () => {
    await create({ user_id: 'stranger', content: 'secret of the stranger', vector: axis(7) });
    await create({ user_id: 'stranger', content: 'pending secret of the stranger' });
    const shared = await create({ content: 'known to all', scope: 'global', vector: axis(7, 0.5) });
    const { body } = await search({ user_id: 'somebody', vector: axis(7), limit: 1000 });
    expect(contents(body)).toEqual(['known to all']);
    expect(
      contents((await search({ user_id: 'nobody-yet', query: 'secret of the stranger', limit: 1000 })).body),
    ).toEqual(['known to all']);
    expect(contents((await search({ scope: 'global', vector: axis(7) })).body)).toEqual(['known to all']);
    await service.call('DELETE', `/api/v1/memories/${shared.body.id}`);
  });

  it('narrowed to an agent finds that agent’s rows behind many nearer ones', async () => {
    const crowd = Array.from({ length: 300 }, (_, index) => ({
      user_id: 'busy',
      agent_id: 'loud',
      content: `loud ${index}`,
      vector: axis(3, index / 1e6),
    }));
    await create({
      memories: [...crowd, { user_id: 'busy', agent_id: 'quiet', content: 'quiet', vector: axis(3, 5) }],
    });
    const { body } = await search({ user_id: 'busy', agent_id: 'quiet', vector: axis(3), limit: 3 });
    expect(contents(body)).toEqual(['quiet']);
  });

  it('after a restart finds the same, from the sealed vectors', async () => {
    const near = { user_id: 'again', content: 'near', vector: axis(0, 0.1) };
    const far = { user_id: 'again', content: 'far', vector: axis(0, 2) };
    const away = { user_id: 'again', content: 'away', vector: axis(0).map((value) => -value) };
    await create({ memories: [far, away, near] });
    const third = await startInProcess(tenant);
    expect(contents((await search({ user_id: 'again', vector: axis(0), threshold: 0.3 }, third)).body)).toEqual([
      'near',
      'far',
    ]);
    await third.stop();
  });

  it('hides what has expired', async () => {
    await create({ user_id: 'late', content: 'gone', vector: axis(9), expires_at: '2001-01-01T00:00:00Z' });
    expect(contents((await search({ user_id: 'late', vector: axis(9) })).body)).not.toContain('gone');
  });

  it('goes by words when there is no model, and says so', async () => {
    const bare = await startInProcess(tenant, { EMBEDDING_PROVIDER: 'none' });
    await bare.call('POST', '/api/v1/memories', {
      body: { user_id: 'words', content: 'The harbour is closed on Sundays' },
    });
    const { body } = await search({ user_id: 'words', query: 'When is the harbour closed?' }, bare);
    expect(body).toMatchObject({
      degraded: ['embedding'],
      results: [{ content: 'The harbour is closed on Sundays', vector_status: 'skipped' }],
    });
    await bare.stop();
  });

  it('without query and vector is a mistake, and so is a search for words without any', async () => {
    expect((await search({ user_id: 'ada' })).body).toMatchObject({ status: 400, errors: [{ pointer: '/query' }] });
    expect((await search({ user_id: 'ada', vector: axis(0), mode: 'keyword' })).body).toMatchObject({
      status: 400,
      errors: [{ pointer: '/query' }],
    });
    expect((await search({ query: 'x' })).body.code).toBe('user_required');
    expect((await search({ user_id: 'a', vector: [1] })).body.code).toBe('dimension_mismatch');
    expect((await search({ user_id: 'a', query: 'x', limit: 1001 })).body.code).toBe('limit_too_large');
  });
});

it('every replica works on the outbox, and each memory gets its vector once', async () => {
  const memories = Array.from({ length: 200 }, (_, index) => ({ user_id: 'work', content: `piece ${index}` }));
  await create({ memories });
  const states = await eventually(
    async () =>
      (await service.call('GET', '/api/v1/memories?user_id=work&limit=1000')).body.results as readonly {
        vector_status: string;
        content: string;
      }[],
    (rows) =>
      rows
        .filter(({ content }) => content.startsWith('piece'))
        .every(({ vector_status }) => vector_status === 'succeeded'),
  );
  expect(states.length).toBeGreaterThanOrEqual(200);
  expect((await service.call('GET', '/metrics', { key: null })).body).toMatch(
    /memplane_outbox_depth\{state="waiting"[^}]*\} 0/,
  );
});
