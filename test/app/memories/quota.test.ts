import {
  createTestTenant,
  defaultPolicies,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
const start = async (quotas: object): Promise<void> => {
  tenant = await createTestTenant();
  tenant.writePolicies({ ...defaultPolicies, quotas });
  service = await startInProcess(tenant);
};
afterEach(() => tenant.drop());

const create = (body: object) => service.call('POST', '/api/v1/memories', { body });
const batch = (count: number, user_id: string) => ({
  memories: Array.from({ length: count }, (_, index) => ({ user_id, content: `c${index}` })),
});

describe('the quota of a tenant', () => {
  it('admits the last memory and refuses the next, until one is deleted', async () => {
    await start({ memories: 3, memoriesPerUser: null });
    const first = (await create({ user_id: 'a', content: '1' })).body.id;
    expect((await create(batch(2, 'b'))).status).toBe(200);
    expect((await create({ user_id: 'a', content: '4' })).body).toMatchObject({
      status: 403,
      code: 'quota_exceeded',
      errors: [{ code: 'memories' }],
    });
    await service.call('DELETE', `/api/v1/memories/${first}`);
    expect((await create({ user_id: 'a', content: '4' })).status).toBe(201);
    expect((await service.call('GET', '/metrics', { key: null })).body).toMatch(
      /memplane_quota_refused_total\{[^}]*\} 1/,
    );
  });

  it('is exact under concurrent writers', async () => {
    await start({ memories: 50, memoriesPerUser: null });
    const answers = await Promise.all(Array.from({ length: 30 }, (_, index) => create(batch(3, `user-${index}`))));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(16);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(14);
    // 48 are in; two singles fit, a third does not.
    const singles = await Promise.all([1, 2, 3].map(() => create({ user_id: 'late', content: 'x' })));
    expect(singles.map(({ status }) => status).sort()).toEqual([201, 201, 403]);
  });
});

describe('the quota of a person', () => {
  it('is exact under concurrent writers, and another person has room', async () => {
    await start({ memories: null, memoriesPerUser: 10 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => create({ user_id: 'ada', content: 'x' })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
    expect(answers.filter(({ body }) => body.code === 'quota_exceeded')).toHaveLength(10);
    expect((await create({ user_id: 'grace', content: 'x' })).status).toBe(201);
  });

  it('refuses a batch as a whole, or takes of it what fits', async () => {
    await start({ memories: null, memoriesPerUser: 4 });
    expect((await create(batch(5, 'ada'))).status).toBe(403);
    const { body } = await create({ ...batch(6, 'ada'), on_error: 'continue' });
    expect(body.summary).toMatchObject({ created: 4, dropped: 0, rejected: 2 });
    expect(body.results[4].error.code).toBe('quota_exceeded');
    expect((await service.call('GET', '/metrics', { key: null })).body).toMatch(
      /memplane_quota_refused_total\{[^}]*\} 2/,
    );
  });

  it('two batches for the same people in opposite order do not block each other', async () => {
    await start({ memories: 1_000_000, memoriesPerUser: 10_000 });
    const people = Array.from({ length: 40 }, (_, index) => ({ user_id: `p${index}`, content: 'x' }));
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => create({ memories: index % 2 ? people : [...people].reverse() })),
    );
    expect(answers.map(({ status }) => status)).toEqual(new Array(8).fill(200));
  });
});

describe('what was offered and refused', () => {
  it('counts as rejected, one by one as in batches', async () => {
    await start({ memories: 1, memoriesPerUser: null });
    const rejected = async (): Promise<number> => {
      const { body } = await service.call('GET', '/metrics', { key: null });
      const [, count = '0'] = /^memory_ingest_total\{[^}]*status="rejected"[^}]*\} (\d+)$/m.exec(String(body)) ?? [];
      return Number(count);
    };
    expect((await create({ user_id: 'ada', content: 'kept' })).status).toBe(201);
    expect(await rejected()).toBe(0);
    expect((await create({ user_id: 'ada', content: 'x', confidence: 7 })).status).toBe(400);
    expect((await create({ content: 'whose?' })).body.code).toBe('user_required');
    expect((await create({ user_id: 'ada', content: 'one too many' })).body.code).toBe('quota_exceeded');
    expect(await rejected()).toBe(3);
    const body = { user_id: 'ada', content: 'by key' };
    expect((await service.call('PUT', '/api/v1/memories/by-key/k', { body })).body.code).toBe('quota_exceeded');
    expect(await rejected()).toBe(4);
    expect((await create(batch(3, 'ada'))).body.code).toBe('quota_exceeded');
    expect((await create({ ...batch(2, 'ada'), on_error: 'continue' })).body.summary.rejected).toBe(2);
    expect((await create({ memories: [{ user_id: 'ada' }, { user_id: 'ada', content: 'x' }] })).status).toBe(422);
    expect(await rejected()).toBe(11);
  });
});
