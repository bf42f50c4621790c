import pg from 'pg';
import {
  createTestTenant,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

let tenant: TestTenant;
let service: InProcessService;
let admin: string;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
  admin = (await service.call('GET', '/api/v1/whoami')).body.key_id;
});
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const PATH = '/api/v1/memories';
const create = async (body: object) =>
  (await service.call('POST', PATH, { body: { user_id: 'ada', content: 'one', ...body } })).body;
const patch = (id: string, body: object, query = '') => service.call('PATCH', `${PATH}/${id}${query}`, { body });
const remove = (id: string, query = '') => service.call('DELETE', `${PATH}/${id}${query}`);
const history = (id: string, query = '', key?: string) =>
  service.call('GET', `${PATH}/${id}/history${query}`, key ? { key } : {});
interface Entry {
  readonly version: number;
  readonly event: string;
  readonly before: { readonly content: string } | null;
  readonly after: { readonly content: string } | null;
}
const brief = (entries: readonly Entry[]) =>
  entries.map(({ version, event, before, after }) => [version, event, before?.content ?? null, after?.content ?? null]);
const query = async (sql: string) => {
  const client = new pg.Client({ connectionString: tenant.database.ownerUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};
const makeKey = async (user_id: string): Promise<{ readonly key: string; readonly id: string }> =>
  (await service.call('POST', '/api/v1/keys', { body: { name: 'k', role: 'service', user_id } })).body;

describe('the history of a memory', () => {
  it('begins with what was written, before anybody changed it', async () => {
    const { id, created_at } = await create({ metadata: { a: 1 } });
    expect((await history(id, '?count=true')).body).toEqual({
      results: [
        {
          version: 1,
          event: 'add',
          before: null,
          after: expect.objectContaining({ content: 'one', metadata: { a: 1 }, confidence: 0.8 }),
          actor: admin,
          reason: null,
          at: created_at,
          audit_event: expect.stringMatching(/^[0-9a-f-]{36}$/),
        },
      ],
      next_cursor: null,
      count: 1,
    });
  });

  it('says of every change who made it, when, why, and what was there before; also when it is gone', async () => {
    const { id } = await create({});
    const other = await makeKey('ada');
    await service.call('PATCH', `${PATH}/${id}?reason=typo`, { body: { content: 'two' }, key: other.key });
    const { updated_at } = (await patch(id, { importance: 0.1 })).body;
    await patch(id, {});
    await remove(id, '?reason=done');
    const { body } = await history(id, '?count=true');
    expect(brief(body.results)).toEqual([
      [1, 'add', null, 'one'],
      [2, 'update', 'one', 'two'],
      [3, 'update', 'two', 'two'],
      [4, 'delete', 'two', null],
    ]);
    expect(body.count).toBe(4);
    expect(body.results.map(({ actor }: { actor: string }) => actor)).toEqual([admin, other.id, admin, admin]);
    expect(body.results.map(({ reason }: { reason: string }) => reason)).toEqual([null, 'typo', null, 'done']);
    expect(body.results[2]).toMatchObject({ at: updated_at, before: { importance: 0.5 }, after: { importance: 0.1 } });
  });

  it('walked by cursor shows every event once, with what was before it', async () => {
    const { id } = await create({});
    for (const content of ['two', 'three', 'four', 'five']) await patch(id, { content });
    const whole = (await history(id)).body.results;
    for (const limit of [1, 2, 3, 5]) {
      const seen: Entry[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const { body } = await history(id, `?limit=${limit}${cursor ? `&cursor=${cursor}` : ''}`);
        seen.push(...body.results);
        cursor = body.next_cursor;
      }
      expect(seen).toEqual(whole);
    }
    const cursor = (await history(id, '?limit=1')).body.next_cursor;
    const elsewhere = (await create({})).id;
    expect((await history(elsewhere, `?cursor=${cursor}`)).status).toBe(400);
    expect((await history(id, '?limit=1001')).body.code).toBe('limit_too_large');
  });

  it("is nobody else's business, before the delete and after it", async () => {
    const { id } = await create({});
    const { key } = await makeKey('grace');
    expect((await history(id, '', key)).status).toBe(404);
    await patch(id, { content: 'two' });
    expect((await history(id, '', key)).status).toBe(404);
    await remove(id);
    expect((await history(id, '', key)).status).toBe(404);
    expect((await history(id, '', (await makeKey('ada')).key)).body.results).toHaveLength(3);
    expect((await history('01900000-0000-7000-8000-000000000000')).status).toBe(404);
  });

  it('of an id that was used again goes on for its owner, and begins anew for another', async () => {
    const { id } = await create({});
    await remove(id);
    await create({ id, content: 'again', user_id: 'grace' });
    expect(brief((await history(id, '', (await makeKey('grace')).key)).body.results)).toEqual([
      [1, 'add', null, 'again'],
    ]);
    await remove(id);
    await create({ id, content: 'mine again' });
    expect(brief((await history(id, '', (await makeKey('ada')).key)).body.results)).toEqual([
      [1, 'add', null, 'one'],
      [2, 'delete', 'one', null],
      [1, 'add', null, 'mine again'],
    ]);
  });

  it('lies sealed, and a seal opens only where it was made', async () => {
    const { id } = await create({ content: 'canary-one' });
    await patch(id, { content: 'canary-two' }, '?reason=canary-reason');
    const where = `WHERE memory_id = '${id}'`;
    const rows = await query(`SELECT sealed_state FROM memory_history ${where} ORDER BY seq`);
    expect(rows).toHaveLength(2);
    for (const { sealed_state } of rows) expect(sealed_state.toString('latin1')).not.toContain('canary');
    await query(
      `UPDATE memory_history SET sealed_state = (SELECT sealed_state FROM memory_history ${where} AND version = 1) ${where} AND version = 2`,
    );
    const moved = await history(id);
    expect([moved.status, JSON.stringify(moved.body)]).toEqual([500, expect.not.stringContaining('canary')]);
  });

  it('cannot be rewritten by the service', async () => {
    const client = new pg.Client({ connectionString: tenant.database.serviceUrl });
    await client.connect();
    await expect(client.query('UPDATE memory_history SET actor = NULL')).rejects.toThrow('permission denied');
    await client.end();
  });
});
