import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import pg from 'pg';
import { recordedVersions, type Told, tell } from '../../../app/audit/history-gaps.js';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

jest.setTimeout(60_000);

let tenant: TestTenant;
let service: InProcessService;
let owner: pg.Client;
beforeAll(async () => {
  tenant = await createTestTenant();
  service = await startInProcess(tenant);
  owner = new pg.Client({ connectionString: tenant.database.ownerUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await service.stop();
  await tenant.drop();
});

const PATH = '/api/v1/memories';
const call = async (method: string, path: string, body?: object) => {
  const answer = await service.call(method, path, body === undefined ? {} : { body });
  expect([method, path, answer.status < 300]).toEqual([method, path, true]);
  return answer.body;
};
const create = async (content: string, more: object = {}): Promise<string> =>
  (await call('POST', PATH, { user_id: 'ada', content, ...more })).id;
const patch = (id: string, content: string) => call('PATCH', `${PATH}/${id}`, { content });
const findings = async () => (await call('GET', '/api/v1/audit/verify-data')).findings;

describe('the versions that a history must hold', () => {
  it.each([
    ['nothing, while it is as it began', [[1, 'put']], []],
    [
      'all, once it was changed',
      [
        [1, 'put'],
        [2, 'put'],
        [3, 'put'],
      ],
      [[1, 2, 3]],
    ],
    [
      'the beginning and the end of what was deleted',
      [
        [1, 'put'],
        [2, 'delete'],
      ],
      [[1, 2]],
    ],
    [
      'those of each life',
      [
        [1, 'put'],
        [2, 'delete'],
        [3, 'put'],
      ],
      [[1, 2]],
    ],
    [
      'whichever order they were told in',
      [
        [3, 'put'],
        [1, 'put'],
        [2, 'delete'],
        [1, 'put'],
        [4, 'put'],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ] as const)('are %s', (_, facts, versions) => {
    const told: Told = [];
    for (const [version, op] of facts) tell(told, version, op);
    expect(recordedVersions(told)).toEqual(versions);
  });
});

/** What is found while they are gone; afterwards they are back. */
const withoutEvents = async <T>(condition: string, values: readonly unknown[], work: () => Promise<T>): Promise<T> => {
  const { rows } = await owner.query(`DELETE FROM memory_history WHERE ${condition} RETURNING *`, [...values]);
  const found = await work();
  for (const row of rows) {
    const names = Object.keys(row);
    await owner.query(
      `INSERT INTO memory_history (${names.join(', ')}) OVERRIDING SYSTEM VALUE VALUES (${names.map((_, at) => `$${at + 1}`).join(', ')})`,
      Object.values(row),
    );
  }
  return found;
};

describe('an event that somebody took out of a history', () => {
  it('is missed by nobody while all that the service does is done by the service', async () => {
    const from = new Date().toISOString();
    const [changed, deleted, held, superseded] = [
      await create('a'),
      await create('b'),
      await create('c'),
      await create('d'),
    ];
    await patch(changed, 'a2');
    await call('POST', `${PATH}/update`, { updates: [{ id: changed, patch: { importance: 0.9 } }] });
    await call('POST', `${PATH}/${changed}/feedback`, { value: 'positive' });
    await call('PUT', `${PATH}/${held}/legal-hold`, { matter: 'm', reason: 'r' });
    await call('DELETE', `${PATH}/${held}/legal-hold`, { reason: 'over' });
    await patch(held, 'c2');
    await call('POST', `${PATH}/${superseded}/supersede`, { draft: { content: 'd2', user_id: 'ada' } });
    for (const content of ['k', 'k2', 'k3']) await call('PUT', `${PATH}/by-key/k`, { user_id: 'ada', content });
    await call('DELETE', `${PATH}/${deleted}`);
    const again = randomUUID();
    await create('e', { id: again });
    await call('DELETE', `${PATH}/${again}`);
    const imported = randomUUID();
    const line = { id: imported, user_id: 'ada', content: 'i', version: 4 };
    const told = { type: 'history', memory_id: imported, version: 3, event: 'update', at: from, state: null };
    const file = async (raw: string, mode: string) =>
      service.call('POST', `/api/v1/import?on_conflict=${mode}&verify=false`, {
        raw,
        headers: { 'Content-Type': 'application/x-ndjson' },
      });
    const raw = [line, told].map((one) => JSON.stringify(one)).join('\n');
    expect((await file(raw, 'fail')).body).toMatchObject({ failed: 0, created: 1 });
    await patch(imported, 'i2');
    expect((await file(JSON.stringify({ ...line, content: 'i3' }), 'overwrite')).body).toMatchObject({
      overwritten: 1,
    });
    await patch(imported, 'i4');
    const { key_id: writer } = await call('GET', '/api/v1/whoami');
    const gone = await create('of grace', { user_id: 'grace' });
    await patch(gone, 'of grace 2');
    await call('POST', `${PATH}/revert`, { writer, from, to: new Date().toISOString() });
    await call('DELETE', '/api/v1/users/grace');
    await eventually(
      async () => (await owner.query('SELECT 1 FROM memory_history WHERE memory_id = $1', [gone])).rowCount,
      (left) => left === 0,
    );
    expect(await findings()).toEqual([]);
  });

  it.each([
    ['the first', 1],
    ['one in the middle', 2],
    ['the last', 3],
  ])('is missed with its version: %s', async (_, version) => {
    const id = await create(`of version ${version}`);
    await patch(id, 'two');
    await patch(id, 'three');
    expect(await findings()).toEqual([]);
    await withoutEvents('memory_id = $1 AND version = $2', [id, version], async () =>
      expect(await findings()).toEqual([
        { id, what: expect.stringContaining(`no event of version ${version} in its history`) },
      ]),
    );
    expect(await findings()).toEqual([]);
  });

  it('is missed when a memory that is there has none left, and when that of its deletion is gone', async () => {
    const [bare, deleted] = [await create('bare'), await create('to be deleted')];
    await patch(bare, 'bare 2');
    await call('DELETE', `${PATH}/${deleted}`);
    const told = await withoutEvents(
      'memory_id = $1 OR (memory_id = $2 AND version = 2)',
      [bare, deleted],
      async () => await findings(),
    );
    expect(told).toContainEqual({ id: bare, what: expect.stringContaining('no event of version 1, 2 in') });
    expect(told).toContainEqual({ id: deleted, what: expect.stringContaining('no event of version 2 in') });
  });
});
