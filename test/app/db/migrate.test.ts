import pg from 'pg';
import { migrateDatabase, readMigrations } from '../../../app/db/migrate.js';
import { createTestDatabase, type TestDatabase } from '../../support/postgres.js';

describe('migrations', () => {
  let database: TestDatabase;
  const query = async (url: string, sql: string): Promise<pg.QueryResult> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  };
  const migrate = (migrations = readMigrations()) =>
    migrateDatabase({ url: database.ownerUrl, serviceRole: database.serviceRole, migrations });

  beforeEach(async () => {
    database = await createTestDatabase({ migrated: false });
  });
  afterEach(() => database.drop());

  it('install the schema; a second run does no harm', async () => {
    expect((await migrate()).applied).toEqual(readMigrations().map(({ name }) => name));
    expect((await migrate()).applied).toEqual([]);
  });

  it('are applied once when several replicas start together', async () => {
    const results = await Promise.all([migrate(), migrate(), migrate()]);
    expect(results.flatMap(({ applied }) => applied)).toEqual(readMigrations().map(({ name }) => name));
  });

  it('mark every table as data or monotonic', async () => {
    await migrate();
    const { rows } = await query(
      database.ownerUrl,
      `SELECT relname, obj_description(oid, 'pg_class') AS mark FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`,
    );
    expect(rows.length).toBeGreaterThan(5);
    for (const row of rows)
      expect([row.relname, row.mark]).toEqual([row.relname, expect.stringMatching(/^memplane: (data|monotonic)$/)]);
  });

  it('let the service read and write rows but own, alter and drop nothing', async () => {
    await migrate();
    await query(database.serviceUrl, 'SELECT 1 FROM memories');
    await expect(query(database.serviceUrl, 'DROP TABLE memories')).rejects.toThrow('must be owner');
    await expect(query(database.serviceUrl, 'DELETE FROM api_keys')).rejects.toThrow('permission denied');
  });

  it('refuse a file that was edited after it was applied, naming it', async () => {
    await migrate();
    const edited = readMigrations().map((migration, index) =>
      index === 0 ? { ...migration, checksum: 'other' } : migration,
    );
    await expect(migrate(edited)).rejects.toThrow('Migration 000001_initial was changed after it was applied');
  });

  it('refuse a database that is ahead of them', async () => {
    await migrate();
    await expect(migrate([])).rejects.toThrow('which this version does not know');
  });

  it('leave nothing of one that fails', async () => {
    const [first] = readMigrations();
    if (!first) throw new Error('no migrations');
    const broken = { version: 1, name: '000001_broken', sql: 'CREATE TABLE half (); SELECT 1/0', checksum: 'x' };
    await expect(migrate([broken])).rejects.toThrow('000001_broken failed and was rolled back: division by zero');
    expect((await migrate([first])).applied).toEqual([first.name]);
  });
});
