import type { Queryable } from '../db/pool.js';
import type { NoteSignature } from './note.js';

interface Row {
  readonly name: string;
  readonly key_id: Buffer;
  readonly signature: Buffer;
}

/** What keys of the plane have signed of a checkpoint, oldest first. */
export const selectCountersignatures = async (db: Queryable, size: number): Promise<readonly NoteSignature[]> => {
  const { rows } = await db.query<Row>(
    'SELECT name, key_id, signature FROM audit_countersignatures WHERE size = $1 ORDER BY at, name',
    [size],
  );
  return rows.map(({ name, key_id, signature }) => ({ name, keyId: key_id, signature }));
};

/** The largest checkpoint that a key of this name signed, and how long ago the last signature was made. */
export const selectLastCountersigned = async (
  db: Queryable,
  name: string,
): Promise<{ readonly size: number; readonly ageMs: number } | undefined> => {
  const { rows } = await db.query<{ size: number; age: number }>(
    `SELECT size, (extract(epoch FROM now() - at) * 1000)::float8 AS age FROM audit_countersignatures WHERE name = $1
     ORDER BY size DESC LIMIT 1`,
    [name],
  );
  const [row] = rows;
  return row && { size: row.size, ageMs: Math.max(0, row.age) };
};

export const insertCountersignature = async (
  db: Queryable,
  size: number,
  { name, keyId, signature }: NoteSignature,
): Promise<void> => {
  await db.query(
    'INSERT INTO audit_countersignatures (size, name, key_id, signature) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    [size, name, keyId, signature],
  );
};
