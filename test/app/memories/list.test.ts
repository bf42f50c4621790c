import {
  createTestTenant,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
  const memories = Array.from({ length: 23 }, (_, index) => ({
    user_id: 'ada',
    agent_id: index < 5 ? 'one' : 'two',
    content: `fact ${index}`,
  }));
  await service.call('POST', '/api/v1/memories', { body: { memories } });
  await service.call('POST', '/api/v1/memories', {
    body: { user_id: 'ada', content: 'old', expires_at: '2001-01-01T00:00:00Z' },
  });
});
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const list = (query: string) => service.call('GET', `/api/v1/memories?${query}`);
interface Row {
  readonly content: string;
}
const walk = async (query: string): Promise<readonly string[]> => {
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const { body } = await list(`${query}${cursor ? `&cursor=${cursor}` : ''}`);
    seen.push(...body.results.map(({ content }: Row) => content));
    cursor = body.next_cursor;
  }
  return seen;
};
const facts = Array.from({ length: 23 }, (_, index) => `fact ${index}`);

describe('a list', () => {
  it('walked by cursor shows every memory once, in order, either way', async () => {
    expect(await walk('user_id=ada&limit=7&order=created_at:asc')).toEqual(facts);
    expect(await walk('user_id=ada&limit=7')).toEqual([...facts].reverse());
    expect(await walk('user_id=ada&limit=23')).toEqual([...facts].reverse());
  });

  it('counts exactly, on request', async () => {
    expect((await list('user_id=ada&limit=1&count=true')).body.count).toBe(23);
    expect((await list('user_id=ada&limit=1')).body).not.toHaveProperty('count');
  });

  it('hides what has expired, until it is asked for', async () => {
    expect((await list('user_id=ada&status=expired')).body.results).toMatchObject([
      { content: 'old', status: 'expired' },
    ]);
  });

  it('narrows by agent; an agent nobody knows has nothing', async () => {
    expect((await list('user_id=ada&agent_id=one&count=true')).body.count).toBe(5);
    expect((await list('user_id=ada&agent_id=three')).body.results).toEqual([]);
    expect((await list('user_id=nobody')).body.results).toEqual([]);
  });

  it('refuses a cursor that was edited, or comes from another list or another key', async () => {
    const cursor: string = (await list('user_id=ada&limit=2')).body.next_cursor;
    const edited = Buffer.from(cursor, 'base64url');
    edited.writeUInt8(edited.readUInt8(20) ^ 1, 20);
    expect((await list(`user_id=ada&limit=2&cursor=${edited.toString('base64url')}`)).status).toBe(400);
    expect((await list(`user_id=ada&limit=2&order=created_at:asc&cursor=${cursor}`)).status).toBe(400);
    expect((await list(`user_id=ada&agent_id=one&cursor=${cursor}`)).status).toBe(400);
    const { key } = (await service.call('POST', '/api/v1/keys', { body: { name: 'k', role: 'service' } })).body;
    expect((await service.call('GET', `/api/v1/memories?user_id=ada&cursor=${cursor}`, { key })).status).toBe(400);
    expect((await list(`user_id=ada&limit=5&cursor=${cursor}`)).status).toBe(200);
  });
});
