import {
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../support/memory-service.js';
import { freePort } from '../support/postgres.js';
import { startQdrantStandIn } from '../support/qdrant-stand-in.js';

/** The names that the deployment documents give: each is tried on a running service, not in the configuration alone. */
let tenant: TestTenant;
beforeAll(async () => {
  tenant = await createTestTenant();
}, 60_000);
afterAll(() => tenant.drop());

const start = (env: Readonly<Record<string, string>>): Promise<InProcessService> => startInProcess(tenant, env);
/** Between a look for a free port and its use somebody else may take it. */
const startOnFreePort = async (env: Readonly<Record<string, string>>) => {
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    try {
      return { port, service: await start({ ...env, PORT: String(port) }) };
    } catch (cause) {
      if (tries === 5 || (cause as { readonly code?: unknown }).code !== 'EADDRINUSE') throw cause;
    }
  }
};
const intervals = async (service: InProcessService): Promise<Readonly<Record<string, number>>> => {
  const { body } = await service.call('GET', '/scheduler_status');
  const tasks: readonly { readonly name: string; readonly interval_seconds: number }[] = body.tasks;
  return Object.fromEntries(tasks.map(({ name, interval_seconds }) => [name, interval_seconds]));
};

describe('the environment', () => {
  it('FORGETTING_INTERVAL_HOURS, FORGETTING_THRESHOLD and MAINTENANCE_INTERVAL_HOURS act where policies.json is silent', async () => {
    const service = await start({
      FORGETTING_INTERVAL_HOURS: '6',
      FORGETTING_THRESHOLD: '0.45',
      MAINTENANCE_INTERVAL_HOURS: '0.5',
    });
    expect(await intervals(service)).toMatchObject({ forgetting: 21_600, expiry: 1_800 });
    const create = async (importance: number): Promise<string> =>
      (
        await service.call('POST', '/api/v1/memories', {
          body: { user_id: 'ada', content: `of ${importance}`, importance },
        })
      ).body.id;
    const [weak, strong] = [await create(0.4), await create(0.5)];
    const { status, body } = await service.call('POST', '/run_forgetting_curve');
    expect(status).toBe(202);
    await eventually(
      async () => (await service.call('GET', `/scheduler_status?run_id=${body.run_id}`)).body.runs[0],
      (run) => run.status === 'succeeded',
    );
    const statusOf = async (id: string) => (await service.call('GET', `/api/v1/memories/${id}`)).body.status;
    expect([await statusOf(weak), await statusOf(strong)]).toEqual(['forgotten', 'active']);
    const forgetting = { intervalSeconds: 60, thresholdPercent: 10 };
    tenant.writePolicies({ ...defaultPolicies, policies: { ...defaultPolicies.policies, forgetting } });
    await eventually(
      () => intervals(service),
      (found) => found.forgetting === 60 && found.expiry === 1_800,
    );
    tenant.writePolicies(defaultPolicies);
    await service.stop();
  });

  it('SERVICE_ENV keeps the metrics of environments apart, and PORT is where the service listens', async () => {
    const { port, service } = await startOnFreePort({ SERVICE_ENV: 'staging' });
    expect(service.port).toBe(port);
    await service.call('GET', '/api/v1/whoami');
    const { body } = await service.call('GET', '/metrics', { key: null });
    const samples = String(body)
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(samples.filter((line) => !line.includes('environment="staging"'))).toEqual([]);
    expect(body).toMatch(/^memory_requests_total\{[^}]*environment="staging"/m);
    await service.stop();
  });

  it('VECTOR_DB_ENDPOINT, _API_KEY and _NAMESPACE are where vectors go; without a name it is kernel-memory-<SERVICE_ENV>', async () => {
    const standIn = await startQdrantStandIn('a-key');
    const collectionsAfter = async (env: Readonly<Record<string, string>>): Promise<readonly string[]> => {
      standIn.collections.clear();
      const vectors = { VECTOR_PROVIDER: 'qdrant', VECTOR_DB_ENDPOINT: standIn.url, VECTOR_DB_API_KEY: 'a-key' };
      const service = await start({ ...vectors, ...env });
      await service.call('POST', '/api/v1/memories?wait=indexed', { body: { user_id: 'ada', content: 'x' } });
      await eventually(
        async () => standIn.collections.size,
        (size) => size > 0,
      );
      await service.stop();
      return [...standIn.collections.keys()];
    };
    expect(await collectionsAfter({ SERVICE_ENV: 'dev' })).toEqual(['kernel-memory-dev']);
    expect(await collectionsAfter({ SERVICE_ENV: 'dev', VECTOR_DB_NAMESPACE: 'ours' })).toEqual(['ours']);
    await standIn.stop();
  });
});
