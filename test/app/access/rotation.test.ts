import { jest } from '@jest/globals';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  SOON_MS,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

jest.setTimeout(90_000);

let tenant: TestTenant;
let service: InProcessService;
let replica: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  [service, replica] = await Promise.all([startInProcess(tenant), startInProcess(tenant)]);
});
afterAll(async () => {
  await Promise.all([service.stop(), replica.stop()]);
  await tenant.drop();
});

const make = async (body: object = {}) =>
  (await service.call('POST', '/api/v1/keys', { body: { name: 'app', role: 'service', ...body } })).body;
const rotate = (id: string, body: object = { overlap: '7d' }) =>
  service.call('POST', `/api/v1/keys/${id}/rotate`, { body });
const status = async (key: string, through: InProcessService = service) =>
  (await through.call('GET', '/api/v1/whoami', { key })).status;

describe('a rotation', () => {
  it('makes a key of the same person, role, groups and lifetime; the old one works on for the overlap', async () => {
    const person = { role: 'user', user_id: 'ada', teams: ['red'], organizations: ['acme'], expires_in: '90d' };
    const old = await make(person);
    const { status: made, body: next } = await rotate(old.id);
    expect(made).toBe(201);
    expect(next).toMatchObject({
      role: 'user',
      user_id: 'ada',
      teams: ['red'],
      organizations: ['acme'],
      replaces: old.id,
    });
    expect(next.key).not.toBe(old.key);
    const days = (at: string) => Math.round((Date.parse(at) - Date.now()) / 86_400_000);
    expect([days(next.expires_at), days(next.replaced.expires_at)]).toEqual([90, 7]);
    expect([await status(old.key), await status(next.key)]).toEqual([200, 200]);
  });

  it('under load through two replicas costs no request', async () => {
    let current: { id: string; key: string } = await make();
    const seen = new Map<number, number>();
    let running = true;
    const client = async (through: InProcessService): Promise<void> => {
      while (running) {
        const answer = await status(current.key, through);
        seen.set(answer, (seen.get(answer) ?? 0) + 1);
      }
    };
    const clients = [service, replica, service, replica].map(client);
    for (let turn = 0; turn < 8; turn++) current = (await rotate(current.id, { overlap: '1m' })).body;
    await eventually(
      async () => seen.get(200) ?? 0,
      (count) => count > 50,
    );
    running = false;
    await Promise.all(clients);
    expect([...seen.keys()]).toEqual([200]);
  });

  it('with an overlap of 0s ends the old key, in every replica within a second', async () => {
    const old = await make();
    expect(await status(old.key, replica)).toBe(200);
    const { body: next } = await rotate(old.id, { overlap: '0s' });
    expect([await status(old.key), await status(next.key)]).toEqual([401, 200]);
    await eventually(
      () => status(old.key, replica),
      (seen) => seen === 401,
      SOON_MS,
    );
  });

  it('leaves two live keys at most: who was replaced cannot be replaced again', async () => {
    const old = await make();
    const { body: next } = await rotate(old.id);
    const again = await rotate(old.id);
    expect([again.status, again.body.code]).toEqual([409, 'key_exists']);
    expect(again.body.detail).toContain(next.id);
    const [one, two] = await Promise.all([rotate(next.id), rotate(next.id)]);
    expect([one.status, two.status].sort()).toEqual([201, 409]);
  });

  it('never makes a key live longer', async () => {
    const old = await make({ expires_in: '1h' });
    const { body } = await rotate(old.id);
    expect(Date.parse(body.replaced.expires_at)).toBe(Date.parse(old.expires_at));
  });

  it('of a key that is gone, or for a time that is none, is told what is wrong', async () => {
    const old = await make();
    for (const overlap of ['7', '-1d', '7y', '', '400d']) {
      const answer = await rotate(old.id, { overlap });
      expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/overlap']);
    }
    await service.call('DELETE', `/api/v1/keys/${old.id}`);
    expect((await rotate(old.id)).status).toBe(404);
    expect((await rotate('018f0000-0000-7000-8000-000000000000')).status).toBe(404);
  });

  it('of the bootstrap key claims it: it is not registered again by the next start', async () => {
    const own = await createTestTenant();
    const first = await startInProcess(own);
    const { key_id } = (await first.call('GET', '/api/v1/whoami')).body;
    const body = { overlap: '0s' };
    const { body: claimed } = await first.call('POST', `/api/v1/keys/${key_id}/rotate`, { body });
    expect(claimed).toMatchObject({ role: 'admin', bootstrap: false });
    const restarted = await startInProcess(own);
    expect([await status(own.adminKey, restarted), await status(claimed.key, restarted)]).toEqual([401, 200]);
    await own.drop();
  });
});

describe('keys', () => {
  it('are listed in pages that lose none and show none twice', async () => {
    const call = (path: string) => service.call('GET', path);
    const made: string[] = [];
    for (let n = 0; n < 7; n++) made.push((await make()).id);
    const seen: string[] = [];
    let path = '/api/v1/keys?limit=3&count=true';
    let count = 0;
    for (;;) {
      const { body } = await call(path);
      seen.push(...body.results.map(({ id }: { id: string }) => id));
      count = body.count;
      if (body.next_cursor === null) break;
      path = `/api/v1/keys?limit=3&count=true&cursor=${body.next_cursor}`;
    }
    expect(seen).toHaveLength(count);
    expect(new Set(seen).size).toBe(count);
    expect(seen).toEqual(expect.arrayContaining(made));
    expect((await call('/api/v1/keys?limit=201')).body.code).toBe('limit_too_large');
    expect((await call('/api/v1/keys?cursor=AAAA')).status).toBe(400);
  });

  it('say when they were last used', async () => {
    const body = { name: 'seldom', role: 'readonly', user_id: 'ada' };
    const { id, key } = (await service.call('POST', '/api/v1/keys', { body })).body;
    const look = async () => (await service.call('GET', `/api/v1/keys/${id}`)).body.last_used_at;
    expect(await look()).toBeNull();
    await service.call('GET', '/api/v1/whoami', { key });
    const used = await eventually(look, (at) => at !== null);
    expect(Math.abs(Date.parse(used) - Date.now())).toBeLessThan(30_000);
  });

  it('revoked here are refused by another replica within a second', async () => {
    const body = { name: 'leaked', role: 'service' };
    const { id, key } = (await service.call('POST', '/api/v1/keys', { body })).body;
    expect(await status(key, replica)).toBe(200);
    await service.call('DELETE', `/api/v1/keys/${id}`);
    await eventually(
      () => status(key, replica),
      (seen) => seen === 401,
      SOON_MS,
    );
  });

  it('of administrators: the last one cannot be revoked, by itself or another', async () => {
    const own = await createTestTenant();
    const alone = await startInProcess(own);
    const { key_id } = (await alone.call('GET', '/api/v1/whoami')).body;
    const manager = { name: 'manager', role: 'keys' };
    await alone.call('PUT', '/api/v1/roles/keys', { body: { permissions: ['keys.manage'] } });
    const { key } = (await alone.call('POST', '/api/v1/keys', { body: manager })).body;
    for (const by of [{}, { key }])
      expect(await alone.call('DELETE', `/api/v1/keys/${key_id}`, by)).toMatchObject({
        status: 403,
        body: { code: 'forbidden', remedy: expect.stringContaining('admin') },
      });
    const second = (await alone.call('POST', '/api/v1/keys', { body: { name: 'second', role: 'admin' } })).body;
    const both = await Promise.all(
      [
        { id: key_id, by: second.key },
        { id: second.id, by: own.adminKey },
      ].map(({ id, by }) => alone.call('DELETE', `/api/v1/keys/${id}`, { key: by })),
    );
    // The slower one is refused, or is known no more.
    expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
    await alone.stop();
    await own.drop();
  });

  it('count what the tenant uses, a day', async () => {
    const today = () => new Date().toISOString().slice(0, 10);
    const before = today();
    const { body } = await service.call('GET', '/api/v1/usage');
    expect([before, today()]).toContain(body.to);
    const { memories_written, requests, searches } = body.totals;
    const memories = [
      { user_id: 'meter', content: 'one' },
      { user_id: 'meter', content: 'two' },
    ];
    await service.call('POST', '/api/v1/memories', { body: { memories } });
    await service.call('POST', '/api/v1/memories', { body: { user_id: 'meter', content: 'three' } });
    await service.call('POST', '/api/v1/memories/search', { body: { user_id: 'meter', query: 'two' } });
    const later = (await service.call('GET', '/api/v1/usage')).body;
    expect(later.totals).toMatchObject({ memories_written: memories_written + 3, searches: searches + 1 });
    // The three, and that of the first look.
    expect(later.totals.requests).toBeGreaterThanOrEqual(requests + 4);
    for (const query of ['from=yesterday', 'from=2026-02-30', 'from=2026-02-02&to=2026-02-01', 'from=2020-01-01']) {
      expect((await service.call('GET', `/api/v1/usage?${query}`)).status).toBe(400);
    }
  });
});
