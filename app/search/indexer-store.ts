import { type Database, inTransaction, type Queryable } from '../db/pool.js';
import type { MemoryRow } from '../memories/rows.js';
import { isStale } from './filter/compile.js';
import type { SearchColumns } from './search-columns.js';
import { someStale } from './store.js';

export type StaleRow = Pick<
  MemoryRow,
  | 'id'
  | 'version'
  | 'slot'
  | 'sealed'
  | 'envelope'
  | 'sealed_key'
  | 'scope'
  | 'user_ref'
  | 'team_ref'
  | 'organization_ref'
>;

const selectStaleRows = async (db: Queryable, mark: number, limit: number): Promise<readonly StaleRow[]> => {
  const { rows } = await db.query<StaleRow>(
    `SELECT id, version, slot, sealed, envelope, sealed_key, scope, user_ref, team_ref, organization_ref FROM memories
     WHERE ${someStale(mark)} AND (${isStale(mark)}) LIMIT $1 FOR UPDATE SKIP LOCKED`,
    [limit],
  );
  return rows;
};

const updateColumns = async (db: Queryable, columns: ReadonlyMap<string, SearchColumns>): Promise<void> => {
  const all = [...columns.values()];
  // Arrays of one length each cannot be an array of arrays: they travel as text.
  await db.query(
    `UPDATE memories SET search_tokens = done.tokens::integer[], clear_metadata = done.clear::jsonb, index_mark = done.mark
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::integer[]) AS done (id, tokens, clear, mark)
     WHERE memories.id = done.id`,
    [
      [...columns.keys()],
      all.map(({ search_tokens: tokens }) => (tokens === null ? null : `{${tokens.join(',')}}`)),
      all.map(({ clear_metadata }) => clear_metadata),
      all.map(({ index_mark }) => index_mark),
    ],
  );
};

/** Indexes the next rows that carry another mark; says how many there were. Any number of replicas may do so at once. */
export const indexNextRows = (
  db: Database,
  mark: number,
  limit: number,
  index: (rows: readonly StaleRow[]) => Promise<ReadonlyMap<string, SearchColumns>>,
): Promise<number> =>
  inTransaction(db, async (transaction) => {
    const rows = await selectStaleRows(transaction, mark, limit);
    if (rows.length > 0) await updateColumns(transaction, await index(rows));
    return rows.length;
  });
