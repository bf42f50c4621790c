import { jest } from '@jest/globals';
import pg from 'pg';
import { GRANT_SCOPES, PERMISSIONS, parseGrant, ROLE_PERMISSIONS } from '../../../app/access/permissions.js';
import { SCOPES } from '../../../app/memories/schema.js';
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
  [service, replica] = await Promise.all([startInProcess(tenant, { LOG_LEVEL: 'warn' }), startInProcess(tenant)]);
});
afterAll(async () => {
  await Promise.all([service.stop(), replica.stop()]);
  await tenant.drop();
});

const putRole = (name: string, permissions: readonly string[], key?: string) =>
  service.call('PUT', `/api/v1/roles/${name}`, { body: { permissions }, ...(key ? { key } : {}) });
const makeKey = async (role: string, user_id?: string): Promise<string> =>
  (await service.call('POST', '/api/v1/keys', { body: { name: role, role, ...(user_id ? { user_id } : {}) } })).body
    .key;
const sql = async (text: string, values: readonly unknown[] = []): Promise<void> => {
  const client = new pg.Client({ connectionString: tenant.database.ownerUrl });
  await client.connect();
  await client.query(text, [...values]);
  await client.end();
};

describe('the predefined roles', () => {
  it('have exactly the documented matrix of ingest, retrieve, delete and admin', () => {
    const seeds = ['ingest', 'retrieve', 'delete', 'admin'] as const;
    const matrix = Object.entries(ROLE_PERMISSIONS).map(([role, permissions]) => [
      role,
      seeds.map((permission) => (permissions as readonly string[]).includes(permission)),
    ]);
    expect(Object.fromEntries(matrix)).toEqual({
      admin: [true, true, true, true],
      service: [true, true, true, false],
      user: [true, true, false, false],
      readonly: [false, true, false, false],
    });
  });

  it('cannot be changed', async () => {
    const answer = await putRole('readonly', ['admin']);
    expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
  });
});

describe('a permission', () => {
  it('is a name, or narrower by own and by a scope', () => {
    expect(GRANT_SCOPES).toEqual(SCOPES);
    expect(parseGrant('delete:own:team')).toEqual({ permission: 'delete', own: true, scope: 'team' });
    expect(parseGrant('hold.place')).toEqual({ permission: 'hold.place', own: false, scope: undefined });
    for (const text of ['', 'root', 'ingest:', 'ingest:mine', 'ingest:team:own', 'ingest:own:team:x', 'constructor']) {
      expect(parseGrant(text)).toBeUndefined();
    }
  });

  it('that is not known is 400 and told which are', async () => {
    const answer = await putRole('auditor', ['audit.read', 'audit.write']);
    expect([answer.status, answer.body.errors[0].pointer]).toEqual([400, '/permissions/1']);
    for (const permission of PERMISSIONS) expect(answer.body.detail).toContain(permission);
    expect((await service.call('GET', '/api/v1/roles/auditor')).status).toBe(404);
  });
});

describe('a role of the tenant', () => {
  it('is in force in every replica within a second, without a restart', async () => {
    expect((await putRole('writer', ['retrieve'])).status).toBe(201);
    const key = await makeKey('writer');
    const remove = (through: InProcessService) =>
      through.call('DELETE', '/api/v1/memories/018f0000-0000-7000-8000-000000000000', { key });
    expect([(await remove(service)).status, (await remove(replica)).status]).toEqual([403, 403]);
    expect((await putRole('writer', ['retrieve', 'delete'])).status).toBe(200);
    expect((await remove(service)).status).toBe(404);
    await eventually(
      async () => (await remove(replica)).status,
      (status) => status === 404,
      SOON_MS,
    );
    await putRole('writer', []);
    await eventually(
      async () => (await remove(replica)).status,
      (status) => status === 403,
      SOON_MS,
    );
    expect((await service.call('GET', '/api/v1/whoami', { key })).body).toMatchObject({
      role: 'writer',
      permissions: [],
    });
  });

  it('narrowed to own allows nothing to a key without a person', async () => {
    await putRole('self', ['retrieve:own', 'ingest:own']);
    const permissions = async (user?: string) =>
      (await service.call('GET', '/api/v1/whoami', { key: await makeKey('self', user) })).body.permissions;
    expect(await permissions('ada')).toEqual(['retrieve', 'ingest']);
    expect(await permissions()).toEqual([]);
  });

  it('is made only by whoever has what it allows, and so is a key of it', async () => {
    await putRole('manager', ['keys.manage', 'roles.manage', 'retrieve']);
    const manager = await makeKey('manager');
    const role = await putRole('escalated', ['erase', 'retrieve'], manager);
    expect([role.status, role.body.detail]).toEqual([403, expect.stringContaining('erase')]);
    const body = { name: 'x', role: 'admin' };
    expect((await service.call('POST', '/api/v1/keys', { key: manager, body })).status).toBe(403);
    expect(
      (await service.call('POST', '/api/v1/keys', { key: manager, body: { name: 'x', role: 'readonly' } })).status,
    ).toBe(201);
    const admin = (await service.call('GET', '/api/v1/whoami')).body.key_id;
    expect((await service.call('POST', `/api/v1/keys/${admin}/rotate`, { key: manager, body: {} })).status).toBe(403);
  });

  it.each(['Admin', '9lives', 'a b', 'x'.repeat(64), '__proto__', '..%2fadmin'])(
    'has no name such as %s',
    async (name) => {
      expect((await putRole(encodeURIComponent(decodeURIComponent(name)), ['retrieve'])).status).toBe(400);
    },
  );

  it('that is not there is named when a key asks for it', async () => {
    const answer = await service.call('POST', '/api/v1/keys', { body: { name: 'x', role: 'nobody' } });
    expect([answer.status, answer.body.errors[0].detail]).toEqual([400, expect.stringContaining('readonly')]);
  });

  it('that a superuser of the database changed allows nothing any more, and is reported once', async () => {
    await putRole('clerk', ['retrieve']);
    const key = await makeKey('clerk', 'ada');
    expect((await service.call('GET', '/api/v1/memories', { key })).status).toBe(200);
    await sql(`UPDATE roles SET permissions = '{retrieve,admin,erase}' WHERE name = 'clerk'`);
    await sql('UPDATE access_epoch SET epoch = epoch + 1');
    const answer = await eventually(
      () => service.call('GET', '/api/v1/memories', { key }),
      ({ status }) => status !== 200,
    );
    expect(answer.status).toBe(403);
    expect(
      (await service.call('GET', '/api/v1/roles')).body.results.map(({ name }: { name: string }) => name),
    ).not.toContain('clerk');
    expect(service.logs.filter((line) => line.includes('security.tamper') && line.includes('clerk'))).toHaveLength(1);
  });
});

describe('one role', () => {
  const one = (method: 'GET' | 'DELETE', name: string, key?: string) =>
    service.call(method, `/api/v1/roles/${name}`, key === undefined ? {} : { key });

  it('is shown by its name, predefined or not', async () => {
    const { body } = await putRole('shown', ['retrieve']);
    expect((await one('GET', 'shown')).body).toEqual(body);
    expect((await one('GET', 'readonly')).body).toMatchObject({ permissions: ['retrieve'], predefined: true });
    expect((await one('GET', 'nobody')).body).toMatchObject({ status: 404, detail: 'There is no role nobody.' });
    expect((await one('GET', 'No%20name')).status).toBe(400);
  });

  it('is deleted when no key that works has it, and those that do are named', async () => {
    await putRole('passing', ['retrieve']);
    const keys = [await makeKey('passing'), await makeKey('passing')];
    const ids = await Promise.all(
      keys.map(async (key) => (await service.call('GET', '/api/v1/whoami', { key })).body.key_id),
    );
    const refused = await one('DELETE', 'passing');
    expect([refused.status, refused.body.code]).toEqual([409, 'role_in_use']);
    for (const id of ids) expect(refused.body.detail).toContain(id);
    for (const id of ids) await service.call('DELETE', `/api/v1/keys/${id}`);
    expect((await one('DELETE', 'passing')).body).toMatchObject({ name: 'passing', permissions: ['retrieve'] });
    expect([(await one('GET', 'passing')).status, (await one('DELETE', 'passing')).status]).toEqual([404, 404]);
    expect((await service.call('POST', '/api/v1/keys', { body: { name: 'x', role: 'passing' } })).status).toBe(400);
    await eventually(
      async () => {
        const { body } = await service.call('GET', '/api/v1/events?after=-1&types=role.delete');
        return body.results.map(({ resource }: { resource: object }) => resource);
      },
      (told) => told.some(({ kind, id }: { kind: string; id: string }) => kind === 'role' && id === 'passing'),
    );
  });

  it('stays when it is predefined', async () => {
    expect((await one('DELETE', 'readonly')).body).toMatchObject({ status: 403, code: 'forbidden' });
  });

  it('is deleted only by whoever may manage roles and has what a token without a role gets', async () => {
    await putRole('kept', []);
    await putRole('clerk-of-roles', ['roles.manage']);
    await putRole('reader', ['retrieve']);
    expect((await one('DELETE', 'kept', await makeKey('reader'))).status).toBe(403);
    const answer = await one('DELETE', 'kept', await makeKey('clerk-of-roles'));
    expect([answer.status, answer.body.detail]).toEqual([403, expect.stringContaining('retrieve')]);
    expect((await one('GET', 'kept')).status).toBe(200);
  });

  it('never goes from under a key that is made at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const name = `brief${round}`;
      await putRole(name, ['retrieve']);
      const [made, deleted] = await Promise.all([
        replica.call('POST', '/api/v1/keys', { body: { name, role: name } }),
        one('DELETE', name),
      ]);
      expect(['201 409', '400 200']).toContain(`${made.status} ${deleted.status}`);
    }
  });
});
