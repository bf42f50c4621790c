import { randomUUID } from 'node:crypto';
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
}, 60_000);
afterAll(async () => {
  await service.stop();
  await tenant.drop();
});

const PATH = '/api/v1/memories';
const makeKey = async (role: string, user_id?: string): Promise<string> =>
  (await service.call('POST', '/api/v1/keys', { body: { name: role, role, ...(user_id ? { user_id } : {}) } })).body
    .key;
const create = async (user_id: string) =>
  (await service.call('POST', PATH, { body: { user_id, content: `of ${user_id}` } })).body.id as string;

type Call = readonly [method: string, path: string, body?: object];
/** Every route that names one memory, with what it would take. */
const callsOn = (id: string): readonly Call[] => [
  ['POST', `${PATH}/${id}/supersede`, { draft: { content: 'mine now' } }],
  ['POST', `${PATH}/${id}/feedback`, { value: 'very_negative' }],
  ['POST', `${PATH}/${id}/review`, { reason: 'r' }],
  ['POST', `${PATH}/${id}/promote`, { scope: 'global', reason: 'r' }],
  ['PUT', `${PATH}/${id}/legal-hold`, { matter: 'm', reason: 'r' }],
  ['DELETE', `${PATH}/${id}/legal-hold`],
  ['DELETE', `${PATH}/${id}?linked=true`],
];
const run = (key: string, [method, path, body]: Call) => service.call(method, path, { key, ...(body ? { body } : {}) });

describe('a memory of somebody else', () => {
  it('is not there for an admin key of another person, by any route, alone or in a batch; it stays as it was', async () => {
    const hers = await create('grace');
    const mine = await create('ada');
    const before = (await service.call('GET', `${PATH}/${hers}`)).body;
    const key = await makeKey('admin', 'ada');
    for (const call of callsOn(hers)) expect([call, (await run(key, call)).status]).toEqual([call, 404]);
    for (const call of callsOn(randomUUID())) expect([call, (await run(key, call)).status]).toEqual([call, 404]);
    const update = await run(key, [
      'POST',
      `${PATH}/update`,
      { updates: [{ id: hers, patch: { content: 'x' } }], on_error: 'continue' },
    ]);
    expect(update.body.results[0].error.code).toBe('not_found');
    expect((await run(key, ['POST', `${PATH}/delete`, { ids: [hers] }])).body).toMatchObject({
      matched: 0,
      deleted: 0,
    });
    expect(
      (await run(key, ['POST', `${PATH}/delete`, { user_id: 'grace', filters: { user_id: 'grace' } }])).body.code,
    ).toBe('identity_mismatch');
    expect((await run(key, ['POST', `${PATH}/delete`, { filters: { user_id: 'grace' } }])).body.matched).toBe(0);
    expect((await run(key, ['POST', `${PATH}/${mine}/supersede`, { by: hers }])).status).toBe(404);
    expect(
      (await run(key, ['POST', `${PATH}/${mine}/supersede`, { draft: { content: 'x' }, evidence: [hers] }])).status,
    ).toBe(404);
    expect(
      (await run(key, ['POST', '/api/v1/holds', { scope: 'memory', memory_id: hers, matter: 'm', reason: 'r' }]))
        .status,
    ).toBe(404);
    expect((await run(key, ['GET', '/api/v1/memory/grace'])).body.code).toBe('identity_mismatch');
    expect((await run(key, ['DELETE', '/api/v1/memory/grace'])).body.code).toBe('identity_mismatch');
    expect(
      (
        await run(key, [
          'POST',
          `${PATH}/revert`,
          { writer: randomUUID(), from: '2000-01-01T00:00:00Z', to: '2001-01-01T00:00:00Z' },
        ])
      ).status,
    ).toBe(403);
    const { vector_status: _, ...after } = (await service.call('GET', `${PATH}/${hers}`)).body;
    expect(before).toMatchObject(after);
  });
});

describe('who may', () => {
  /** 403 is a refusal by role; anything else went past it. */
  const refused = async (role: string, id: string): Promise<readonly string[]> => {
    const key = await makeKey(role, 'ada');
    const calls: readonly Call[] = [
      ...callsOn(id),
      ['POST', `${PATH}/delete`, {}],
      ['POST', `${PATH}/update`, {}],
      ['POST', `${PATH}/revert`, {}],
      ['DELETE', '/api/v1/memory/ada'],
      ['GET', '/api/v1/memory/ada'],
      ['GET', '/api/v1/entities'],
      ['GET', '/api/v1/holds'],
      ['GET', '/api/v1/reviews'],
      ['POST', `/api/v1/reviews/${randomUUID()}`, {}],
      ['GET', '/memory_stats'],
      ['GET', '/scheduler_status'],
      ['POST', '/run_forgetting_curve'],
      ['POST', '/api/v1/artifacts', {}],
      ['GET', '/api/v1/artifacts'],
    ];
    const names: string[] = [];
    for (const call of calls) {
      const { status, body } = await run(key, call);
      if (status === 403 && body.code === 'forbidden')
        names.push(`${call[0]} ${call[1].split('/').pop()?.split('?')[0] ?? ''}`);
    }
    return names.map((name) => name.replace(/[0-9a-f-]{36}/, 'id'));
  };

  const HOLDS = ['PUT legal-hold', 'DELETE legal-hold', 'GET holds'];
  const REVIEWS = ['GET reviews', 'POST id'];
  const DELETES = ['DELETE id', 'POST delete', 'DELETE ada'];
  const ADMIN = ['POST revert', 'POST run_forgetting_curve'];
  const WRITES = ['POST supersede', 'POST feedback', 'POST review', 'POST promote', 'POST update', 'POST artifacts'];

  it.each([
    ['admin', []],
    ['service', [...HOLDS, ...REVIEWS, ...ADMIN]],
    ['user', [...HOLDS, ...REVIEWS, ...ADMIN, ...DELETES]],
    ['readonly', [...HOLDS, ...REVIEWS, ...ADMIN, ...DELETES, ...WRITES]],
  ])('%s is refused exactly this', async (role, expected) => {
    const found = await refused(role, await create('ada'));
    // Refused not by role, but because the memory is not curated, and because the key belongs to a person.
    const own = found.filter((name) => role === 'readonly' || name !== 'POST promote');
    const admin = role === 'admin' ? own.filter((name) => name !== 'POST revert') : own;
    expect([...admin].sort()).toEqual([...expected].sort());
  });
});
