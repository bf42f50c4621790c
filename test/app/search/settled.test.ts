import { jest } from '@jest/globals';
import pg from 'pg';
import {
  createTestTenant,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';

jest.setTimeout(120_000);

let tenant: TestTenant;
let writer: InProcessService;
let reader: InProcessService;
beforeAll(async () => {
  tenant = await createTestTenant();
  [writer, reader] = await Promise.all([startInProcess(tenant), startInProcess(tenant)]);
});
afterAll(async () => {
  await Promise.all([writer.stop(), reader.stop()]);
  await tenant.drop();
});

interface Shown {
  readonly id: string;
  readonly content: string;
}
const write = async (user_id: string, content: string): Promise<string> =>
  (await writer.call('POST', '/api/v1/memories?wait=indexed', { body: { user_id, content } })).body.id;
const search = async (user_id: string, query: string, through = reader): Promise<readonly Shown[]> => {
  const body = { user_id, query, mode: 'semantic', limit: 20 };
  return (await through.call('POST', '/api/v1/memories/search', { body })).body.results;
};
const patch = (id: string, body: object) =>
  writer.call('PATCH', `/api/v1/memories/${id}`, { body, headers: { 'Content-Type': 'application/merge-patch+json' } });
const idsOf = (shown: readonly Shown[]): readonly string[] => shown.map(({ id }) => id).sort();

/** Often enough that what is asked for is remembered, and a look is all that the next search needs. */
const settle = async (user_id: string, query: string): Promise<readonly string[]> => {
  for (let n = 0; n < 4; n++) await search(user_id, query);
  return idsOf(await search(user_id, query));
};

describe('a search that is answered from what is remembered', () => {
  it('shows what another replica wrote, changed, held back and deleted, from the very next question on', async () => {
    const ids = [await write('ada', 'bees and honey'), await write('ada', 'bees and wax')];
    expect(await settle('ada', 'bees')).toEqual([...ids].sort());
    const third = await write('ada', 'bees and hives');
    expect(idsOf(await search('ada', 'bees'))).toEqual([...ids, third].sort());
    await settle('ada', 'bees');
    await patch(third, { content: 'bees and smoke' });
    expect((await search('ada', 'bees')).find(({ id }) => id === third)?.content).toBe('bees and smoke');
    await settle('ada', 'bees');
    await writer.call('DELETE', `/api/v1/memories/${third}`);
    expect(idsOf(await search('ada', 'bees'))).toEqual([...ids].sort());
    await settle('ada', 'bees');
    const client = new pg.Client({ connectionString: tenant.database.ownerUrl });
    await client.connect();
    // By a hand in the database, which the MAC shows.
    await client.query('UPDATE memories SET trust_score = 1 WHERE id = $1', [ids[0]]);
    await client.end();
    expect(idsOf(await search('ada', 'bees'))).toEqual([ids[1]]);
  });

  it('leaves out what expires meanwhile, and whoever was erased', async () => {
    const expires_at = new Date(Date.now() + 1_500).toISOString();
    const body = { user_id: 'eve', content: 'trains to Bern', expires_at };
    const soon = (await writer.call('POST', '/api/v1/memories?wait=indexed', { body })).body.id;
    const stays = await write('eve', 'trains to Basel');
    for (let isShown = true; isShown; ) {
      const askedAt = Date.now();
      isShown = (await search('eve', 'trains')).some(({ id }) => id === soon);
      if (isShown) expect(askedAt).toBeLessThan(new Date(expires_at).getTime());
    }
    expect(Date.now()).toBeGreaterThanOrEqual(new Date(expires_at).getTime());
    expect(await settle('eve', 'trains')).toEqual([stays]);
    const erased = await writer.call('DELETE', '/api/v1/users/eve');
    expect([200, 202]).toContain(erased.status);
    expect(await search('eve', 'trains')).toEqual([]);
  });

  it('is what the database says, while others write, change and delete at the same time', async () => {
    const users = ['u0', 'u1', 'u2', 'u3'];
    const wrong: string[] = [];
    await Promise.all(
      users.map(async (user) => {
        const mine = new Map<string, string>();
        for (let n = 0; n < 24; n++) {
          const [first] = mine.keys();
          if (n % 4 === 3 && first !== undefined) {
            await writer.call('DELETE', `/api/v1/memories/${first}`);
            mine.delete(first);
          } else if (n % 4 === 2 && first !== undefined) {
            await patch(first, { content: `${user} note changed ${n}` });
            mine.set(first, `${user} note changed ${n}`);
          } else mine.set(await write(user, `${user} note ${n}`), `${user} note ${n}`);
          // The third is answered from what the first two have made known.
          for (let look = 0; look < 3; look++) {
            const shown = await search(user, `${user} note`);
            const told = new Map(shown.map(({ id, content }) => [id, content]));
            if (told.size !== mine.size || [...mine].some(([id, content]) => told.get(id) !== content))
              wrong.push(`${user} ${n} ${look}: ${told.size} of ${mine.size}`);
          }
        }
      }),
    );
    expect(wrong).toEqual([]);
  });
});
