import type { Tier } from '../../charts/manifests/tenant/options.js';
import type { Database, Sql } from '../clients/postgres.js';

/**
 * - `Active`: a MemoryTenant stands for it.
 * - `Retained`: its MemoryTenant was deleted, data and keys are kept for re-attachment.
 * - `Erasing`: deleted with Erase, kept until the grace period ends; coming back re-attaches, until its destruction begins.
 * - `Erased`: data and keys are gone; the row stays, so that the id is never used again.
 */
export type TenantState = 'Active' | 'Retained' | 'Erasing' | 'Erased';

export interface TenantRecord {
  readonly tenantId: string;
  readonly clusterId: string;
  readonly name: string;
  readonly namespace: string;
  readonly state: TenantState;
  readonly tier: Tier;
  readonly plane: string;
  readonly database: string;
  readonly schema: string;
  /** The Secret that the role's password was last set from. */
  readonly credentialSecretUid: string | undefined;
  /** The namespace that a bootstrap key was issued into: one key a namespace, never a second after it was claimed. */
  readonly bootstrapNamespaceUid: string | undefined;
  readonly eraseAt: Date | undefined;
  /** Since when data or keys may be missing: from here on there is no way but to the end, after whatever crash. */
  readonly destroyingSince: Date | undefined;
}

export type NewTenant = Omit<
  TenantRecord,
  'state' | 'credentialSecretUid' | 'bootstrapNamespaceUid' | 'eraseAt' | 'destroyingSince'
>;

interface Row {
  readonly tenant_id: string;
  readonly cluster_id: string;
  readonly name: string;
  readonly namespace: string;
  readonly state: TenantState;
  readonly tier: Tier;
  readonly plane: string;
  readonly database: string;
  readonly schema: string;
  readonly credential_secret_uid: string | null;
  readonly bootstrap_namespace_uid: string | null;
  readonly erase_at: Date | null;
  readonly destroying_since: Date | null;
}

const COLUMNS =
  'tenant_id, cluster_id, name, namespace, state, tier, plane, database, schema, credential_secret_uid, bootstrap_namespace_uid, erase_at, destroying_since';

const record = (row: Row): TenantRecord => ({
  tenantId: row.tenant_id,
  clusterId: row.cluster_id,
  name: row.name,
  namespace: row.namespace,
  state: row.state,
  tier: row.tier,
  plane: row.plane,
  database: row.database,
  schema: row.schema,
  credentialSecretUid: row.credential_secret_uid ?? undefined,
  bootstrapNamespaceUid: row.bootstrap_namespace_uid ?? undefined,
  eraseAt: row.erase_at ?? undefined,
  destroyingSince: row.destroying_since ?? undefined,
});

/** Every tenant of this name that still has data: the living one, retained ones, those in their grace period. */
export async function findTenants(sql: Sql, clusterId: string, name: string): Promise<readonly TenantRecord[]> {
  const rows = await sql.query<Row>(
    `SELECT ${COLUMNS} FROM memplane.tenants WHERE cluster_id = $1 AND name = $2 AND state <> 'Erased' ORDER BY created_at`,
    [clusterId, name],
  );
  return rows.map(record);
}

export async function findTenantById(sql: Sql, clusterId: string, tenantId: string): Promise<TenantRecord | undefined> {
  const rows = await sql.query<Row>(
    `SELECT ${COLUMNS} FROM memplane.tenants WHERE cluster_id = $1 AND tenant_id = $2`,
    [clusterId, tenantId],
  );
  return rows[0] === undefined ? undefined : record(rows[0]);
}

/** Registers a tenant; when another worker was faster, its row is the answer. */
export async function insertTenant(database: Database, tenant: NewTenant): Promise<TenantRecord> {
  const rows = await database.query<Row>(
    `INSERT INTO memplane.tenants (tenant_id, cluster_id, name, namespace, state, tier, plane, database, schema)
     VALUES ($1, $2, $3, $4, 'Active', $5, $6, $7, $8)
     ON CONFLICT (cluster_id, name) WHERE state = 'Active' DO UPDATE SET name = excluded.name
     RETURNING ${COLUMNS}`,
    [
      tenant.tenantId,
      tenant.clusterId,
      tenant.name,
      tenant.namespace,
      tenant.tier,
      tenant.plane,
      tenant.database,
      tenant.schema,
    ],
  );
  const [row] = rows;
  if (row === undefined) throw new Error(`the catalogue returned no row for tenant ${tenant.name}`);
  return record(row);
}

/** A retained tenant, or one in its grace period, lives again under the name and namespace of the object that asks. */
export async function reattachTenant(
  sql: Sql,
  tenantId: string,
  to: { readonly name: string; readonly namespace: string },
): Promise<TenantRecord | undefined> {
  const rows = await sql.query<Row>(
    `UPDATE memplane.tenants
        SET state = 'Active', name = $2, namespace = $3, erase_at = NULL,
            credential_secret_uid = NULL, bootstrap_namespace_uid = NULL, updated_at = now()
      WHERE tenant_id = $1 AND state IN ('Retained', 'Erasing') AND destroying_since IS NULL
      RETURNING ${COLUMNS}`,
    [tenantId, to.name, to.namespace],
  );
  return rows[0] === undefined ? undefined : record(rows[0]);
}

export async function retireTenant(
  sql: Sql,
  tenantId: string,
  state: 'Retained' | 'Erasing' | 'Erased',
  eraseAt: Date | undefined,
): Promise<void> {
  await sql.query(
    `UPDATE memplane.tenants
        SET state = $2, erase_at = $3, credential_secret_uid = NULL, bootstrap_namespace_uid = NULL, updated_at = now()
      WHERE tenant_id = $1`,
    [tenantId, state, eraseAt ?? null],
  );
}

/** Committed before the first thing is destroyed: nobody takes back what may be half there. */
export async function recordDestruction(sql: Sql, tenantId: string): Promise<void> {
  await sql.query(
    'UPDATE memplane.tenants SET destroying_since = now(), updated_at = now() WHERE tenant_id = $1 AND destroying_since IS NULL',
    [tenantId],
  );
}

export async function recordCredential(sql: Sql, tenantId: string, secretUid: string): Promise<void> {
  await sql.query('UPDATE memplane.tenants SET credential_secret_uid = $2, updated_at = now() WHERE tenant_id = $1', [
    tenantId,
    secretUid,
  ]);
}

export async function recordBootstrapKey(sql: Sql, tenantId: string, namespaceUid: string): Promise<void> {
  await sql.query('UPDATE memplane.tenants SET bootstrap_namespace_uid = $2, updated_at = now() WHERE tenant_id = $1', [
    tenantId,
    namespaceUid,
  ]);
}

export async function findDueErasures(sql: Sql, clusterId: string, now: Date): Promise<readonly TenantRecord[]> {
  const rows = await sql.query<Row>(
    `SELECT ${COLUMNS} FROM memplane.tenants WHERE cluster_id = $1 AND state = 'Erasing' AND erase_at <= $2 ORDER BY erase_at`,
    [clusterId, now],
  );
  return rows.map(record);
}

/**
 * Erases a tenant whose grace period is over, if it still is. That it begins is committed first: an operator that dies
 * half-way leaves what nobody takes back and what the next one finishes. The row is locked meanwhile, so that no other
 * operator erases it too. False when somebody did.
 */
export async function eraseDue(
  database: Database,
  tenantId: string,
  now: Date,
  destroy: () => Promise<void>,
): Promise<boolean> {
  const begun = await database.transaction(async (sql) => {
    const locked = await lockDue(sql, tenantId, now);
    if (locked) await recordDestruction(sql, tenantId);
    return locked;
  });
  if (!begun) return false;
  return database.transaction(async (sql) => {
    if (!(await lockDue(sql, tenantId, now))) return false;
    await destroy();
    await retireTenant(sql, tenantId, 'Erased', undefined);
    return true;
  });
}

async function lockDue(sql: Sql, tenantId: string, now: Date): Promise<boolean> {
  const due = await sql.query(
    `SELECT 1 AS found FROM memplane.tenants
      WHERE tenant_id = $1 AND state = 'Erasing' AND erase_at <= $2 FOR UPDATE SKIP LOCKED`,
    [tenantId, now],
  );
  return due.length > 0;
}

export interface PlacementCount {
  readonly database: string;
  readonly state: TenantState;
  readonly tenants: number;
}

/** How many tenants each database of the plane holds, by state: placement and the plane's status read it. */
export async function countTenants(sql: Sql, clusterId: string, plane: string): Promise<readonly PlacementCount[]> {
  const rows = await sql.query<{ database: string; state: TenantState; tenants: string }>(
    `SELECT database, state, count(*) AS tenants FROM memplane.tenants
      WHERE cluster_id = $1 AND plane = $2 AND state <> 'Erased' GROUP BY database, state`,
    [clusterId, plane],
  );
  return rows.map((row) => ({ database: row.database, state: row.state, tenants: Number(row.tenants) }));
}
