import type { Queryable } from '../db/pool.js';
import type { Role } from './principal.js';

export interface ApiKeyRow {
  readonly id: string;
  readonly token: Buffer;
  readonly hint: string;
  readonly sealed_name: Buffer;
  readonly role: Role;
  readonly user_ref: string | null;
  readonly team_refs: readonly string[];
  readonly organization_refs: readonly string[];
  readonly bootstrap: boolean;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly replaces: string | null;
  readonly last_used_at: Date | null;
  readonly mac: Buffer;
}

/** What the MAC covers: all that decides what the key may do, in JSON types as they will be read back. */
export const macFieldsOf = (row: Omit<ApiKeyRow, 'mac' | 'replaces' | 'last_used_at'>) => ({
  id: row.id,
  token: row.token.toString('base64'),
  hint: row.hint,
  sealed_name: row.sealed_name.toString('base64'),
  role: row.role,
  user_ref: row.user_ref,
  team_refs: row.team_refs,
  organization_refs: row.organization_refs,
  bootstrap: row.bootstrap,
  created_at: row.created_at.toISOString(),
  expires_at: row.expires_at?.toISOString() ?? null,
  revoked_at: row.revoked_at?.toISOString() ?? null,
});

/** False when a key with this text is there already. */
export const insertApiKey = async (db: Queryable, row: ApiKeyRow): Promise<boolean> => {
  const result = await db.query(
    `INSERT INTO api_keys (id, token, hint, sealed_name, role, user_ref, team_refs, organization_refs, bootstrap, created_at, expires_at, revoked_at, mac, replaces)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (token) DO NOTHING`,
    [
      row.id,
      row.token,
      row.hint,
      row.sealed_name,
      row.role,
      row.user_ref,
      row.team_refs,
      row.organization_refs,
      row.bootstrap,
      row.created_at,
      row.expires_at,
      row.revoked_at,
      row.mac,
      row.replaces,
    ],
  );
  return result.rowCount === 1;
};

export const selectApiKeyByToken = async (db: Queryable, token: Buffer): Promise<ApiKeyRow | undefined> => {
  const { rows } = await db.query<ApiKeyRow>('SELECT * FROM api_keys WHERE token = $1', [token]);
  return rows[0];
};

export interface KeyPage {
  readonly after: { readonly createdAt: string; readonly id: string } | null;
  readonly limit: number;
}

export const selectApiKeys = async (db: Queryable, { after, limit }: KeyPage): Promise<readonly ApiKeyRow[]> => {
  const { rows } = await db.query<ApiKeyRow>(
    `SELECT * FROM api_keys WHERE $1::timestamptz IS NULL OR (created_at, id) > ($1, $2::uuid)
     ORDER BY created_at, id LIMIT $3`,
    [after?.createdAt ?? null, after?.id ?? null, limit],
  );
  return rows;
};

export const countApiKeys = async (db: Queryable): Promise<number> => {
  const { rows } = await db.query<{ count: number }>('SELECT count(*) AS count FROM api_keys');
  return rows[0]?.count ?? 0;
};

/** The key that a rotation made from this one. */
export const selectSuccessor = async (db: Queryable, id: string): Promise<ApiKeyRow | undefined> => {
  const { rows } = await db.query<ApiKeyRow>('SELECT * FROM api_keys WHERE replaces = $1', [id]);
  return rows[0];
};

export const lockApiKey = async (db: Queryable, id: string): Promise<ApiKeyRow | undefined> => {
  const { rows } = await db.query<ApiKeyRow>('SELECT * FROM api_keys WHERE id = $1 FOR UPDATE', [id]);
  return rows[0];
};

/** The keys that administer the tenant now; locked in one order, so that two who revoke each other's wait. */
export const lockAdminKeys = async (db: Queryable, now: Date): Promise<readonly ApiKeyRow[]> => {
  const { rows } = await db.query<ApiKeyRow>(
    `SELECT * FROM api_keys WHERE role = 'admin' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1)
     ORDER BY id FOR UPDATE`,
    [now],
  );
  return rows;
};

/** The keys that work now with this role. */
export const selectKeysOfRole = async (db: Queryable, role: Role, now: Date): Promise<readonly ApiKeyRow[]> => {
  const { rows } = await db.query<ApiKeyRow>(
    `SELECT * FROM api_keys WHERE role = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
     ORDER BY created_at, id`,
    [role, now],
  );
  return rows;
};

/** Writes what ends the key. */
export const updateApiKeyEnd = async (db: Queryable, row: ApiKeyRow): Promise<void> => {
  await db.query('UPDATE api_keys SET revoked_at = $2, expires_at = $3, mac = $4 WHERE id = $1', [
    row.id,
    row.revoked_at,
    row.expires_at,
    row.mac,
  ]);
};

export const updateLastUsed = async (db: Queryable, ids: readonly string[], times: readonly Date[]): Promise<void> => {
  await db.query(
    `UPDATE api_keys SET last_used_at = greatest(last_used_at, used.at)
     FROM unnest($1::uuid[], $2::timestamptz[]) AS used (id, at) WHERE api_keys.id = used.id`,
    [ids, times],
  );
};
