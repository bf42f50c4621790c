import pg from 'pg';
import { holdStatement } from '../../../app/db/held.js';
import { createPool } from '../../../app/db/pool.js';
import { queryOften } from '../../../app/db/prepared.js';
import { eventually } from '../../support/memory-service.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({});
});
afterAll(() => database.drop());

const openDb = (size = 6) => createPool({ url: database.serviceUrl, size, onError: () => undefined });
const STATEMENT = { name: 'held_test', text: 'SELECT $1::int AS n, pg_backend_pid() AS pid' };
type Row = { readonly n: number; readonly pid: number };
const holdTest = (db: ReturnType<typeof openDb>) => holdStatement<Row>(db, STATEMENT);
const answerOf = (held: ReturnType<typeof holdTest>, n: number) =>
  eventually(
    async () => held.ask([n]),
    (rows) => rows !== undefined,
  );

it('a statement on a connection at hand is answered, one at a time; who comes meanwhile goes the other way', async () => {
  const db = openDb();
  const held = holdTest(db);
  expect(held.ask([1])).toBeUndefined();
  expect(await answerOf(held, 2)).toMatchObject([{ n: 2 }]);
  const [first, second] = [held.ask([3]), held.ask([4])];
  expect([await first, second]).toMatchObject([[{ n: 3 }], undefined]);
  // The end waits for a question that is under way, and for nothing that is held.
  const last = held.ask([5]);
  const [rows] = await Promise.all([last, db.end()]);
  expect(rows).toMatchObject([{ n: 5 }]);
  expect(held.ask([6])).toBeUndefined();
});

it('a connection that is cut between two questions fails neither: another is opened', async () => {
  const db = openDb();
  const held = holdTest(db);
  const [before] = (await answerOf(held, 1)) ?? [];
  const admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
  await admin.query('SELECT pg_terminate_backend($1)', [before?.pid]);
  await admin.end();
  await eventually(
    async () => (await held.ask([2])?.catch(() => undefined))?.[0]?.pid ?? before?.pid,
    (pid) => pid !== before?.pid,
  );
  expect(await answerOf(held, 3)).toMatchObject([{ n: 3 }]);
  await db.end();
});

it('a statement that fails says why and gives its connection up, and one connection is always left for others', async () => {
  const [db, small, tight] = [openDb(), openDb(2), openDb(3)];
  const held = holdStatement(db, { name: 'held_bad', text: 'SELECT 1 / $1::int AS n' });
  await eventually(
    async () => held.ask([1]),
    (rows) => rows !== undefined,
  );
  await expect(held.ask([0])).rejects.toMatchObject({ code: '22012' });
  const first = holdTest(db);
  await answerOf(first, 1);
  const others = [holdTest(db), holdTest(small), holdTest(tight)];
  for (let n = 0; n < 5; n++) {
    for (const other of others) expect(other.ask([n])).toBeUndefined();
    expect(await queryOften(db, 'SELECT $1::int AS n', [n])).toEqual([{ n }]);
    expect(await queryOften(tight, 'SELECT $1::int AS n', [n])).toEqual([{ n }]);
  }
  await Promise.all([db.end(), small.end(), tight.end()]);
});
