import { type Database, identifier, literal, type Sql } from '../../../clients/postgres.js';
import { scramVerifier } from '../../../clients/scram.js';
import { auditorRole, ownerRole, TENANT_GROUP } from './observe.js';

const ROLE_LIMITS = 'NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';

/** One statement of a tenant may take this long, and an idle transaction may hold its locks this long. */
const SESSION_LIMITS = { statement_timeout: '30s', idle_in_transaction_session_timeout: '60s' } as const;

/** Any constant will do, as long as every operator uses the same one. */
const GROUP_LOCK = 7_263_541_002;

/** Roles belong to the whole server, grants to one database: a second database of the same server needs only those. */
export async function createGroup(database: Database): Promise<void> {
  const name = identifier(database.database);
  await database.transaction(async (sql) => {
    await sql.query('SELECT pg_advisory_xact_lock($1)', [GROUP_LOCK]);
    const found = await sql.query('SELECT 1 AS found FROM pg_roles WHERE rolname = $1', [TENANT_GROUP]);
    if (found.length === 0) await sql.query(`CREATE ROLE ${TENANT_GROUP} NOLOGIN ${ROLE_LIMITS}`);
    await sql.query(`REVOKE CONNECT, TEMPORARY ON DATABASE ${name} FROM PUBLIC`);
    await sql.query(`GRANT CONNECT ON DATABASE ${name} TO ${TENANT_GROUP}`);
    await sql.query('REVOKE ALL ON SCHEMA public FROM PUBLIC');
  });
}

/** Roles are born without a login; `setPasswords` gives it to owner and service. An auditor's login is a person's own. */
export async function createRole(sql: Sql, role: string): Promise<void> {
  await sql.query(`CREATE ROLE ${identifier(role)} NOLOGIN INHERIT ${ROLE_LIMITS} IN ROLE ${TENANT_GROUP}`);
}

/** The owner makes and migrates the tables; the service may only use what a migration grants it. */
export async function createSchema(sql: Sql, schema: string): Promise<void> {
  const [name, owner, service] = [identifier(schema), identifier(ownerRole(schema)), identifier(schema)];
  // A managed database's administrator is no superuser: it must be a member to give a schema away.
  await sql.query(`GRANT ${owner} TO CURRENT_USER`);
  await sql.query(`CREATE SCHEMA IF NOT EXISTS ${name} AUTHORIZATION ${owner}`);
  await sql.query(`GRANT USAGE ON SCHEMA ${name} TO ${service}`);
}

export async function setPasswords(
  sql: Sql,
  schema: string,
  passwords: { readonly owner: string; readonly service: string },
): Promise<void> {
  await setPassword(sql, ownerRole(schema), schema, passwords.owner);
  await setPassword(sql, schema, schema, passwords.service);
}

async function setPassword(sql: Sql, role: string, schema: string, password: string): Promise<void> {
  const name = identifier(role);
  await sql.query(`ALTER ROLE ${name} LOGIN PASSWORD ${literal(await scramVerifier(password))}`);
  await sql.query(`ALTER ROLE ${name} SET search_path = ${identifier(schema)}`);
  for (const [setting, value] of Object.entries(role === schema ? SESSION_LIMITS : {})) {
    await sql.query(`ALTER ROLE ${name} SET ${setting} = ${literal(value)}`);
  }
}

/** The roles can no longer log in and what they had open is ended; tables and data stay as they are. */
export async function lockOut(database: Database, schema: string): Promise<void> {
  const roles = [schema, ownerRole(schema)];
  for (const { rolname } of await existing(database, roles)) {
    await database.query(`ALTER ROLE ${identifier(rolname)} NOLOGIN PASSWORD NULL`);
  }
  await database.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY ($1)', [roles]);
}

/** Everything that the tenant has in this database is gone afterwards, its roles too. */
export async function dropTenant(database: Database, schema: string): Promise<void> {
  await lockOut(database, schema);
  await database.query(`DROP SCHEMA IF EXISTS ${identifier(schema)} CASCADE`);
  for (const { rolname } of await existing(database, [schema, ownerRole(schema), auditorRole(schema)])) {
    const role = identifier(rolname);
    await database.transaction(async (sql) => {
      await sql.query(`GRANT ${role} TO CURRENT_USER`);
      await sql.query(`DROP OWNED BY ${role} CASCADE`);
      await sql.query(`DROP ROLE ${role}`);
    });
  }
}

function existing(database: Database, roles: readonly string[]): Promise<readonly { readonly rolname: string }[]> {
  return database.query('SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)', [roles]);
}
