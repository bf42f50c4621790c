import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
beforeEach(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant, { LOG_LEVEL: 'info' });
});
afterEach(() => tenant.drop());

const write = () => service.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content: 'x' } });
const read = () => service.call('GET', '/api/v1/memories?user_id=ada');

describe('policies.json', () => {
  it('makes the tenant read-only and writable again without a restart', async () => {
    expect((await write()).status).toBe(201);
    tenant.writePolicies({ ...defaultPolicies, mode: 'ReadOnly' });
    const refused = await eventually(write, ({ status }) => status === 503);
    expect(refused.body).toMatchObject({ code: 'suspended', remedy: expect.stringContaining('spec.mode') });
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect((await read()).status).toBe(200);
    expect(
      (await service.call('POST', '/api/v1/memories/search', { body: { user_id: 'ada', query: 'x' } })).status,
    ).toBe(200);
    tenant.writePolicies({ ...defaultPolicies, mode: 'Suspended' });
    await eventually(read, ({ status }) => status === 503);
    tenant.writePolicies(defaultPolicies);
    await eventually(write, ({ status }) => status === 201);
  });

  it('that is broken is refused and said; the last good one stays', async () => {
    tenant.writePolicies({ ...defaultPolicies, mode: 'ReadOnly' });
    await eventually(write, ({ status }) => status === 503);
    tenant.writePolicies({ ...defaultPolicies, mode: 'Sometimes', quotas: { memories: -1 } });
    await eventually(
      async () => service.logs.join(''),
      (logs) => logs.includes('policies refused'),
    );
    expect(service.logs.join('')).toMatch(/\/quotas\/memories|\/mode/);
    expect((await write()).status).toBe(503);
  });

  it('is followed through a swap of symbolic links, as a mounted ConfigMap changes', async () => {
    const volume = join(tenant.directory, 'volume');
    const publish = (name: string, mode: string): void => {
      mkdirSync(join(volume, name), { recursive: true });
      writeFileSync(join(volume, name, 'policies.json'), JSON.stringify({ ...defaultPolicies, mode }));
      symlinkSync(name, join(volume, '..data_tmp'));
      renameSync(join(volume, '..data_tmp'), join(volume, '..data'));
    };
    publish('..one', 'Active');
    symlinkSync('..data/policies.json', join(volume, 'policies.json'));
    const mounted = await startInProcess(tenant, { MEMPLANE_CONFIG_DIR: volume });
    const writeThere = () => mounted.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content: 'x' } });
    expect((await writeThere()).status).toBe(201);
    publish('..two', 'ReadOnly');
    await eventually(writeThere, ({ status }) => status === 503);
  });

  it('sets the level of the log', async () => {
    tenant.writePolicies({ ...defaultPolicies, logLevel: 'silent' });
    await eventually(
      async () => {
        const before = service.logs.length;
        await read();
        return service.logs.length - before;
      },
      (added) => added === 0,
    );
  });
});

describe('what the policy says of a memory', () => {
  const apply = async (policies: object): Promise<void> => {
    tenant.writePolicies({ ...defaultPolicies, policies: { ...defaultPolicies.policies, ...policies } });
    const before = service.logs.filter((line) => line.includes('policies loaded')).length;
    await eventually(
      async () => service.logs.filter((line) => line.includes('policies loaded')).length,
      (count) => count > before,
    );
  };
  const create = (body: object) =>
    service.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content: 'x', ...body } });

  it('below the least confidence it is dropped, at it kept', async () => {
    await apply({ minConfidencePercent: 57 });
    const dropped = await create({ confidence: 0.569 });
    expect([dropped.status, dropped.body]).toEqual([
      200,
      { index: 0, status: 'dropped', reason: expect.stringContaining('57 %') },
    ]);
    expect((await create({ confidence: 0.57 })).status).toBe(201);
    const batch = {
      memories: [
        { user_id: 'ada', content: 'x', confidence: 0.1 },
        { user_id: 'ada', content: 'y' },
      ],
    };
    expect((await service.call('POST', '/api/v1/memories', { body: batch })).body.summary).toMatchObject({
      created: 1,
      dropped: 1,
      rejected: 0,
    });
  });

  it('a predicate that is not listed is refused', async () => {
    await apply({ predicates: ['likes'] });
    expect((await create({ predicate: 'likes' })).status).toBe(201);
    expect((await create({ predicate: 'hates' })).body).toMatchObject({
      status: 422,
      code: 'predicate_not_allowed',
      errors: [{ pointer: '/predicate' }],
    });
    expect((await create({})).status).toBe(201);
  });

  it('nothing lives longer than its time to live', async () => {
    await apply({ ttlDays: 1 });
    const days = (body: { readonly expires_at: string }): number =>
      (Date.parse(body.expires_at) - Date.now()) / 86_400_000;
    expect(days((await create({})).body)).toBeCloseTo(1, 2);
    expect(days((await create({ expires_at: '2999-01-01T00:00:00Z' })).body)).toBeCloseTo(1, 2);
  });

  it('what it redacts is gone before it is sealed', async () => {
    await apply({ redact: ['email', 'card'] });
    const { body } = await create({
      content: 'Mail ada@example.com, card 4111 1111 1111 1111',
      metadata: { to: ['bob@example.org'] },
    });
    expect(body).toMatchObject({
      content: 'Mail [email], card [card]',
      metadata: { to: ['[email]'] },
      pii: ['email', 'card'],
      redactions: [
        { kind: 'email', count: 2 },
        { kind: 'card', count: 1 },
      ],
    });
  });
});
