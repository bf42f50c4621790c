import type { Queryable } from '../db/pool.js';
import type { HistoryRow } from '../memories/history-store.js';

export type PastEvent = HistoryRow;

/** Of each memory the last thing that had happened to it by this time. */
export const selectLastEvents = async (
  db: Queryable,
  ids: readonly string[],
  at: Date,
): Promise<ReadonlyMap<string, PastEvent>> => {
  const { rows } = await db.query<PastEvent>(
    `SELECT DISTINCT ON (memory_id) * FROM memory_history WHERE memory_id = ANY ($1::uuid[]) AND at <= $2
     ORDER BY memory_id, seq DESC`,
    [ids, at],
  );
  return new Map(rows.map((row) => [row.memory_id, row]));
};

/** Of each memory the first event of these kinds after this time. */
export const selectFirstTurns = async (
  db: Queryable,
  ids: readonly string[],
  at: Date,
  kinds: readonly number[],
): Promise<ReadonlyMap<string, number>> => {
  const { rows } = await db.query<{ memory_id: string; event: number }>(
    `SELECT DISTINCT ON (memory_id) memory_id, event FROM memory_history
     WHERE memory_id = ANY ($1::uuid[]) AND at > $2 AND event = ANY ($3::smallint[]) ORDER BY memory_id, seq`,
    [ids, at, kinds],
  );
  return new Map(rows.map(({ memory_id, event }) => [memory_id, event]));
};
