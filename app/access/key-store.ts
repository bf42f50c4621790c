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
  readonly mac: Buffer;
}

/** What the MAC covers: all that decides what the key may do, in JSON types as they will be read back. */
export const macFieldsOf = (row: Omit<ApiKeyRow, 'mac'>) => ({
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
    `INSERT INTO api_keys (id, token, hint, sealed_name, role, user_ref, team_refs, organization_refs, bootstrap, created_at, expires_at, revoked_at, mac)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (token) DO NOTHING`,
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
    ],
  );
  return result.rowCount === 1;
};

export const selectApiKeyByToken = async (db: Queryable, token: Buffer): Promise<ApiKeyRow | undefined> => {
  const { rows } = await db.query<ApiKeyRow>('SELECT * FROM api_keys WHERE token = $1', [token]);
  return rows[0];
};

export const selectApiKeys = async (db: Queryable): Promise<readonly ApiKeyRow[]> => {
  const { rows } = await db.query<ApiKeyRow>('SELECT * FROM api_keys ORDER BY created_at, id');
  return rows;
};

export const lockApiKey = async (db: Queryable, id: string): Promise<ApiKeyRow | undefined> => {
  const { rows } = await db.query<ApiKeyRow>('SELECT * FROM api_keys WHERE id = $1 FOR UPDATE', [id]);
  return rows[0];
};

export const setApiKeyRevoked = async (db: Queryable, id: string, at: Date, mac: Buffer): Promise<void> => {
  await db.query('UPDATE api_keys SET revoked_at = $2, mac = $3 WHERE id = $1', [id, at, mac]);
};
