import type { Sql } from '../../../clients/postgres.js';

export interface RoleState {
  readonly exists: boolean;
  readonly canLogin: boolean;
}

export interface DatabaseObservation {
  /** The group of all tenant roles exists and may connect to this database. */
  readonly groupReady: boolean;
  readonly owner: RoleState;
  readonly service: RoleState;
  readonly auditor: RoleState;
  readonly schemaExists: boolean;
  /** The Secret with the connection strings, as the tenant's namespace holds it now. */
  readonly secret: { readonly uid: string; readonly complete: boolean } | undefined;
  /** The Secret that the roles' passwords were last set from. */
  readonly credentialSecretUid: string | undefined;
}

/** Every tenant role is a member: it may connect, and nothing else. One grant on the database instead of thousands. */
export const TENANT_GROUP = 'memplane_tenant';

export const ownerRole = (schema: string): string => `${schema}_owner`;

/** What people who audit the tenant are made members of; `migrate` grants it the auditors' views. */
export const auditorRole = (schema: string): string => `${schema}_auditor`;

export async function observeRoles(
  sql: Sql,
  schema: string,
): Promise<Pick<DatabaseObservation, 'groupReady' | 'owner' | 'service' | 'auditor' | 'schemaExists'>> {
  const roles = await sql.query<{ rolname: string; rolcanlogin: boolean }>(
    'SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname = ANY ($1)',
    [[schema, ownerRole(schema), auditorRole(schema)]],
  );
  const groups = await sql.query(
    `SELECT 1 AS found FROM pg_database d, aclexplode(d.datacl) a JOIN pg_roles r ON r.oid = a.grantee
      WHERE d.datname = current_database() AND r.rolname = $1 AND a.privilege_type = 'CONNECT'`,
    [TENANT_GROUP],
  );
  const state = (name: string): RoleState => {
    const role = roles.find((candidate) => candidate.rolname === name);
    return { exists: role !== undefined, canLogin: role?.rolcanlogin === true };
  };
  return {
    groupReady: groups.length > 0,
    owner: state(ownerRole(schema)),
    service: state(schema),
    auditor: state(auditorRole(schema)),
    schemaExists: await schemaExists(sql, schema),
  };
}

export async function schemaExists(sql: Sql, schema: string): Promise<boolean> {
  const schemas = await sql.query('SELECT 1 AS found FROM pg_namespace WHERE nspname = $1', [schema]);
  return schemas.length > 0;
}
