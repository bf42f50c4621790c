import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

describe('memories', () => {
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

  it('one is stored, read, found and deleted', async () => {
    const created = await service.call('POST', '/api/v1/memories', {
      body: { user_id: 'ada', content: 'Ada likes green tea' },
    });
    expect(created.body).toMatchObject({ user_id: 'ada', content: 'Ada likes green tea', scope: 'user', version: 1 });
    expect(created.status).toBe(201);
    const { id } = created.body;
    const found = await service.call('POST', '/api/v1/memories/search', {
      body: { user_id: 'ada', query: 'green tea' },
    });
    expect(found.body.results).toMatchObject([{ id, rank: 1 }]);
    await eventually(
      () => service.call('GET', `/api/v1/memories/${id}`),
      (answer) => answer.body.vector_status === 'succeeded',
    );
    const again = await service.call('POST', '/api/v1/memories/search', {
      body: { user_id: 'ada', query: 'green tea' },
    });
    expect(again.body).toMatchObject({ results: [{ id, rank: 1 }], degraded: [] });
    expect((await service.call('DELETE', `/api/v1/memories/${id}`)).body).toMatchObject({ id, deleted: true });
    expect((await service.call('GET', `/api/v1/memories/${id}`)).status).toBe(404);
    const gone = await service.call('POST', '/api/v1/memories/search', {
      body: { user_id: 'ada', query: 'green tea' },
    });
    expect(gone.body.results).toEqual([]);
  });
});
