import type { Queryable } from '../db/pool.js';

/** An event of the log that tells of memories written or deleted. */
export interface Write {
  readonly id: string;
  /** `null` within the moment in which the log has not numbered it yet. */
  readonly at: Date | null;
  /** Its facts. */
  readonly body: Buffer | null;
}

export const selectWrite = async (db: Queryable, id: string): Promise<Write | undefined> => {
  const { rows } = await db.query<Write>(
    `SELECT event AS id, (SELECT at FROM audit_events WHERE id = event LIMIT 1) AS at, body
     FROM audit_batches WHERE event = $1 AND kind = 1`,
    [id],
  );
  return rows[0];
};

/** Newest first; `null`: whoever wrote. */
export const selectWrites = async (
  db: Queryable,
  actor: string | null,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<readonly Write[]> => {
  const { rows } = await db.query<Write>(
    `SELECT id, at, (SELECT body FROM audit_batches WHERE event = audit_events.id AND kind = 1) AS body FROM audit_events
     WHERE type = 'memory.write' AND ($1::text IS NULL OR actor = $1) ORDER BY seq DESC LIMIT $2 OFFSET $3`,
    [actor, limit, offset],
  );
  return rows;
};

export const countWrites = async (db: Queryable, actor: string | null): Promise<number> => {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*) AS count FROM audit_events WHERE type = 'memory.write' AND ($1::text IS NULL OR actor = $1)`,
    [actor],
  );
  return rows[0]?.count ?? 0;
};
