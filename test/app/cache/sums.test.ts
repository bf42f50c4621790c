import { jest } from '@jest/globals';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  // Sums are forgotten with time too, some after two seconds: what is asked here is what a change does.
  jest.spyOn(Date, 'now').mockReturnValue(Date.now());
  service = await startInProcess(tenant);
}, 60_000);
afterAll(async () => {
  jest.restoreAllMocks();
  await service.stop();
  await tenant.drop();
});

const PATH = '/api/v1/memories';
const call = async (method: string, path: string, body?: unknown, key?: string) =>
  (await service.call(method, path, { ...(body === undefined ? {} : { body }), ...(key ? { key } : {}) })).body;
const remember = (user_id: string, content: string, more: object = {}) =>
  call('POST', `${PATH}?wait=indexed`, { user_id, content, ...more });
const keyOf = async (user_id: string, more: object = {}): Promise<string> =>
  (await call('POST', '/api/v1/keys', { name: user_id, role: 'user', user_id, ...more })).key;
const lookups = async (kind: string): Promise<readonly [number, number]> => {
  const metrics = (await service.call('GET', '/metrics')).body as string;
  const count = (name: string): number =>
    Number(new RegExp(`^cache_${name}_total\\{kind="${kind}"[^}]*\\} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0);
  return [count('hits'), count('misses')];
};
/** What was looked up by these calls: hits and misses. */
const counted = async (kind: string, ...calls: readonly (() => Promise<unknown>)[]): Promise<readonly number[]> => {
  const before = await lookups(kind);
  for (const one of calls) await one();
  const after = await lookups(kind);
  return [after[0] - before[0], after[1] - before[1]];
};

describe('the counts of memories', () => {
  it('are counted once until a memory among them changes, and no longer', async () => {
    await remember('ada', 'one');
    const stats = () => call('GET', '/memory_stats');
    const { total: before, held: heldBefore } = await stats();
    expect(await counted('stats', stats, stats)).toEqual([2, 0]);
    const { id } = await remember('ada', 'two');
    expect((await stats()).total).toBe(before + 1);
    await call('PATCH', `${PATH}/${id}`, { expires_at: '2036-01-01T00:00:00Z' });
    expect(await counted('stats', stats)).toEqual([0, 1]);
    await call('PUT', `${PATH}/${id}/legal-hold`, { matter: 'm', reason: 'r' });
    expect((await stats()).held).toBe(heldBefore + 1);
    const { results } = await call('GET', '/api/v1/holds');
    await call('DELETE', `/api/v1/holds/${results[0].id}`);
    expect((await stats()).held).toBe(heldBefore);
    await call('POST', `${PATH}/delete`, { ids: [id] });
    expect((await stats()).total).toBe(before);
    await call('POST', PATH, { memories: [{ user_id: 'ada', content: 'three' }] });
    const { body } = await eventually(
      () => service.call('GET', '/memory_stats'),
      (answer) => answer.body.by_vector_status.pending === 0,
    );
    expect(body.total).toBe(before + 1);
  });

  it('of one person are forgotten by what is written for them, their team or everybody, and by nobody else', async () => {
    const [ada, bob] = [await keyOf('ada', { teams: ['red'] }), await keyOf('bob', { teams: ['blue'] })];
    const statsOf = (key: string) => () => call('GET', '/memory_stats', undefined, key);
    const both = [statsOf(ada), statsOf(bob)];
    for (const one of both) await one();
    await remember('ada', 'hers');
    expect(await counted('stats', ...both)).toEqual([1, 1]);
    await remember('bob', 'of his team', { scope: 'team', team_id: 'blue' });
    expect([await counted('stats', statsOf(ada)), await counted('stats', statsOf(bob))]).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect((await statsOf(bob)()).by_scope).toMatchObject({ user: 0, team: 1 });
    await remember('ada', 'for all', { scope: 'global' });
    expect(await counted('stats', ...both)).toEqual([0, 2]);
    expect(await counted('stats', ...both)).toEqual([2, 0]);
  });

  it('are not forgotten by a write that came to nothing', async () => {
    const stats = () => call('GET', '/memory_stats');
    const { id } = await remember('ada', 'as it was');
    await stats();
    const refused = await service.call('PATCH', `${PATH}/${id}`, {
      body: { content: 'x' },
      headers: { 'If-Match': '"99"' },
    });
    expect(refused.status).toBe(412);
    expect(await counted('stats', stats)).toEqual([1, 0]);
  });
});

describe('groups of memories, and who they name', () => {
  it('are found once until one of them changes; what is shown of them is of now', async () => {
    for (const content of ['green tea', 'black tea', 'motor oil', 'engine oil']) await remember('eve', content);
    const clusters = () => call('GET', `${PATH}/clusters?user_id=eve&k=2`);
    const first = await clusters();
    expect(await counted('centroid', clusters)).toEqual([1, 0]);
    expect((await clusters()).clusters).toEqual(first.clusters);
    await remember('ada', 'of somebody else');
    expect(await counted('centroid', clusters)).toEqual([1, 0]);
    const { id, content } = first.clusters[0].exemplar;
    await call('PATCH', `${PATH}/${id}`, { metadata: { seen: true } });
    expect((await clusters()).clusters.flatMap((one: { ids: string[] }) => one.ids)).toContain(id);
    expect(await counted('centroid', clusters)).toEqual([1, 0]);
    await call('DELETE', `${PATH}/${id}`);
    const after = await clusters();
    expect([after.count, JSON.stringify(after).includes(content)]).toEqual([first.count - 1, false]);
  });

  it('sessions, agents and people are counted once until one of their memories changes', async () => {
    const entities = async (): Promise<readonly { id: string; total_memories: number }[]> =>
      (await call('GET', '/api/v1/entities?type=session')).results;
    await remember('sam', 'first', { session_id: 's1' });
    expect(await entities()).toMatchObject([{ id: 's1', total_memories: 1 }]);
    expect(await counted('session', entities)).toEqual([1, 0]);
    await remember('sam', 'second', { session_id: 's1' });
    expect(await entities()).toMatchObject([{ id: 's1', total_memories: 2 }]);
  });
});
