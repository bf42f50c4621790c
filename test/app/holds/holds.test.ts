import { randomUUID } from 'node:crypto';
import pg from 'pg';
import {
  type Answer,
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
  service = await startInProcess(tenant);
}, 60_000);
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const PATH = '/api/v1/memories';
const HOLDS = '/api/v1/holds';
const post = (path: string, body: unknown, key?: string) =>
  service.call('POST', path, { body, ...(key ? { key } : {}) });
const create = async (user_id = 'ada') => (await post(PATH, { user_id, content: `of ${user_id}` })).body;
const remove = (path: string) => service.call('DELETE', path);
const read = async (id: string) => (await service.call('GET', `${PATH}/${id}`)).body;
const hold = { matter: 'case 42', reason: 'litigation' };
const query = async (sql: string) => {
  const client = new pg.Client({
    connectionString: tenant.database.adminUrl,
    options: `-c search_path=${tenant.database.schema}`,
  });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

describe('a hold on one memory', () => {
  it('keeps it as it is by every way, names the matter, and is on record', async () => {
    const { id } = await create();
    const held = await service.call('PUT', `${PATH}/${id}/legal-hold`, { body: hold });
    expect([held.status, held.body.legal_hold, held.body.version]).toEqual([200, true, 2]);
    const again = await service.call('PUT', `${PATH}/${id}/legal-hold`, { body: hold });
    expect(again.body.version).toBe(2);
    const other = await create();
    const tries = [
      await remove(`${PATH}/${id}`),
      await service.call('PATCH', `${PATH}/${id}`, { body: { content: 'gone' } }),
      await post(`${PATH}/${id}/feedback`, { value: 'negative' }),
      await post(`${PATH}/${id}/supersede`, { by: other.id }),
    ];
    for (const { body } of tries)
      expect(body).toMatchObject({ status: 409, code: 'legal_hold', detail: expect.stringContaining('case 42') });
    const bulk = await post(`${PATH}/delete`, { ids: [id, other.id] });
    expect(bulk.body).toMatchObject({ matched: 2, deleted: 1, held: 1, ids: [other.id] });
    expect(
      (await post(`${PATH}/update`, { updates: [{ id, patch: { content: 'x' } }], on_error: 'continue' })).body
        .results[0].error.code,
    ).toBe('legal_hold');
    expect((await remove('/api/v1/memory/ada')).body.held).toBe(1);
    const freed = await remove(`${PATH}/${id}/legal-hold?reason=settled`);
    expect([freed.status, freed.body.legal_hold, freed.body.content]).toEqual([200, false, 'of ada']);
    const { body } = await service.call('GET', `${PATH}/${id}/history`);
    expect(body.results.map(({ event, reason }: { event: string; reason: string }) => [event, reason])).toEqual([
      ['add', null],
      ['hold', 'litigation'],
      ['release', 'settled'],
    ]);
    expect((await remove(`${PATH}/${id}/legal-hold`)).status).toBe(404);
    expect((await remove(`${PATH}/${id}`)).status).toBe(200);
  });

  it('stands until the last of several is released', async () => {
    const { id } = await create();
    await service.call('PUT', `${PATH}/${id}/legal-hold`, { body: hold });
    await service.call('PUT', `${PATH}/${id}/legal-hold`, { body: { ...hold, matter: 'case 43' } });
    expect((await remove(`${PATH}/${id}/legal-hold?matter=case%2042`)).body.legal_hold).toBe(true);
    expect((await remove(`${PATH}/${id}/legal-hold?matter=case%2043`)).body.legal_hold).toBe(false);
  });

  it('ends by itself when it says so', async () => {
    // On a slow machine it may be over before anybody looked: then it is to last longer.
    for (let ms = 1_500, seen = false; !seen; ms *= 2) {
      const { id } = await create();
      const end = Date.now() + ms;
      const until = new Date(end).toISOString();
      await service.call('PUT', `${PATH}/${id}/legal-hold`, { body: { ...hold, until } });
      const { status } = await remove(`${PATH}/${id}`);
      seen = Date.now() < end;
      if (!seen) continue;
      expect(status).toBe(409);
      await eventually(
        () => remove(`${PATH}/${id}`),
        (answer) => answer.status === 200,
      );
    }
  });
});

describe('a hold on a person or the tenant', () => {
  it('is on all that is there and all that comes, of nobody else', async () => {
    const [mine, hers] = [await create('eve'), await create('grace')];
    const placed = await post(HOLDS, { scope: 'user', user_id: 'eve', ...hold });
    expect([placed.status, placed.body.user_id, placed.body.standing]).toEqual([201, 'eve', true]);
    const later = await create('eve');
    expect([later.legal_hold, (await read(mine.id)).legal_hold, (await read(hers.id)).legal_hold]).toEqual([
      true,
      true,
      false,
    ]);
    for (const { id } of [mine, later]) expect((await remove(`${PATH}/${id}`)).status).toBe(409);
    expect((await remove('/api/v1/memory/eve')).body).toMatchObject({ deleted: 0, held: 2 });
    expect((await remove(`${PATH}/${hers.id}`)).status).toBe(200);
    expect((await remove(`${HOLDS}/${placed.body.id}?reason=done`)).body).toMatchObject({ standing: false });
    expect((await remove('/api/v1/memory/eve')).body).toMatchObject({ deleted: 2, held: 0 });
  });

  it('of the tenant is on everything', async () => {
    const { id } = await create('tom');
    const placed = await post(HOLDS, { scope: 'tenant', ...hold });
    expect((await remove(`${PATH}/${id}`)).status).toBe(409);
    await remove(`${HOLDS}/${placed.body.id}`);
    expect((await remove(`${PATH}/${id}`)).status).toBe(200);
  });

  it('is listed, newest first, with what was released', async () => {
    const placed: string[] = [];
    for (const user_id of ['first', 'second', 'third'])
      placed.unshift((await post(HOLDS, { scope: 'user', user_id, ...hold })).body.id);
    await remove(`${HOLDS}/${placed[0]}`);
    const idsOf = ({ body }: Answer) => body.results.map(({ id }: { id: string }) => id);
    const page = await service.call('GET', `${HOLDS}?limit=2`);
    const { body } = page;
    expect(idsOf(page)).toEqual(placed.slice(0, 2));
    const next = await service.call('GET', `${HOLDS}?limit=2&cursor=${body.next_cursor}`);
    expect(idsOf(next)[0]).toBe(placed[2]);
    const standing = (await service.call('GET', `${HOLDS}?standing=true`)).body.results;
    expect(standing.every((one: { standing: boolean }) => one.standing)).toBe(true);
    expect(standing.map(({ id }: { id: string }) => id)).toEqual(expect.arrayContaining(placed.slice(1)));
    for (const id of placed.slice(1)) await remove(`${HOLDS}/${id}`);
    expect((await service.call('GET', `${HOLDS}/${body.results[0].id}`)).body.matter).toBe('case 42');
  });
});

describe('a hold that was tampered with', () => {
  it('stands, whoever writes to the table, and says so', async () => {
    const { id } = await create('mal');
    const placed = (await post(HOLDS, { scope: 'user', user_id: 'mal', ...hold })).body;
    await query(`UPDATE holds SET released_at = now() WHERE id = '${placed.id}'`);
    expect((await remove(`${PATH}/${id}`)).body).toMatchObject({
      code: 'legal_hold',
      detail: expect.stringContaining('tampered'),
    });
    expect((await service.call('GET', `${HOLDS}/${placed.id}`)).body).toMatchObject({ genuine: false, standing: true });
    expect((await remove(`${HOLDS}/${placed.id}`)).body.code).toBe('legal_hold');
    await query(`UPDATE memories SET legal_hold = false WHERE id = '${id}'`);
    expect((await remove(`${PATH}/${id}`)).body.code).toBe('memory_tampered');
  });
});

describe('who', () => {
  it('may place need not be who may release; nobody else does either', async () => {
    const { id } = await create('who');
    for (const role of ['user', 'service', 'readonly']) {
      const { key } = (await post('/api/v1/keys', { name: role, role, user_id: 'who' })).body;
      expect((await service.call('PUT', `${PATH}/${id}/legal-hold`, { body: hold, key })).status).toBe(403);
      expect((await service.call('DELETE', `${PATH}/${id}/legal-hold`, { key })).status).toBe(403);
      expect((await service.call('GET', HOLDS, { key })).status).toBe(403);
    }
    await service.call('PUT', '/api/v1/roles/counsel', {
      body: { permissions: ['retrieve', 'retrieve.all', 'hold.place'] },
    });
    const made = await post('/api/v1/keys', { name: 'counsel', role: 'counsel' });
    const { key } = made.body;
    expect((await service.call('PUT', `${PATH}/${id}/legal-hold`, { body: hold, key })).status).toBe(200);
    expect((await service.call('DELETE', `${PATH}/${id}/legal-hold`, { key })).status).toBe(403);
    expect((await remove(`${PATH}/${id}/legal-hold`)).status).toBe(200);
  });

  it('says something wrong is told where', async () => {
    const { id } = await create('wrong');
    const pointer = async (body: object) => (await post(HOLDS, body)).body.errors?.[0]?.pointer;
    expect(await pointer({ scope: 'memory', ...hold })).toBe('/memory_id');
    expect(await pointer({ scope: 'user', memory_id: id, user_id: 'x', ...hold })).toBe('/memory_id');
    expect(await pointer({ scope: 'tenant', user_id: 'x', ...hold })).toBe('/user_id');
    expect(await pointer({ scope: 'all', ...hold })).toBe('/scope');
    expect(await pointer({ scope: 'tenant', reason: 'r' })).toBe('/matter');
    expect(await pointer({ scope: 'tenant', ...hold, until: '2001-01-01T00:00:00Z' })).toBe('/until');
    expect((await post(HOLDS, { scope: 'memory', memory_id: randomUUID(), ...hold })).status).toBe(404);
    expect((await remove(`${HOLDS}/${randomUUID()}`)).status).toBe(404);
  });
});
