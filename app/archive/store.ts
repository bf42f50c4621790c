import type { CheckpointRow } from '../audit/store.js';
import type { Queryable } from '../db/pool.js';

export interface ArchiveRow {
  readonly size: number;
  readonly objects: number;
  readonly retain_until: Date;
  readonly at: Date;
}

/** How far the log has been archived: a hint that saves work. What is in the bucket is asked of the bucket. */
export const selectLastArchive = async (db: Queryable): Promise<ArchiveRow | undefined> => {
  const { rows } = await db.query<ArchiveRow>(
    'SELECT size, objects, retain_until, at FROM audit_archives ORDER BY size DESC LIMIT 1',
  );
  return rows[0];
};

export const insertArchive = async (
  db: Queryable,
  { size, objects, retain_until }: Omit<ArchiveRow, 'at'>,
): Promise<void> => {
  await db.query(
    'INSERT INTO audit_archives (size, objects, retain_until) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING',
    [size, objects, retain_until],
  );
};

/** The newest checkpoint that a key of the plane signed too. */
export const selectLastCompleteCheckpoint = async (db: Queryable): Promise<CheckpointRow | undefined> => {
  const { rows } = await db.query<CheckpointRow>(
    `SELECT size, root, note FROM audit_checkpoints WHERE size = (SELECT max(size) FROM audit_countersignatures)`,
  );
  return rows[0];
};
