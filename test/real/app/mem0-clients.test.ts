import { join } from 'node:path';
import { jest } from '@jest/globals';
import { type EgressWatch, watchEgress } from '../../support/egress-watch.js';
import {
  createTestTenant,
  defaultPolicies,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { describePart, PART_PATHS, partExists } from '../../support/parts.js';

jest.setTimeout(900_000);

// The clients' own types are another version's each; what they answer is what is under test.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Client = any;

const HOOK = 'https://127.0.0.1:9/hook';
const SCHEMA = {
  type: 'object',
  properties: {
    likes: { type: 'array', items: { type: 'string' } },
    city: { type: 'string' },
    age: { type: 'integer' },
  },
};

describePart("mem0's own clients, unmodified", partExists('clients'), () => {
  let tenant: TestTenant;
  let service: InProcessService;
  let watch: EgressWatch;
  let errors: jest.SpiedFunction<typeof console.error>;
  beforeAll(async () => {
    process.env.MEM0_TELEMETRY = 'false';
    tenant = await createTestTenant();
    tenant.writePolicies({ ...defaultPolicies, egress: [{ cidr: '127.0.0.1/32' }] });
    service = await startInProcess(tenant, { LOG_LEVEL: 'info' });
    watch = watchEgress();
    // Who is refused says so on the console: they are refused on purpose here.
    errors = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  });
  afterAll(async () => {
    watch.stop();
    jest.restoreAllMocks();
    delete process.env.MEM0_TELEMETRY;
    await tenant.drop();
  });

  const load = async (name: string): Promise<Client> => {
    const module = await import(join(PART_PATHS.clients, name, 'dist', 'index.mjs'));
    return module;
  };
  const say = (...contents: readonly string[]) => contents.map((content) => ({ role: 'user', content }));
  const textsOf = (memories: readonly { readonly memory: string }[]) => memories.map(({ memory }) => memory).sort();

  it('3.3.1 does everything that it can do', async () => {
    const { MemoryClient, MemoryNotFoundError, ValidationError } = await load('mem0ai');
    const client = new MemoryClient({ apiKey: tenant.adminKey, host: service.url });

    const added = await client.add(say('I like tea.', 'I live in Oslo.'), {
      ...{ userId: 'ada', agentId: 'guide', appId: 'web', runId: 'r/1' },
      metadata: { city: 'Oslo', someKey: 1 },
      expirationDate: '2099-12-31',
      customCategories: [{ food: 'what they eat' }],
    });
    expect(added).toMatchObject({ status: 'SUCCEEDED', eventId: expect.any(String) });
    expect(textsOf(added.results)).toEqual(['I like tea.', 'I live in Oslo.']);
    const [first, second] = added.results.map(({ id }: { id: string }) => id);
    await expect(client.add(say('hello'))).rejects.toBeInstanceOf(ValidationError);

    const memory = await client.get(first);
    expect(memory).toMatchObject({
      ...{ id: first, userId: 'ada', agentId: 'guide', appId: 'web', runId: 'r/1', sessionId: 'r/1' },
      metadata: { city: 'Oslo', someKey: 1 },
      expirationDate: '2099-12-31',
      categories: [],
    });
    await expect(client.get('0190b3d0-0000-7000-8000-000000000000')).rejects.toBeInstanceOf(MemoryNotFoundError);

    const found = await client.search('tea', { filters: { userId: 'ada' }, topK: 1, threshold: 0.2, rerank: true });
    expect(found.results).toMatchObject([{ memory: 'I like tea.', score: expect.any(Number) }]);
    const byAgent = await client.search('tea', { filters: { AND: [{ agent_id: 'guide' }, { app_id: 'web' }] } });
    expect(byAgent.results[0].memory).toBe('I like tea.');
    await expect(client.search('tea')).rejects.toBeInstanceOf(ValidationError);

    const page = await client.getAll({ filters: { user_id: 'ada' }, page: 1, pageSize: 1 });
    expect(page).toMatchObject({ count: 2, next: expect.stringContaining('page=2'), previous: null });
    expect((await client.getAll({ filters: { OR: [{ userId: 'ada' }, { runId: 'none' }] } })).results).toHaveLength(2);

    expect(
      await client.update(first, { text: 'I love tea.', metadata: { mood: 'keen' }, expirationDate: null }),
    ).toMatchObject({
      memory: 'I love tea.',
      metadata: { city: 'Oslo', mood: 'keen' },
      expirationDate: null,
    });
    expect((await client.history(first)).map(({ event }: { event: string }) => event)).toEqual(['ADD', 'UPDATE']);
    expect(await client.batchUpdate([{ memoryId: second, text: 'I live in Bergen.' }])).toMatchObject({
      message: 'Successfully updated 1 memories',
    });
    expect(await client.feedback({ memoryId: first, feedback: 'POSITIVE', feedbackReason: 'true' })).toMatchObject({
      feedback: 'POSITIVE',
      feedbackReason: 'true',
    });

    const users = await client.users({ page: 1, pageSize: 10 });
    expect(users.count).toBe(4);
    expect(users.results.map(({ type, name }: { type: string; name: string }) => [type, name])).toEqual([
      ['user', 'ada'],
      ['agent', 'guide'],
      ['app', 'web'],
      ['run', 'r/1'],
    ]);

    const { id } = await client.createMemoryExport({ schema: SCHEMA, filters: { user_id: 'ada' } });
    const document = { likes: ['tea'], city: 'Oslo', age: null };
    expect(await client.getMemoryExport({ memoryExportId: id })).toEqual(document);
    expect(await client.getMemoryExport({ filters: { user_id: 'ada' } })).toEqual(document);

    expect(await client.getProject({ fields: ['customInstructions', 'customCategories'] })).toEqual({
      customInstructions: null,
      customCategories: null,
    });
    const customCategories = [{ some_food: 'what they eat' }];
    await client.updateProject({ customInstructions: 'Only food.', customCategories });
    expect(await client.getProject({ fields: ['customCategories'] })).toEqual({ customCategories });

    const hook = await client.createWebhook({ name: 'crm', url: HOOK, eventTypes: ['memory_add', 'memory_update'] });
    expect(hook).toMatchObject({ name: 'crm', isActive: true, eventTypes: ['memory_add', 'memory_update'] });
    const { webhookId } = hook;
    expect(await client.updateWebhook({ webhookId, eventTypes: ['memory_delete'] })).toHaveProperty('message');
    expect(await client.getWebhooks()).toMatchObject([{ webhookId, name: 'crm', eventTypes: ['memory_delete'] }]);
    expect(await client.deleteWebhook({ webhookId })).toHaveProperty('message');
    expect(await client.getWebhooks()).toEqual([]);

    expect(await client.getProfile({ entityId: 'ada' })).toMatchObject({ status: 'not_enabled', entityId: 'ada' });
    expect(await client.getProfileSettings()).toMatchObject({ enabled: false });
    await expect(client.generateProfile({ entityId: 'ada' })).rejects.toThrow('Profiles are not supported');

    expect(await client.delete(first, { deleteLinked: true })).toHaveProperty('message');
    expect(await client.batchDelete([second])).toMatchObject({ message: 'Successfully deleted 1 memories' });
    await client.add(say('a', 'b'), { userId: 'bob', infer: false });
    expect(await client.deleteAll({ userId: 'bob' })).toHaveProperty('message');
    expect((await client.getAll({ filters: { user_id: '*' } })).count).toBe(0);
    await expect(client.deleteAll()).rejects.toBeInstanceOf(ValidationError);
    await client.add(say('x'), { runId: 'r/2', agentId: 'guide', infer: false });
    await client.add(say('y'), { userId: 'cy', infer: false });
    expect(await client.deleteUser({ entity_type: 'agent', entity_id: 'guide' })).toHaveProperty('message');
    expect(await client.deleteUsers({ runId: 'r/2' })).toEqual({ message: 'Entity deleted successfully.' });
    expect(await client.deleteUsers()).toEqual({ message: 'All users, agents, apps and runs deleted.' });
    expect((await client.users()).count).toBe(0);
  });

  it('2.4.6 does everything that it can do', async () => {
    const { MemoryClient } = await load('mem0ai-2');
    const client = new MemoryClient({ apiKey: tenant.adminKey, host: service.url });
    await client.ping();

    const added = await client.add(say('I like jazz.', 'I own a boat.'), {
      user_id: 'dan',
      app_id: 'web',
      output_format: 'v1.1',
    });
    expect(added).toMatchObject({ relations: [], results: [{ event: 'ADD', data: { memory: 'I like jazz.' } }, {}] });
    const [first, second] = added.results.map(({ id }: { id: string }) => id);
    expect(await client.add(say('I like jazz.'), { user_id: 'dan' })).toMatchObject([{ id: first, event: 'NOOP' }]);
    await client.add(say('the agent hums'), { agent_id: 'hum', infer: false });

    expect(await client.get(first)).toMatchObject({ id: first, user_id: 'dan', app_id: 'web', memory: 'I like jazz.' });
    expect((await client.search('jazz', { user_id: 'dan', limit: 1 }))[0]).toMatchObject({ memory: 'I like jazz.' });
    const v2 = { api_version: 'v2', filters: { AND: [{ user_id: 'dan' }] } };
    expect((await client.search('boat', { ...v2, top_k: 1 }))[0]).toMatchObject({ memory: 'I own a boat.' });
    const v11 = await client.search('boat', { ...v2, output_format: 'v1.1' });
    expect(v11).toMatchObject({ results: expect.any(Array), relations: [] });

    expect(textsOf(await client.getAll({ user_id: 'dan' }))).toEqual(['I like jazz.', 'I own a boat.']);
    expect(await client.getAll({ user_id: 'dan', page: 1, page_size: 1 })).toMatchObject({ count: 2, results: [{}] });
    expect(await client.getAll(v2)).toHaveLength(2);
    expect(textsOf(await client.getAll({ agent_id: 'hum' }))).toEqual(['the agent hums']);

    expect(await client.update(first, { text: 'I love jazz.' })).toMatchObject({ memory: 'I love jazz.' });
    expect(await client.history(first)).toMatchObject([
      { event: 'ADD' },
      { event: 'UPDATE', old_memory: 'I like jazz.' },
    ]);
    expect(await client.batchUpdate([{ memoryId: second, text: 'I sold the boat.' }])).toHaveProperty('message');
    expect(await client.feedback({ memory_id: first, feedback: 'NEGATIVE' })).toMatchObject({ feedback: 'NEGATIVE' });
    expect((await client.users()).results.map(({ name }: { name: string }) => name)).toEqual(['dan', 'hum', 'web']);

    const { id } = await client.createMemoryExport({ schema: SCHEMA, filters: { user_id: 'dan' } });
    expect(await client.getMemoryExport({ memory_export_id: id })).toEqual({ likes: ['jazz'], city: null, age: null });

    await client.updateProject({ custom_instructions: 'Only music.' });
    expect(await client.getProject({ fields: ['custom_instructions'] })).toEqual({
      custom_instructions: 'Only music.',
    });
    const hook = await client.createWebhook({ name: 'v2', url: HOOK, eventTypes: ['memory_add'] });
    await client.updateWebhook({ webhookId: hook.webhook_id, name: 'v2 again' });
    expect(await client.getWebhooks({ projectId: client.projectId })).toMatchObject([{ name: 'v2 again' }]);
    await client.deleteWebhook({ webhookId: hook.webhook_id });

    expect(await client.delete(first)).toHaveProperty('message');
    expect(await client.batchDelete([second])).toHaveProperty('message');
    await client.add(say('z'), { run_id: 'night', infer: false });
    expect(await client.deleteAll({ run_id: 'night' })).toHaveProperty('message');
    await client.add(say('w'), { user_id: 'dan', infer: false });
    expect(await client.deleteUser({ entity_type: 'user', entity_id: 'dan' })).toHaveProperty('message');
    expect(await client.deleteUsers({ agent_id: 'hum' })).toEqual({ message: 'Entity deleted successfully.' });
    expect((await client.users()).count).toBe(0);
  });

  it('both tell a wrong key, a full store and a full minute apart', async () => {
    for (const name of ['mem0ai', 'mem0ai-2']) {
      const { MemoryClient, AuthenticationError, MemoryQuotaExceededError, RateLimitError } = await load(name);
      const stranger = new MemoryClient({ apiKey: 'mb_nobody_nobody_nobody', host: service.url });
      await expect(stranger.get('x')).rejects.toBeInstanceOf(AuthenticationError);
      const client = new MemoryClient({ apiKey: tenant.adminKey, host: service.url });
      await client.ping();
      tenant.writePolicies({ ...defaultPolicies, quotas: { memories: 0, memoriesPerUser: null } });
      const add = () =>
        client.add(say(`more ${Math.random()}`), { user_id: 'q', userId: 'q', infer: false }).then(
          () => null,
          (error: unknown) => error,
        );
      expect(await eventually(add, (error) => error !== null)).toBeInstanceOf(MemoryQuotaExceededError);
      tenant.writePolicies({ ...defaultPolicies, rateLimits: { tenantPerMinute: 1, ipPerMinute: 100_000 } });
      const ping = () =>
        client.ping().then(
          () => null,
          (error: unknown) => error,
        );
      expect(await eventually(ping, (error) => error !== null)).toBeInstanceOf(RateLimitError);
      tenant.writePolicies({ ...defaultPolicies, egress: [{ cidr: '127.0.0.1/32' }] });
      await eventually(ping, (error) => error === null);
    }
  });

  it('every route of the hosted clients was called, and nobody was called beyond this machine', async () => {
    const { paths } = (await service.call('GET', '/openapi.json', { key: null })).body;
    const operations = Object.values(paths).flatMap((path) =>
      Object.values(path as Record<string, { readonly operationId: string }>).map(({ operationId }) => operationId),
    );
    const hosted = operations.filter((name) => /^mem0(?!Server|Events?$|SetProfiles$)/.test(name));
    const called = new Set(service.logs.flatMap((line) => /"operation":"(mem0\w+)"/.exec(line)?.[1] ?? []));
    expect(hosted.length).toBeGreaterThan(25);
    expect(hosted.filter((name) => !called.has(name))).toEqual([]);
    expect(watch.loopback()).toBeGreaterThan(0);
    expect(watch.refused).toEqual([]);
    // What would have been seen: the address that the clients report to unless they are told not to.
    await expect(fetch('https://us.i.posthog.com/')).rejects.toThrow();
    expect(watch.refused).toEqual(['us.i.posthog.com']);
    expect(errors.mock.calls.flat().filter((said) => String(said).includes('Telemetry'))).toEqual([]);
  });
});
