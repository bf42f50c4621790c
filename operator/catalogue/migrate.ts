import type { Database } from '../clients/postgres.js';
import { MIGRATIONS } from './migrations.js';

/** Any constant will do, as long as every operator uses the same one. */
const MIGRATION_LOCK = 7_263_541_001;

/** Brings the catalogue to the newest version; two operators that start together do it once. */
export async function migrateCatalogue(database: Database): Promise<void> {
  await database.transaction(async (sql) => {
    await sql.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
    await sql.query('CREATE SCHEMA IF NOT EXISTS memplane');
    await sql.query(
      'CREATE TABLE IF NOT EXISTS memplane.migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
    );
    const applied = new Set(
      (await sql.query<{ version: number }>('SELECT version FROM memplane.migrations')).map((row) => row.version),
    );
    for (const { version, sql: text } of MIGRATIONS) {
      if (applied.has(version)) continue;
      await sql.query(text);
      await sql.query('INSERT INTO memplane.migrations (version) VALUES ($1)', [version]);
    }
  });
}
