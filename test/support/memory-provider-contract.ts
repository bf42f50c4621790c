/** What memories that lie elsewhere must do, whoever keeps them: for stand-ins and for the real thing. */
import { eventually, type InProcessService } from './memory-service.js';

const CONTENT = 'Ada prefers window seats';

export const addMemory = async (service: InProcessService, user: string, content: string, more: object = {}) => {
  const answer = await service.call('POST', '/api/v1/memories', { body: { user_id: user, content, ...more } });
  expect([answer.status, answer.body.code, answer.body.detail]).toEqual([201, undefined, undefined]);
  return answer.body;
};

type Told = readonly { readonly event: { readonly code: string } }[];

/** What the log holds, once there is an event of this code. */
export const auditOf = async (service: InProcessService, code: string): Promise<Told> =>
  eventually(
    async () => (await service.call('GET', '/api/v1/audit/events?limit=200')).body.results as Told,
    (told) => told.some(({ event }) => event.code === code),
  );

/** One memory from its beginning to its end, another that stays meanwhile. */
export const walkThrough = async (service: InProcessService, user: string): Promise<void> => {
  const metadata = { topic: 'travel' };
  const told = { metadata, agent_id: 'booker', importance: 0.9, expires_at: '2999-01-01T00:00:00Z' };
  const memory = await addMemory(service, user, CONTENT, told);
  expect(memory).toMatchObject({ user_id: user, agent_id: 'booker', scope: 'user', content: CONTENT, version: 1 });
  expect(memory).toMatchObject({ metadata, importance: 0.9, trust: { class: 'user', score: 0.8 }, status: 'active' });
  await addMemory(service, user, 'Ada drinks tea');
  const ofUser = { headers: { 'X-User-ID': user } };
  const read = await service.call('GET', `/api/v1/memories/${memory.id}`, ofUser);
  expect([read.status, read.body, read.headers.get('etag')]).toEqual([200, memory, '"1"']);
  await expectLists(service, user, memory.id);
  await expectFinds(service, user, memory.id);
  const gone = await service.call('DELETE', `/api/v1/memories/${memory.id}?reason=moved`, ofUser);
  expect(gone.body).toMatchObject({ id: memory.id, deleted: true });
  expect((await service.call('GET', `/api/v1/memories/${memory.id}`, ofUser)).status).toBe(404);
  expect((await service.call('DELETE', `/api/v1/memory/${user}`)).body).toMatchObject({ deleted: 1 });
  expect((await service.call('GET', `/api/v1/memory/${user}`)).body.results).toEqual([]);
  const codes = (await auditOf(service, 'deleted')).map(({ event }) => event.code);
  expect(codes).toEqual(expect.arrayContaining(['created', 'deleted']));
};

const expectLists = async (service: InProcessService, user: string, id: string): Promise<void> => {
  const list = await service.call('GET', `/api/v1/memory/${user}?limit=1&count=true`);
  expect(list.body).toMatchObject({ count: 2, results: [{ content: 'Ada drinks tea' }] });
  const rest = await service.call('GET', `/api/v1/memory/${user}?limit=1&cursor=${list.body.next_cursor}`);
  expect(rest.body).toMatchObject({ next_cursor: null, results: [{ id }] });
  const moved = await service.call('GET', `/api/v1/memory/other?limit=1&cursor=${list.body.next_cursor}`);
  expect(moved.body).toMatchObject({ status: 400, errors: [{ pointer: '/query/cursor' }] });
};

const expectFinds = async (service: InProcessService, user: string, id: string): Promise<void> => {
  const search = async (body: object) =>
    (await service.call('POST', '/api/v1/memories/search', { body: { user_id: user, limit: 1, ...body } })).body;
  expect((await search({ query: 'which seats does she prefer' })).results).toMatchObject([{ id, rank: 1 }]);
  const filters = { 'metadata.topic': 'travel', agent_id: 'booker' };
  expect((await search({ query: 'tea', filters })).results).toMatchObject([{ id }]);
  const context = await service.call('POST', '/api/v1/context', { body: { user_id: user, query: 'seats' } });
  expect(context.body.text).toContain(CONTENT);
};
