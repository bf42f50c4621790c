import type { Queryable } from '../db/pool.js';
import { VISIBLE, type Viewer, viewerValues } from './store.js';

export interface HistoryRow {
  readonly id: string;
  readonly memory_id: string;
  readonly version: number;
  readonly event: number;
  readonly slot: number;
  readonly sealed_state: Buffer;
  readonly actor: string | null;
  readonly at: Date;
  readonly scope: number;
  readonly user_ref: string | null;
  readonly team_ref: string | null;
  readonly organization_ref: string | null;
}

export const insertHistory = async (db: Queryable, row: HistoryRow): Promise<void> => {
  await db.query(
    `INSERT INTO memory_history (id, memory_id, version, event, slot, sealed_state, actor, at, scope, user_ref, team_ref, organization_ref)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      row.id,
      row.memory_id,
      row.version,
      row.event,
      row.slot,
      row.sealed_state,
      row.actor,
      row.at,
      row.scope,
      row.user_ref,
      row.team_ref,
      row.organization_ref,
    ],
  );
};

/** Oldest first, from the event `from` on, that one included: what follows is told by what was before. */
export const selectHistory = async (
  db: Queryable,
  viewer: Viewer,
  memoryId: string,
  from: string | null,
  limit: number,
): Promise<readonly HistoryRow[]> => {
  const { rows } = await db.query<HistoryRow>(
    `SELECT * FROM memory_history
     WHERE ${VISIBLE} AND memory_id = $6
       AND ($7::uuid IS NULL OR seq >= (SELECT seq FROM memory_history WHERE id = $7))
     ORDER BY seq LIMIT $8`,
    [...viewerValues(viewer), memoryId, from, limit],
  );
  return rows;
};

export const countHistory = async (db: Queryable, viewer: Viewer, memoryId: string): Promise<number> => {
  const { rows } = await db.query<{ count: number }>(
    `SELECT count(*) AS count FROM memory_history WHERE ${VISIBLE} AND memory_id = $6`,
    [...viewerValues(viewer), memoryId],
  );
  return rows[0]?.count ?? 0;
};
