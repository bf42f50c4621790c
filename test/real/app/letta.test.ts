import { jest } from '@jest/globals';
import { addMemory, walkThrough } from '../../support/memory-provider-contract.js';
import {
  createTestTenant,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { describePart } from '../../support/parts.js';

jest.setTimeout(900_000);

/**
 * A Letta server of one's own, with a model that embeds: `LETTA_URL=http://127.0.0.1:8283`, if it wants a key `LETTA_KEY`, and
 * `LETTA_EMBEDDING` when its own default is none that it can reach.
 */
const { LETTA_URL, LETTA_KEY, LETTA_EMBEDDING } = process.env;

describePart('memories at a real Letta server', LETTA_URL !== undefined, () => {
  let tenant: TestTenant;
  let service: InProcessService;
  beforeAll(async () => {
    tenant = await createTestTenant();
    service = await startInProcess(tenant, {
      ...{ MEMORY_PROVIDER: 'letta', MEMORY_PROVIDER_URL: LETTA_URL ?? '' },
      ...(LETTA_KEY ? { MEMORY_PROVIDER_API_KEY: LETTA_KEY } : {}),
      ...(LETTA_EMBEDDING ? { LETTA_EMBEDDING } : {}),
    });
  });
  afterAll(() => tenant?.drop());

  it('are added, read, listed, found, deleted, in the shape that every memory has', () => walkThrough(service, 'ada'));

  it('of more than a page of its own are all listed, newest first, and all deleted', async () => {
    const count = 105;
    const memories = Array.from({ length: count }, (_, n) => ({ user_id: 'max', content: `fact ${n}` }));
    for (const part of [memories.slice(0, 100), memories.slice(100)])
      expect((await service.call('POST', '/api/v1/memories', { body: { memories: part } })).status).toBe(200);
    await addMemory(service, 'max', 'the last');
    await addMemory(service, 'eve', 'of somebody else');
    const { body } = await service.call('GET', '/api/v1/memory/max?limit=1000&count=true');
    expect([body.count, body.results.length, body.results[0].content]).toEqual([count + 1, count + 1, 'the last']);
    expect((await service.call('DELETE', '/api/v1/memory/max')).body.deleted).toBe(count + 1);
    expect((await service.call('GET', '/api/v1/memory/max')).body.results).toEqual([]);
    expect((await service.call('GET', '/api/v1/memory/eve')).body.results).toHaveLength(1);
    await service.call('DELETE', '/api/v1/memory/eve');
  });

  it('of two replicas that add for a new person at once are all found', async () => {
    const other = await startInProcess(tenant, {
      ...{ MEMORY_PROVIDER: 'letta', MEMORY_PROVIDER_URL: LETTA_URL ?? '' },
      ...(LETTA_KEY ? { MEMORY_PROVIDER_API_KEY: LETTA_KEY } : {}),
      ...(LETTA_EMBEDDING ? { LETTA_EMBEDDING } : {}),
    });
    await Promise.all([addMemory(service, 'two', 'one'), addMemory(other, 'two', 'another')]);
    for (const one of [service, other])
      expect((await one.call('GET', '/api/v1/memory/two')).body.results).toHaveLength(2);
    expect((await service.call('DELETE', '/api/v1/memory/two')).body.deleted).toBe(2);
    await other.stop();
  });
});
