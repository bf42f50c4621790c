import { createPlaneDatabase, openByAddress, type PlaneDatabase } from '../../support/plane-database.js';
import { testCluster } from '../../support/postgres.js';

let plane: PlaneDatabase;
beforeAll(async () => {
  plane = await createPlaneDatabase();
});
afterAll(() => plane.drop());

describe('a database of the plane', () => {
  it('that ends a connection in the middle of a transaction fails that one and nothing else', async () => {
    const { database } = plane;
    const ended = database.transaction(async (sql) => {
      const [own] = await sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      await database.query('SELECT pg_terminate_backend($1)', [own?.pid]);
      // Between two queries: nobody but the connection itself is there to hear of it.
      const isThere = () => database.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [own?.pid]);
      while ((await isThere()).length > 0);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await sql.query('SELECT 1');
    });
    await expect(ended).rejects.toThrow();
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('that writes times in another style is read right', async () => {
    const [own] = await plane.database.query<{ name: string }>('SELECT current_database() AS name');
    await plane.database.query(`ALTER DATABASE ${own?.name} SET datestyle = 'SQL, DMY'`);
    const other = openByAddress(new URL(`/${own?.name}`, (await testCluster()).adminUrl).href);
    const read = other.query(`SELECT '2026-03-04T05:06:07Z'::timestamptz AS at`).finally(() => other.close());
    expect(await read).toEqual([{ at: new Date('2026-03-04T05:06:07Z') }]);
  });
});
