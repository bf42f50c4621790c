import type { Queryable } from '../db/pool.js';
import { EVENTS } from './state.js';
import { VISIBLE, type Viewer, viewerValues } from './store.js';

/** Its position in EVENTS. */
const DELETE = EVENTS.indexOf('delete');

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
  readonly audit_event: string | null;
  /** Of all the columns; null when the version before wrote it. */
  readonly mac: Buffer | null;
}

const COLUMNS = {
  id: 'uuid',
  memory_id: 'uuid',
  version: 'integer',
  event: 'smallint',
  slot: 'bigint',
  sealed_state: 'bytea',
  actor: 'uuid',
  at: 'timestamptz',
  scope: 'smallint',
  user_ref: 'uuid',
  team_ref: 'uuid',
  organization_ref: 'uuid',
  audit_event: 'uuid',
  mac: 'bytea',
} as const satisfies Record<keyof HistoryRow, string>;
const NAMES = Object.keys(COLUMNS) as readonly (keyof HistoryRow)[];

/** In the order given: `seq` follows it. */
export const insertHistory = async (db: Queryable, rows: readonly HistoryRow[]): Promise<void> => {
  if (rows.length === 0) return;
  const arrays = NAMES.map((name, index) => `$${index + 1}::${COLUMNS[name]}[]`).join(', ');
  await db.query(
    `INSERT INTO memory_history (${NAMES.join(', ')}) SELECT * FROM unnest(${arrays})`,
    NAMES.map((name) => rows.map((row) => row[name])),
  );
};

/** Of these memories, those whose beginning is recorded: an id that was deleted and used again begins anew. */
export const selectRecorded = async (db: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> => {
  const { rows } = await db.query<{ memory_id: string }>(
    `SELECT memory_id FROM (
       SELECT DISTINCT ON (memory_id) memory_id, event FROM memory_history
       WHERE memory_id = ANY ($1::uuid[]) ORDER BY memory_id, seq DESC
     ) AS last WHERE event <> $2`,
    [ids, DELETE],
  );
  return new Set(rows.map(({ memory_id }) => memory_id));
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
