import type { Queryable } from '../db/pool.js';

export interface UserRow {
  readonly slot: number;
  readonly ref: string;
  readonly token: Buffer;
  readonly sealed_id: Buffer;
  readonly created_at: Date;
  readonly mac: Buffer;
}
export interface EntityRow {
  readonly ref: string;
  readonly kind: number;
  readonly slot: number;
  readonly token: Buffer;
  readonly sealed_id: Buffer;
}

export const nextUserSlot = async (db: Queryable): Promise<number> => {
  const { rows } = await db.query<{ slot: number }>(`SELECT nextval('user_slot') AS slot`);
  return rows[0]?.slot as number;
};

export const insertUser = async (db: Queryable, row: UserRow): Promise<void> => {
  await db.query(
    `INSERT INTO users (slot, ref, token, sealed_id, created_at, mac) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (token) DO NOTHING`,
    [row.slot, row.ref, row.token, row.sealed_id, row.created_at, row.mac],
  );
};

export const selectUsersByToken = async (db: Queryable, tokens: readonly Buffer[]): Promise<readonly UserRow[]> => {
  const { rows } = await db.query<UserRow>('SELECT * FROM users WHERE token = ANY ($1::bytea[])', [tokens]);
  return rows;
};

export const selectUsersByRef = async (db: Queryable, refs: readonly string[]): Promise<readonly UserRow[]> => {
  const { rows } = await db.query<UserRow>('SELECT * FROM users WHERE ref = ANY ($1::uuid[])', [refs]);
  return rows;
};

export const selectEntitiesByToken = async (
  db: Queryable,
  kind: number,
  tokens: readonly Buffer[],
): Promise<readonly EntityRow[]> => {
  const { rows } = await db.query<EntityRow>('SELECT * FROM entities WHERE kind = $1 AND token = ANY ($2::bytea[])', [
    kind,
    tokens,
  ]);
  return rows;
};

export const selectEntitiesByRef = async (db: Queryable, refs: readonly string[]): Promise<readonly EntityRow[]> => {
  const { rows } = await db.query<EntityRow>('SELECT * FROM entities WHERE ref = ANY ($1::uuid[])', [refs]);
  return rows;
};

/** Inserts those that are not there yet, in one order so that two batches cannot wait for each other, and returns the rows that count, whoever wrote them. */
export const insertEntities = async (db: Queryable, rows: readonly EntityRow[]): Promise<readonly EntityRow[]> => {
  const columns = [
    rows.map(({ ref }) => ref),
    rows.map(({ kind }) => kind),
    rows.map(({ slot }) => slot),
    rows.map(({ token }) => token),
    rows.map(({ sealed_id }) => sealed_id),
  ];
  await db.query(
    `INSERT INTO entities (ref, kind, slot, token, sealed_id)
     SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::bytea[], $5::bytea[]) AS wanted (ref, kind, slot, token, sealed_id)
     ORDER BY kind, token, slot
     ON CONFLICT (kind, token, slot) DO NOTHING`,
    columns,
  );
  const { rows: found } = await db.query<EntityRow>(
    `SELECT entities.* FROM entities
     JOIN unnest($1::smallint[], $2::bigint[], $3::bytea[]) AS wanted (kind, slot, token) USING (kind, slot, token)`,
    columns.slice(1, 4),
  );
  return found;
};
