import pg from 'pg';
import { createPool } from '../../../app/db/pool.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  const admin = new pg.Client({ connectionString: database.adminUrl });
  await admin.connect();
  await admin.query(`ALTER DATABASE ${database.name} SET datestyle = 'SQL, DMY'`);
  await admin.end();
});
afterAll(() => database.drop());

it('times are what they are where the server writes them in another style, from the first query of a connection on', async () => {
  const pool = createPool({ url: database.serviceUrl, size: 6, onError: () => undefined });
  const ask = () => pool.query<{ at: Date }>(`SELECT '2026-03-04T05:06:07Z'::timestamptz AS at`);
  try {
    for (const { rows } of await Promise.all([ask(), ask(), ask()]))
      expect(rows).toEqual([{ at: new Date('2026-03-04T05:06:07Z') }]);
  } finally {
    await pool.end();
  }
});
