import { buildStatement, type Condition } from '../db/condition.js';
import type { Database, Queryable, Transaction } from '../db/pool.js';
import type { HistoryRow } from '../memories/history-store.js';
import type { MemoryRow } from '../memories/rows.js';

/** One moment of the whole database, for as long as it is open. A client that does not read for a minute loses it. */
export const openSnapshot = async (
  db: Database,
): Promise<{ readonly transaction: Transaction; close(): Promise<void> }> => {
  const client = await db.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    await client.query("SET LOCAL idle_in_transaction_session_timeout = '60s'");
    // The first statement is what fixes the moment.
    await client.query('SELECT 1 FROM memories LIMIT 1');
  } catch (cause) {
    client.release(true);
    throw cause;
  }
  return {
    transaction: client,
    close: async () => {
      let broken: Error | boolean = false;
      await client.query('ROLLBACK').catch((error: Error) => {
        broken = error;
      });
      client.release(broken);
    },
  };
};

/** In the order of their ids. */
export const selectExported = async (
  db: Queryable,
  condition: Condition,
  after: string,
  limit: number,
): Promise<readonly MemoryRow[]> => {
  const { text, values } = buildStatement(
    (bind) =>
      `SELECT * FROM memories WHERE ${condition(bind)} AND id > ${bind(after)}::uuid ORDER BY id LIMIT ${bind(limit)}`,
  );
  return (await db.query<MemoryRow>(text, [...values])).rows;
};

export const selectHistoryOf = async (db: Queryable, ids: readonly string[]): Promise<readonly HistoryRow[]> => {
  const { rows } = await db.query<HistoryRow>(
    'SELECT * FROM memory_history WHERE memory_id = ANY ($1::uuid[]) ORDER BY memory_id, seq',
    [ids],
  );
  return rows;
};

export interface ExportedVector {
  readonly memory_id: string;
  readonly version: number;
  readonly slot: number;
  readonly model: string;
  readonly sealed: boolean;
  readonly vector: Buffer;
}

export const selectVectorsOf = async (db: Queryable, ids: readonly string[]): Promise<readonly ExportedVector[]> => {
  const { rows } = await db.query<ExportedVector>(
    'SELECT memory_id, version, slot, model, sealed, vector FROM vectors WHERE memory_id = ANY ($1::uuid[])',
    [ids],
  );
  return rows;
};

/** Events of the log as their exact bytes; of one person when a pseudonym is given. */
export const selectAuditBytes = async (
  db: Queryable,
  subject: string | null,
  after: number,
  limit: number,
): Promise<readonly { readonly seq: number; readonly bytes: Buffer }[]> => {
  const { rows } = await db.query<{ seq: number; bytes: Buffer }>(
    `SELECT seq, bytes FROM audit_events
     WHERE seq > $2 AND ($1::text IS NULL OR convert_from(bytes, 'UTF8')::jsonb ->> 'subject' = $1)
     ORDER BY seq LIMIT $3`,
    [subject, after, limit],
  );
  return rows;
};
