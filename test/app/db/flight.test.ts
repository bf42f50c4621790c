import { column, copyStep, int4, text } from '../../../app/db/copy-binary.js';
import { fly } from '../../../app/db/flight.js';
import { createPool, type Database, inTransaction } from '../../../app/db/pool.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  db = createPool({ url: database.adminUrl, size: 2, onError: () => undefined });
  await db.query('CREATE TABLE seats (n integer PRIMARY KEY, name text)');
});
afterAll(async () => {
  await db.end();
  await database.drop();
});
beforeEach(() => db.query('TRUNCATE seats'));

type Seat = { readonly n: number; readonly name: string };
const columns = [column<Seat, number>('n', int4, ({ n }) => n), column<Seat, string>('name', text, ({ name }) => name)];
const seats = (from: number, count: number, name = 'free'): readonly Seat[] =>
  Array.from({ length: count }, (_, index) => ({ n: from + index, name }));
const count = async (): Promise<number> => (await db.query('SELECT count(*) AS n FROM seats')).rows[0].n;
const begin = { text: 'BEGIN' };
const commit = { text: 'COMMIT' };

describe('statements that travel together', () => {
  it('answer in their order, with rows in the types that the pool reads', async () => {
    const answers = await inTransaction(db, (client) =>
      fly(client, [
        { text: 'SELECT $1::bigint AS n, $2::uuid[] AS ids, null AS nothing', values: [7, []] },
        copyStep('seats', columns, seats(0, 5_000, 'x'.repeat(400))),
        { text: 'SELECT max(n) AS last FROM seats' },
      ]),
    );
    expect(answers).toEqual([[{ n: 7, ids: [], nothing: null }], [], [{ last: 4999 }]]);
    expect(await count()).toBe(5_000);
  });

  it('stop at the first that fails, so that nothing is committed, and the connection goes on', async () => {
    const client = await db.connect();
    const failing = [begin, copyStep('seats', columns, [...seats(0, 2), ...seats(1, 3_000)]), commit];
    await expect(fly(client, failing)).rejects.toMatchObject({ code: '23505' });
    await client.query('ROLLBACK');
    await fly(client, [begin, copyStep('seats', columns, seats(0, 3)), commit]);
    client.release();
    expect(await count()).toBe(3);
  });

  it('are one transaction by themselves, of which nothing stays when any of them fails or cannot be sent', async () => {
    const client = await db.connect();
    const add = { text: 'INSERT INTO seats VALUES ($1, $2)', values: [1, 'taken'] };
    const rows = copyStep('seats', columns, seats(2, 3));
    const more = copyStep('seats', columns, seats(9, 2));
    const breaking = {
      ...more,
      frames: function* () {
        yield* more.frames?.() ?? [];
        throw new RangeError('no such seat');
      },
    };
    const unsendable = { text: 'SELECT $1::jsonb', values: [{ n: 1n }] };
    const wrong = [add, { text: 'SELECT 1 / 0' }, { text: 'SELECT nonsense' }, breaking, unsendable];
    for (const step of wrong) {
      await expect(fly(client, [add, rows, step, { text: 'SELECT 1' }])).rejects.toThrow();
      expect(await count()).toBe(0);
    }
    await fly(client, [add, rows]);
    client.release();
    expect(await count()).toBe(4);
  });

  it('are planned once on a connection of the server’s own, and again after one of them failed', async () => {
    const client = await db.connect();
    const add = { text: 'INSERT INTO seats VALUES ($1, $2)', values: [1, 'taken'] };
    const read = { text: 'SELECT name, $1::integer AS n FROM seats', values: [1] };
    const rows = copyStep('seats', columns, seats(2, 3));
    const kept = async () => {
      const { rows: found } = await client.query(`SELECT statement FROM pg_prepared_statements ORDER BY statement`);
      return found.map(({ statement }) => statement);
    };
    for (let n = 0; n < 7; n++) {
      expect(await fly(client, [begin, add, rows, read, { text: 'ROLLBACK' }], true)).toMatchObject([
        ...[[], [], [], [{ n: 1 }, {}, {}, {}], []],
      ]);
      expect(await kept()).toEqual([add.text, read.text]);
    }
    const missing = { text: 'SELECT $1::integer FROM nowhere', values: [1] };
    for (const wrong of [{ ...add, values: ['x', null] }, missing, { ...read, values: ['y'] }]) {
      await expect(fly(client, [begin, wrong, read, commit], true)).rejects.toThrow();
      await client.query('ROLLBACK');
      expect(await fly(client, [begin, read, add, commit], true)).toHaveLength(4);
      expect(await fly(client, [{ text: 'TRUNCATE seats' }], true)).toEqual([[]]);
    }
    client.release();
  });

  it('are not committed when the rows break off on our side', async () => {
    const broken = {
      ...copyStep('seats', columns, []),
      frames: function* () {
        yield* copyStep('seats', columns, seats(0, 1)).frames?.() ?? [];
        throw new RangeError('no such seat');
      },
    };
    const client = await db.connect();
    await expect(fly(client, [begin, broken, commit])).rejects.toThrow('no such seat');
    await client.query('ROLLBACK');
    client.release();
    expect(await count()).toBe(0);
  });
});
