import { inRetriedTransaction, type Queryable, type Transaction } from '../db/pool.js';
import type { Bucket } from '../keys/bucket.js';
import { recountContradictions } from '../memories/facts.js';
import { partitionOf } from '../memories/partition-of.js';
import { addUsage } from '../memories/quota.js';
import type { MemoryRow } from '../memories/rows.js';
import type { MemoryServiceDeps } from '../memories/service.js';
import { deleteMemoryRows } from '../memories/store.js';
import { recordDeleted } from '../memories/told.js';

/** Whose rows are meant: by their key, and by the reference that rows carry. */
export interface Erased {
  readonly slot: number;
  readonly userRef: string;
  readonly actor: string;
}

export interface Purged {
  readonly rows: Readonly<Record<string, number>>;
  readonly vectors: number;
  readonly objects: number;
  /** Memories of others that name one of these as their evidence: they stay, with an id that leads nowhere. */
  readonly kept: number;
}

const CHUNK = 500;

/** Everything of the person that can be deleted. What an interrupted run has done is done; a second finds nothing. */
export const purgePerson = async (
  deps: MemoryServiceDeps,
  bucket: Bucket | undefined,
  erased: Erased,
): Promise<Purged> => {
  const memories = await purgeMemories(deps, erased);
  const objects = await purgeObjects(deps, bucket, erased);
  const rows: Record<string, number> = { memories: memories.rows, artifacts: objects };
  for (const table of await selectPersonalTables(deps.db)) {
    const gone = await deleteOfPerson(deps.db, table, erased);
    rows[table.name] = (rows[table.name] ?? 0) + gone;
  }
  rows.transfer_parts = (rows.transfer_parts ?? 0) + (await deleteTenantFiles(deps.db));
  return { rows, vectors: memories.vectors, objects, kept: memories.kept };
};

/** The whole of it is told of in the log: which memories, as deletes, and nothing of what they said. */
const purgeMemories = async (deps: MemoryServiceDeps, erased: Erased) => {
  let [rows, vectors, kept] = [0, 0, 0];
  for (;;) {
    const gone = await inRetriedTransaction(deps.db, (transaction) => purgeChunk(deps, transaction, erased));
    rows += gone.rows;
    vectors += gone.vectors;
    kept += gone.kept;
    if (gone.rows < CHUNK) return { rows, vectors, kept };
  }
};

const purgeChunk = async (deps: MemoryServiceDeps, transaction: Transaction, { slot, userRef, actor }: Erased) => {
  const { rows } = await transaction.query<MemoryRow>(
    'SELECT * FROM memories WHERE user_ref = $1 OR slot = $2 ORDER BY id LIMIT $3 FOR UPDATE',
    [userRef, slot, CHUNK],
  );
  if (rows.length === 0) return { rows: 0, vectors: 0, kept: 0 };
  // All that says it is the person's goes; what says so without being it is on record before it does.
  deps.marks.genuine(rows);
  const ids = rows.map(({ id }) => id);
  const kept = await countBuiltOn(transaction, ids, userRef);
  const gone = rows.map((row) => ({ id: row.id, partition: partitionOf(row) }));
  await transaction.query('DELETE FROM reviews WHERE memory_id = ANY ($1::uuid[])', [ids]);
  await transaction.query('DELETE FROM memory_history WHERE memory_id = ANY ($1::uuid[])', [ids]);
  const vectors = await deleteMemoryRows(transaction, gone);
  await recountContradictions(transaction, rows);
  await addUsage(transaction, new Map(), -rows.length);
  const deed = { actor, at: new Date(), reason: null, auditEvent: deps.newId() };
  await recordDeleted(deps, transaction, deed, rows);
  return { rows: rows.length, vectors, kept };
};

const countBuiltOn = async (db: Queryable, ids: readonly string[], userRef: string): Promise<number> => {
  const { rows } = await db.query<{ count: number }>(
    'SELECT count(*) AS count FROM memories WHERE evidence && $1::uuid[] AND user_ref IS DISTINCT FROM $2::uuid',
    [ids, userRef],
  );
  return rows[0]?.count ?? 0;
};

/** The object before its row: a row that is left is found again, an object without one never. */
const purgeObjects = async ({ db }: MemoryServiceDeps, bucket: Bucket | undefined, erased: Erased): Promise<number> => {
  const { rows } = await db.query<{ id: string; object_name: string }>(
    'SELECT id, object_name FROM artifacts WHERE user_ref = $1 OR slot = $2',
    [erased.userRef, erased.slot],
  );
  for (const { id, object_name } of rows) {
    if (bucket === undefined) throw new Error(`Artifact ${id} lies in a bucket that is not configured any more`);
    await bucket.delete(object_name);
    await db.query('DELETE FROM artifacts WHERE id = $1', [id]);
  }
  return rows.length;
};

interface PersonalTable {
  readonly name: string;
  readonly by_slot: boolean;
  readonly by_user: boolean;
}

/** Whatever table of data says whose its rows are, also one that a later version adds. Tables that only grow are left out. */
export const selectPersonalTables = async (db: Queryable): Promise<readonly PersonalTable[]> => {
  const { rows } = await db.query<PersonalTable>(
    `SELECT relname AS name, bool_or(attname = 'slot') AS by_slot, bool_or(attname = 'user_ref') AS by_user
     FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT attisdropped
       AND attname IN ('slot', 'user_ref') AND obj_description(pg_class.oid, 'pg_class') = 'memplane: data'
     GROUP BY relname ORDER BY relname`,
  );
  return rows;
};

const conditionOf = ({ by_slot, by_user }: PersonalTable): string =>
  [
    by_slot ? 'slot = $1::bigint' : 'false AND $1::bigint = 0',
    by_user ? 'user_ref = $2::uuid' : 'false AND $2::uuid IS NULL',
  ].join(' OR ');

/** The table's name comes from the catalogue, never from a request. */
const deleteOfPerson = async (db: Queryable, table: PersonalTable, { slot, userRef }: Erased): Promise<number> => {
  const { rowCount } = await db.query(`DELETE FROM "${table.name}" WHERE ${conditionOf(table)}`, [slot, userRef]);
  return rowCount ?? 0;
};

/** How many rows of the person are left, over all of these tables. */
export const countLeft = async (
  db: Queryable,
  { slot, userRef }: Erased,
): Promise<{ readonly scanned: readonly string[]; readonly hits: number }> => {
  const tables = await selectPersonalTables(db);
  let hits = 0;
  for (const table of tables) {
    const { rows } = await db.query<{ count: number }>(
      `SELECT count(*) AS count FROM "${table.name}" WHERE ${conditionOf(table)}`,
      [slot, userRef],
    );
    hits += rows[0]?.count ?? 0;
  }
  return { scanned: tables.map(({ name }) => name), hits };
};

/** Files of the whole tenant hold what was the person's too. */
const deleteTenantFiles = async (db: Queryable): Promise<number> => {
  const { rowCount } = await db.query('DELETE FROM transfer_parts WHERE user_ref IS NULL');
  return rowCount ?? 0;
};
