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
}, 60_000);
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const setFeature = (name: string, enabled: boolean): void =>
  tenant.writePolicies({ ...defaultPolicies, features: [{ name, enabled }] });

it.each([
  ['mem0', 'GET', '/v1/ping/', 200],
  ['mcp', 'GET', '/mcp', 405],
  ['langgraph', 'GET', '/store/items?namespace=a&key=b', 200],
  ['events', 'GET', '/api/v1/events', 200],
  ['webhooks', 'GET', '/api/v1/webhooks', 200],
  ['ingest', 'POST', '/api/v1/memory/ingest', 400],
  ['transfer', 'POST', '/api/v1/import', 400],
  ['artifacts', 'GET', '/api/v1/artifacts', 200],
])('spec.features turns %s off and on while the service runs; the rest stays', async (name, method, path, on) => {
  const ask = async (): Promise<number> =>
    (await service.call(method, path, { headers: { 'X-User-ID': 'ada' }, ...(method === 'POST' ? { raw: '{' } : {}) }))
      .status;
  const before = await ask();
  expect(before).toBe(on);
  setFeature(name, false);
  await eventually(ask, (status) => status === 501);
  const answer = await service.call(method, path, { raw: method === 'POST' ? '{' : undefined } as object);
  expect(JSON.stringify(answer.body)).toContain(`name ${name}`);
  expect((await service.call('GET', '/api/v1/memories?user_id=ada')).status).toBe(200);
  setFeature(name, true);
  await eventually(ask, (status) => status === before);
});
