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

export interface Turns {
  readonly turns: ReadonlyMap<string, PastEvent>;
  readonly next: readonly PastEvent[];
}

/** Of each memory the first event of these kinds, and the first of any kind, after this time. */
export const selectFirstTurns = async (
  db: Queryable,
  ids: readonly string[],
  at: Date,
  kinds: readonly number[],
): Promise<Turns> => {
  const first = async (where: string, values: readonly unknown[]): Promise<readonly PastEvent[]> => {
    const { rows } = await db.query<PastEvent>(
      `SELECT DISTINCT ON (memory_id) * FROM memory_history
       WHERE memory_id = ANY ($1::uuid[]) AND at > $2 ${where} ORDER BY memory_id, seq`,
      [ids, at, ...values],
    );
    return rows;
  };
  const turns = await first('AND event = ANY ($3::smallint[])', [kinds]);
  return { turns: new Map(turns.map((event) => [event.memory_id, event])), next: await first('', []) };
};
