import { jest } from '@jest/globals';
import { GRANT_SCOPES, type GrantScope, ROLES } from '../../../app/access/permissions.js';
import {
  type Answer,
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

jest.setTimeout(120_000);

let tenant: TestTenant;
let service: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
});
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const PATH = '/api/v1/memories';
type Owner = 'own' | 'other';
const OWNERS = ['own', 'other'] as const;
const ADA = { user_id: 'ada', teams: ['red'], organizations: ['acme'] };

/** Whose a memory of each scope is; what the whole tenant shares is everybody's own. */
const identity = (scope: GrantScope, owner: Owner): object => {
  const own = owner === 'own';
  switch (scope) {
    case 'user':
      return { scope, user_id: own ? 'ada' : 'grace' };
    case 'team':
      return { scope, team_id: own ? 'red' : 'blue' };
    case 'organization':
      return { scope, organization_id: own ? 'acme' : 'umbrella' };
    default:
      return { scope };
  }
};
const CASES = GRANT_SCOPES.flatMap((scope) =>
  OWNERS.filter((owner) => scope !== 'global' || owner === 'own').map((owner) => ({ scope, owner })),
);

const keyOf = async (role: string, person: object = ADA): Promise<string> =>
  (await service.call('POST', '/api/v1/keys', { body: { name: role, role, ...person } })).body.key;
const store = async (scope: GrantScope, owner: Owner): Promise<string> => {
  const body = { content: `${scope} ${owner}`, ...identity(scope, owner) };
  return (await service.call('POST', PATH, { body })).body.id;
};

/** One call a permission; each on a memory of its own, so that no case depends on another. */
const DEEDS = {
  ingest: (key: string, scope: GrantScope, owner: Owner) =>
    service.call('POST', PATH, { key, body: { content: 'written', ...identity(scope, owner) } }),
  retrieve: async (key: string, scope: GrantScope, owner: Owner) =>
    service.call('GET', `${PATH}/${await store(scope, owner)}`, { key }),
  update: async (key: string, scope: GrantScope, owner: Owner) =>
    service.call('PATCH', `${PATH}/${await store(scope, owner)}`, { key, body: { importance: 0.9 } }),
  delete: async (key: string, scope: GrantScope, owner: Owner) =>
    service.call('DELETE', `${PATH}/${await store(scope, owner)}`, { key }),
} as const;
type Deed = keyof typeof DEEDS;

const verdict = ({ status, body }: Answer): string => (status < 300 ? 'yes' : `${status} ${body.code}`);
const tell = async (deed: Deed, key: string): Promise<Readonly<Record<string, string>>> => {
  const told = await Promise.all(
    CASES.map(
      async ({ scope, owner }) => [`${scope} ${owner}`, verdict(await DEEDS[deed](key, scope, owner))] as const,
    ),
  );
  return Object.fromEntries(told);
};

const everywhere = (own: string, other: string): Readonly<Record<string, string>> =>
  Object.fromEntries(CASES.map(({ scope, owner }) => [`${scope} ${owner}`, owner === 'own' ? own : other]));
const NO = everywhere('403 forbidden', '403 forbidden');
const WRITES = { ...everywhere('yes', '403 forbidden'), 'user other': '403 identity_mismatch' };
const YES = everywhere('yes', '404 not_found');
const NOT_GLOBAL = { 'global own': '403 forbidden' };

const MATRIX: Readonly<Record<(typeof ROLES)[number], Readonly<Record<Deed, object>>>> = {
  admin: { ingest: WRITES, retrieve: YES, update: YES, delete: YES },
  service: { ingest: WRITES, retrieve: YES, update: YES, delete: YES },
  user: { ingest: { ...WRITES, ...NOT_GLOBAL }, retrieve: YES, update: { ...YES, ...NOT_GLOBAL }, delete: NO },
  readonly: { ingest: NO, retrieve: YES, update: NO, delete: NO },
};

describe.each(ROLES)('a key of a person in the role %s', (role) => {
  it('may do what the matrix says in every scope, with what is its own and with what is not', async () => {
    const key = await keyOf(role);
    const told = {
      ingest: await tell('ingest', key),
      retrieve: await tell('retrieve', key),
      update: await tell('update', key),
      delete: await tell('delete', key),
    };
    expect(told).toEqual(MATRIX[role]);
    const administers = verdict(await service.call('PUT', '/api/v1/roles/probe', { key, body: { permissions: [] } }));
    expect(administers).toBe(role === 'admin' ? 'yes' : '403 forbidden');
  });
});

describe('a permission in one scope', () => {
  it.each(GRANT_SCOPES)('holds in the scope %s and in no other, read or written', async (granted) => {
    for (const deed of Object.keys(DEEDS) as readonly Deed[]) {
      const role = `${deed}-${granted}`;
      await service.call('PUT', `/api/v1/roles/${role}`, {
        body: { permissions: [`${deed}:${granted}`, 'global.write'] },
      });
      const told = await tell(deed, await keyOf(role));
      const allowed = Object.entries(told).flatMap(([what, answer]) => (answer === 'yes' ? [what] : []));
      expect([role, allowed]).toEqual([role, [`${granted} own`]]);
    }
  });

  it('narrows lists, searches and what is swept', async () => {
    const word = 'heliotrope';
    const ids = new Map<GrantScope, string>();
    for (const scope of GRANT_SCOPES) {
      const body = { content: `${word} of the ${scope}`, ...identity(scope, 'own') };
      ids.set(scope, (await service.call('POST', PATH, { body })).body.id);
    }
    const permissions = ['retrieve:team', 'retrieve:global', 'delete:team'];
    await service.call('PUT', '/api/v1/roles/mate', { body: { permissions } });
    const key = await keyOf('mate');
    const scopes = (answer: Answer): readonly string[] => [
      ...new Set((answer.body.results as readonly { readonly scope: string }[]).map(({ scope }) => scope)),
    ];
    expect([...scopes(await service.call('GET', PATH, { key }))].sort()).toEqual(['global', 'team']);
    const found = await service.call('POST', `${PATH}/search`, { key, body: { query: word, mode: 'keyword' } });
    expect([...scopes(found)].sort()).toEqual(['global', 'team']);
    const swept = await service.call('POST', `${PATH}/delete`, { key, body: { ids: [...ids.values()] } });
    expect(swept.body).toMatchObject({ deleted: 1, ids: [ids.get('team')] });
    const own = await service.call('POST', `${PATH}/delete`, { key, body: { user_id: 'ada' } });
    expect([own.status, own.body.code]).toEqual([403, 'forbidden']);
    const person = await service.call('DELETE', '/api/v1/memory/ada', { key });
    expect([person.status, person.body.code]).toEqual([403, 'forbidden']);
    expect((await service.call('GET', `${PATH}/${ids.get('user')}`)).status).toBe(200);
  });

  it('to change does not come with the one to write: patch, feedback, supersede and a replaced key need update', async () => {
    await service.call('PUT', '/api/v1/roles/appender', { body: { permissions: ['ingest', 'retrieve'] } });
    const key = await keyOf('appender');
    const written = await service.call('PUT', `${PATH}/by-key/motto`, { key, body: { content: 'first' } });
    expect(written.status).toBe(201);
    const one = `${PATH}/${written.body.id}`;
    const attempts = [
      await service.call('PUT', `${PATH}/by-key/motto`, { key, body: { content: 'second' } }),
      await service.call('PATCH', one, { key, body: { content: 'second' } }),
      await service.call('POST', `${one}/supersede`, { key, body: { draft: { content: 'second' } } }),
      await service.call('POST', `${one}/feedback`, { key, body: { value: 'negative' } }),
      await service.call('POST', `${PATH}/update`, {
        key,
        body: { updates: [{ id: written.body.id, patch: { content: 'second' } }] },
      }),
    ];
    expect(attempts.map(verdict)).toEqual(Array(5).fill('403 forbidden'));
    const batch = await service.call('POST', PATH, {
      key,
      body: { memories: [{ key: 'motto', content: 'second' }], on_error: 'continue' },
    });
    expect(batch.body.results[0]).toMatchObject({ status: 'rejected', error: { code: 'forbidden' } });
    expect((await service.call('GET', one, { key })).body).toMatchObject({ content: 'first', version: 1 });
  });
});

describe('retrieve.all in one scope', () => {
  /** Of a key that belongs to nobody, but to a team and an organization. */
  const GROUPS = { teams: ['red'], organizations: ['acme'] };
  let key: string;
  let ids: Readonly<Record<string, string>>;
  beforeAll(async () => {
    const permissions = ['retrieve', 'export', 'retrieve.all:team', 'audit.read', 'review'];
    await service.call('PUT', '/api/v1/roles/coach', { body: { permissions } });
    key = await keyOf('coach', GROUPS);
    const stored = await Promise.all(
      CASES.map(async ({ scope, owner }) => [`${scope} ${owner}`, await store(scope, owner)] as const),
    );
    ids = Object.fromEntries(stored);
  });

  it('shows what any team has, what its own groups have, and nothing else of others', async () => {
    expect(await tell('retrieve', key)).toEqual({
      ...{ 'user own': '404 not_found', 'user other': '404 not_found' },
      ...{ 'team own': 'yes', 'team other': 'yes' },
      ...{ 'organization own': 'yes', 'organization other': '404 not_found', 'global own': 'yes' },
    });
  });

  it('a key of nobody without it sees its own groups alone, and one with all of it everybody', async () => {
    await service.call('PUT', '/api/v1/roles/plain', { body: { permissions: ['retrieve'] } });
    expect(await tell('retrieve', await keyOf('plain', GROUPS))).toEqual({
      ...everywhere('yes', '404 not_found'),
      'user own': '404 not_found',
    });
    const all = await tell('retrieve', await keyOf('service', {}));
    expect(new Set(Object.values(all))).toEqual(new Set(['yes']));
  });

  it('a person who is named is no wider for it', async () => {
    const asked = { key, headers: { 'X-User-ID': 'grace' } };
    expect((await service.call('GET', `${PATH}/${ids['user other']}`, asked)).status).toBe(200);
    expect((await service.call('GET', `${PATH}/${ids['team other']}`, asked)).status).toBe(404);
  });

  it('exports of the whole tenant those scopes alone, and no file that waits for whoever comes', async () => {
    const { status, body } = await service.call('POST', '/api/v1/export', { key, body: {} });
    const lines = String(body)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const scopes = lines.flatMap(({ type, memory, scope = memory?.scope }) => (type === 'memory' ? [scope] : []));
    expect([status, [...new Set(scopes)].sort()]).toEqual([200, ['global', 'team']]);
    const waiting = { key, body: {}, headers: { Prefer: 'respond-async' } };
    const later = await service.call('POST', '/api/v1/export', waiting);
    expect([later.status, later.body.code]).toEqual([403, 'forbidden']);
    const made = await service.call('POST', '/api/v1/export', { body: {}, headers: { Prefer: 'respond-async' } });
    const { result } = await eventually(
      async () => (await service.call('GET', `/api/v1/jobs/${made.body.id}`)).body,
      (job) => job.status === 'succeeded',
    );
    expect((await service.call('GET', result.url, { key })).status).toBe(404);
    expect((await service.call('GET', result.url)).status).toBe(200);
  });

  it('is counted so, too: no quota of the tenant, and the memories that it may see', async () => {
    const { body } = await service.call('GET', '/memory_stats', { key });
    expect([body.by_scope.user ?? 0, body.by_scope.team > 0, body.quota]).toEqual([0, true, null]);
  });

  it.each(['keys.manage:team', 'hold.place:global', 'admin:user'])(
    '%s is refused: there is no such half',
    async (text) => {
      const { status, body } = await service.call('PUT', '/api/v1/roles/half', { body: { permissions: [text] } });
      expect([status, body.errors[0].pointer]).toEqual([400, '/permissions/0']);
    },
  );
});

it('nobody sees sideways: not another person, team or organization, by id, list or history', async () => {
  const grace = await keyOf('user', { user_id: 'grace', teams: ['blue'], organizations: ['umbrella'] });
  for (const scope of ['user', 'team', 'organization'] as const) {
    const id = await store(scope, 'own');
    const one = await service.call('GET', `${PATH}/${id}`, { key: grace });
    const past = await service.call('GET', `${PATH}/${id}/history`, { key: grace });
    expect([scope, one.status, past.status === 404 || past.body.results.length === 0]).toEqual([scope, 404, true]);
  }
  for (const scope of GRANT_SCOPES) {
    const listed = await service.call('GET', `${PATH}?scope=${scope}&limit=200`, { key: grace });
    const seen = listed.body.results as readonly { team_id: string | null; organization_id: string | null }[];
    expect(seen.filter((memory) => memory.team_id === 'red' || memory.organization_id === 'acme')).toEqual([]);
  }
});
