import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { messageOf } from '../http/cause.js';

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

export interface MigrateOptions {
  /** The owner's direct connection: an advisory lock of a session does not survive a pooler in transaction mode. */
  readonly url: string;
  /** The role that the service logs in with; every migration grants to it explicitly. */
  readonly serviceRole: string;
  /** @default the migrations beside this file */
  readonly migrations?: readonly Migration[];
  readonly log?: (message: string, fields: object) => void;
}

export interface MigrateResult {
  readonly applied: readonly string[];
  readonly version: number;
}

const FILE_NAME = /^(\d{6})_([a-z0-9_]+)\.sql$/;
const ROLE_NAME = /^[a-z_][a-z0-9_]{0,62}$/;
/** Any constant that no other part locks by; advisory locks of a database share one space, so the schema is mixed in. */
const LOCK = 0x6d70;

export const readMigrations = (directory: URL = new URL('./migrations/', import.meta.url)): readonly Migration[] => {
  const found = readdirSync(directory).filter((file) => file.endsWith('.sql'));
  return found.sort().map((file, index) => {
    const match = FILE_NAME.exec(file);
    if (!match)
      throw new Error(`Migration ${file}: the name must be six digits, an underscore and a name in snake case`);
    const version = Number(match[1]);
    if (version !== index + 1) throw new Error(`Migration ${file}: expected number ${index + 1}; numbers have no gaps`);
    const sql = readFileSync(new URL(file, directory), 'utf8');
    return { version, name: file.slice(0, -4), sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
};

/** Applies what is missing, each migration in a transaction of its own, under a lock. Running it again does no harm. */
export const migrateDatabase = async (options: MigrateOptions): Promise<MigrateResult> => {
  const migrations = options.migrations ?? readMigrations();
  if (!ROLE_NAME.test(options.serviceRole)) {
    throw new Error(
      `MEMPLANE_SERVICE_ROLE=${options.serviceRole} is not a plain role name: give the role that the operator made`,
    );
  }
  const client = new pg.Client({ connectionString: options.url, application_name: 'memplane-migrate' });
  // The query that it breaks is told; unheard, the connection itself would end the process in a stack trace.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1, hashtext(current_schema()))', [LOCK]);
    await createLedger(client);
    const applied: string[] = [];
    for (const migration of await planMigrations(client, migrations)) {
      await applyMigration(client, migration, options.serviceRole);
      options.log?.('migration applied', { migration: migration.name });
      applied.push(migration.name);
    }
    await client.query(`GRANT SELECT ON schema_migrations TO ${options.serviceRole}`);
    await grantAuditor(client, `${options.serviceRole}_auditor`);
    return { applied, version: migrations.length };
  } finally {
    await client.end();
  }
};

/** The views of migration 15 and of those after it, every time: the role may be younger than they are, or not be there. */
const grantAuditor = async (client: pg.Client, role: string): Promise<void> => {
  const { rowCount } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]);
  if (!rowCount) return;
  const { rows } = await client.query<{ schema: string; view: string }>(
    `SELECT quote_ident(schemaname) AS schema, quote_ident(viewname) AS view FROM pg_views
     WHERE schemaname = current_schema() AND viewname LIKE 'auditor\\_%'`,
  );
  for (const { schema, view } of rows) {
    await client.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
    await client.query(`GRANT SELECT ON ${schema}.${view} TO ${role}`);
  }
};

const createLedger = async (client: pg.Client): Promise<void> => {
  await client.query(`
    CREATE TABLE IF NOT EXISTS schema_migrations (
      version    integer PRIMARY KEY,
      name       text NOT NULL,
      checksum   text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`);
  await client.query(`COMMENT ON TABLE schema_migrations IS 'memplane: monotonic'`);
};

/** What is still to do, after checking that nothing done has been edited since. */
const planMigrations = async (client: pg.Client, migrations: readonly Migration[]): Promise<readonly Migration[]> => {
  const { rows } = await client.query<{ version: number; name: string; checksum: string }>(
    'SELECT version, name, checksum FROM schema_migrations ORDER BY version',
  );
  for (const row of rows) {
    const known = migrations[row.version - 1];
    if (!known) {
      throw new Error(
        `The database is at migration ${row.name}, which this version does not know: run the version that applied it, or a newer one`,
      );
    }
    if (known.checksum !== row.checksum) {
      throw new Error(
        `Migration ${row.name} was changed after it was applied: restore the file and put the change into a new migration`,
      );
    }
  }
  return migrations.slice(rows.length);
};

const applyMigration = async (client: pg.Client, migration: Migration, serviceRole: string): Promise<void> => {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql.replaceAll(':service_role', serviceRole));
    await client.query('INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)', [
      migration.version,
      migration.name,
      migration.checksum,
    ]);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    throw new Error(`Migration ${migration.name} failed and was rolled back: ${messageOf(cause)}`, { cause });
  }
};
