import pg from 'pg';
import { createPool, type Database } from '../../../app/db/pool.js';
import { queryOften } from '../../../app/db/prepared.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await createTestDatabase({});
  pool = new pg.Pool({ connectionString: database.serviceUrl, max: 1 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const prepared = async (): Promise<number> =>
  (await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM pg_prepared_statements`)).rows[0]?.count ??
  -1;

it('a statement that comes again and again is planned once, and answers the same', async () => {
  const before = await prepared();
  const ask = (n: number) => queryOften<{ n: number }>(pool, 'SELECT $1::int + 1 AS n', [n]);
  for (let n = 0; n < 6; n++) expect(await ask(n)).toEqual([{ n: n + 1 }]);
  expect(await prepared()).toBe(before + 1);
});

it('behind a pooler, whose number is not that of the process that answers, no statement is left on a connection', async () => {
  const client = await pool.connect();
  const before = (await client.query('SELECT 1 FROM pg_prepared_statements')).rows.length;
  const pooled = {
    // As a pooler greets: with a number of its own.
    processID: 1,
    query: (...args: Parameters<typeof client.query>) => client.query(...args),
    release: () => undefined,
  };
  const behind = { connect: async () => pooled } as unknown as Database;
  for (let n = 0; n < 6; n++)
    expect(await queryOften<{ n: number }>(behind, 'SELECT $1::int + 2 AS n', [n])).toEqual([{ n: n + 2 }]);
  expect((await client.query('SELECT 1 FROM pg_prepared_statements')).rows).toHaveLength(before);
  client.release();
});

it('a statement that fails gives its connection up and says why', async () => {
  await expect(queryOften(pool, 'SELECT 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' });
  expect(await queryOften<{ n: number }>(pool, 'SELECT $1::int AS n', [3])).toEqual([{ n: 3 }]);
});

it('of a pool with connections to spare some are for such statements alone, and plan them without looking at the values', async () => {
  const url = database.serviceUrl;
  const wide = createPool({ url, size: 6, onError: () => undefined });
  try {
    const ask = (db: Database) =>
      queryOften<{ mode: string }>(db, `SELECT current_setting('plan_cache_mode') AS mode`, []);
    for (let n = 0; n < 4; n++) await ask(wide);
    expect(await ask(wide)).toEqual([{ mode: 'force_generic_plan' }]);
    const others = await Promise.all(Array.from({ length: 8 }, () => wide.query(`SHOW plan_cache_mode`)));
    expect(new Set(others.map(({ rows }) => rows[0].plan_cache_mode))).toEqual(new Set(['auto']));
    const { rows } = await wide.query(
      `SELECT count(*) AS n FROM pg_stat_activity WHERE usename = current_user AND datname = current_database() AND application_name = 'memplane-memory'`,
    );
    expect(rows[0].n).toBeLessThanOrEqual(6);
  } finally {
    await wide.end();
  }
});
