import type { Queryable } from '../db/pool.js';

export interface RoleRow {
  readonly name: string;
  readonly permissions: readonly string[];
  readonly updated_at: Date;
  readonly updated_by: string;
  readonly mac: Buffer;
}

export const roleMacFields = (row: Omit<RoleRow, 'mac'>) => ({
  name: row.name,
  permissions: row.permissions,
  updated_at: row.updated_at.toISOString(),
  updated_by: row.updated_by,
});

export const selectRoles = async (db: Queryable): Promise<readonly RoleRow[]> => {
  const { rows } = await db.query<RoleRow>('SELECT * FROM roles ORDER BY name');
  return rows;
};

/** True when the role is new. */
export const upsertRole = async (db: Queryable, row: RoleRow): Promise<boolean> => {
  const { rows } = await db.query<{ created: boolean }>(
    `INSERT INTO roles (name, permissions, updated_at, updated_by, mac) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (name) DO UPDATE SET permissions = $2, updated_at = $3, updated_by = $4, mac = $5
     RETURNING (xmax = 0) AS created`,
    [row.name, row.permissions, row.updated_at, row.updated_by, row.mac],
  );
  return rows[0]?.created ?? false;
};

/** Waits for whoever is about to make a key of it; nobody can begin to until this transaction has ended. */
export const lockRole = async (db: Queryable, name: string): Promise<RoleRow | undefined> => {
  const { rows } = await db.query<RoleRow>('SELECT * FROM roles WHERE name = $1 FOR UPDATE', [name]);
  return rows[0];
};

/** Keeps the role there until this transaction has ended; false when it is there no more. */
export const holdRole = async (db: Queryable, name: string): Promise<boolean> => {
  const { rowCount } = await db.query('SELECT 1 FROM roles WHERE name = $1 FOR SHARE', [name]);
  return rowCount === 1;
};

export const deleteRole = async (db: Queryable, name: string): Promise<void> => {
  await db.query('DELETE FROM roles WHERE name = $1', [name]);
};
