import type { Database, Queryable } from '../db/pool.js';
import { queryOften } from '../db/prepared.js';
import type { SearchColumns } from '../search/search-columns.js';
import { MARKED_COLUMNS, type MarkedRow } from './row-jcs.js';
import { keptList, type MemoryRow, STATUS_ACTIVE } from './rows.js';

/** Which rows somebody may see. The one place where visibility becomes SQL. */
export interface Viewer {
  readonly userRef: string | null;
  readonly teamRefs: readonly string[];
  readonly organizationRefs: readonly string[];
  /** The scopes of which all may be seen, whosever it is: of a key of the tenant itself that named nobody. */
  readonly allOf: readonly number[];
  /** The scopes that are wanted and granted: 0 user, 1 team, 2 organization, 3 global. */
  readonly scopes: readonly number[];
}

export const viewerValues = (viewer: Viewer): readonly unknown[] => [
  viewer.allOf,
  viewer.userRef,
  viewer.teamRefs,
  viewer.organizationRefs,
  viewer.scopes,
];
/** Uses $1 to $5. Own rows, those of my teams and organizations, and the whole tenant's: wider, never sideways. */
export const VISIBLE = `(
  scope = ANY ($5::smallint[]) AND (scope = ANY ($1::smallint[])
    OR (scope = 0 AND user_ref = $2::uuid)
    OR (scope = 1 AND team_ref = ANY ($3::uuid[]))
    OR (scope = 2 AND organization_ref = ANY ($4::uuid[]))
    OR scope = 3))`;

/** Narrowing by ids of agents, sessions and applications; each is a list because one outside id has a reference a person. */
export interface RefFilter {
  readonly agent: readonly string[] | null;
  readonly session: readonly string[] | null;
  readonly app: readonly string[] | null;
  readonly team: readonly string[] | null;
  readonly organization: readonly string[] | null;
}
/** Expiry is a status that comes by itself: a row past its time is expired whether or not the cleaner has been there. */
const EFFECTIVE_STATUS = 'CASE WHEN status = 0 AND expires_at <= now() THEN 3 ELSE status END';

export const selectMemory = async (db: Queryable, viewer: Viewer, id: string): Promise<MemoryRow | undefined> => {
  const { rows } = await db.query<MemoryRow>(
    `SELECT *, ${EFFECTIVE_STATUS} AS status FROM memories WHERE ${VISIBLE} AND id = $6`,
    [...viewerValues(viewer), id],
  );
  return rows[0];
};

/** Which row a memory is, down to the update that made it, and whether its time is over: equal stamps are equal rows. */
export const STAMP = `xmin::text || ' ' || ctid::text || ' ' || (${EFFECTIVE_STATUS})::text`;

export interface Seen {
  readonly id: string;
  readonly stamp: string;
}

export const selectStamps = (db: Database, viewer: Viewer, ids: readonly string[]): Promise<readonly Seen[]> =>
  queryOften<Seen>(db, `SELECT id, ${STAMP} AS stamp FROM memories WHERE ${VISIBLE} AND id = ANY ($6::uuid[])`, [
    ...viewerValues(viewer),
    ids,
  ]);

export const selectByIds = async (
  db: Queryable,
  viewer: Viewer,
  ids: readonly string[],
): Promise<readonly { readonly row: MemoryRow; readonly stamp: string }[]> => {
  const { rows } = await db.query<MemoryRow & { readonly stamp: string }>(
    `SELECT *, ${EFFECTIVE_STATUS} AS status, ${STAMP} AS stamp FROM memories WHERE ${VISIBLE} AND id = ANY ($6::uuid[])`,
    [...viewerValues(viewer), ids],
  );
  return rows.map(({ stamp, ...row }) => ({ row, stamp }));
};

export const selectExistingIds = async (db: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> => {
  if (ids.length === 0) return new Set();
  const { rows } = await db.query<{ id: string }>('SELECT id FROM memories WHERE id = ANY ($1::uuid[])', [ids]);
  return new Set(rows.map(({ id }) => id));
};

/** Of these keys, the ones that have a memory, in hexadecimal. */
export const selectExistingKeys = async (db: Queryable, tokens: readonly Buffer[]): Promise<ReadonlySet<string>> => {
  if (tokens.length === 0) return new Set();
  const { rows } = await db.query<{ token: string }>(
    `SELECT encode(key_token, 'hex') AS token FROM memories WHERE key_token = ANY ($1::bytea[])`,
    [tokens],
  );
  return new Set(rows.map(({ token }) => token));
};

/** By key token, in hexadecimal. */
export const selectIdsByKey = async (
  db: Queryable,
  tokens: readonly Buffer[],
): Promise<ReadonlyMap<string, string>> => {
  if (tokens.length === 0) return new Map();
  const { rows } = await db.query<{ id: string; token: string }>(
    `SELECT id, encode(key_token, 'hex') AS token FROM memories WHERE key_token = ANY ($1::bytea[])`,
    [tokens],
  );
  return new Map(rows.map(({ id, token }) => [token, id]));
};

/** The row has one of these hashes: the index leads to a few rows, the hash decides. */
export const hasContent = (hashes: string): string =>
  `substr(content_hash, 1, 4) = ANY (ARRAY(SELECT substr(asked, 1, 4) FROM unnest(${hashes}::bytea[]) AS asked))
     AND content_hash = ANY (${hashes}::bytea[])`;

/** Active rows with one of these contents, whoever they belong to; of several the oldest comes last. */
export const selectSameContents = async (db: Queryable, hashes: readonly Buffer[]): Promise<readonly MarkedRow[]> => {
  const { rows } = await db.query(
    `SELECT ${MARKED_COLUMNS}, mac FROM memories
     WHERE ${hasContent('$1')}
       AND status = ${STATUS_ACTIVE} AND (expires_at IS NULL OR expires_at > now())
     ORDER BY created_at DESC, id DESC`,
    [hashes],
  );
  return rows;
};

export const selectIdByKey = async (db: Queryable, token: Buffer): Promise<string | undefined> => {
  const { rows } = await db.query<{ id: string }>('SELECT id FROM memories WHERE key_token = $1', [token]);
  return rows[0]?.id;
};

export const lockMemory = async (db: Queryable, viewer: Viewer, id: string): Promise<MemoryRow | undefined> => {
  const { rows } = await db.query<MemoryRow>(`SELECT * FROM memories WHERE ${VISIBLE} AND id = $6 FOR UPDATE`, [
    ...viewerValues(viewer),
    id,
  ]);
  return rows[0];
};

/** What a version may change; the rest of a row is as long as the row is. */
const VERSIONED = [
  ...(['version', 'sealed', 'envelope', 'content_hash', 'pii', 'pii_counts', 'vector_status', 'status'] as const),
  ...(['confidence', 'importance', 'trust_class', 'trust_score', 'legal_hold', 'audit_event'] as const),
  ...(['expires_at', 'valid_from', 'valid_to', 'updated_at', 'fact_token', 'object_token'] as const),
  ...(['superseded_by', 'supersedes', 'evidence', 'mac'] as const),
] as const satisfies readonly (keyof MemoryRow)[];
const SEARCHED = ['search_tokens', 'clear_metadata', 'index_mark'] as const satisfies readonly (keyof SearchColumns)[];

const UPDATE_ROW = `
  UPDATE memories SET ${[...VERSIONED, ...SEARCHED].map((name, index) => `${name} = $${index + 2}`).join(', ')}
  WHERE id = $1 RETURNING *, ${EFFECTIVE_STATUS} AS status`;

/** The row's next version, in place of the one that the transaction has locked. */
export const updateMemoryRow = async (db: Queryable, row: MemoryRow, search: SearchColumns): Promise<MemoryRow> => {
  const kept = { ...row, pii: keptList(row.pii), pii_counts: keptList(row.pii_counts) };
  const next = { ...kept, supersedes: keptList(row.supersedes), evidence: keptList(row.evidence) };
  const values = [...VERSIONED.map((name) => next[name]), ...SEARCHED.map((name) => search[name])];
  const { rows } = await db.query<MemoryRow>(UPDATE_ROW, [row.id, ...values]);
  const [stored] = rows;
  if (!stored) throw new Error(`Row ${row.id} of memories went away while it was locked`);
  return stored;
};

/** The vector and the work for it; a tombstone tells every index in memory. */
export const dropVector = async (db: Queryable, id: string, partition: string): Promise<void> => {
  await db.query(
    `WITH vector AS (DELETE FROM vectors WHERE memory_id = $1), work AS (DELETE FROM outbox WHERE memory_id = $1)
     INSERT INTO vector_tombstones (memory_id, partition) VALUES ($1, $2)`,
    [id, partition],
  );
};

export const dropVectors = async (
  db: Queryable,
  gone: readonly { readonly id: string; readonly partition: string }[],
): Promise<void> => {
  await db.query(
    `WITH vector AS (DELETE FROM vectors WHERE memory_id = ANY ($1::uuid[])), work AS (DELETE FROM outbox WHERE memory_id = ANY ($1::uuid[]))
     INSERT INTO vector_tombstones (memory_id, partition) SELECT * FROM unnest($1::uuid[], $2::uuid[])`,
    [gone.map(({ id }) => id), gone.map(({ partition }) => partition)],
  );
};

/** The same words under a new version: what is still owed for them is owed to that. */
export const followVersion = async (db: Queryable, id: string, version: number): Promise<void> => {
  await db.query('UPDATE outbox SET version = $2 WHERE memory_id = $1', [id, version]);
};

/** The rows, their vectors and their work go; a tombstone each tells every index in memory. How many vectors went. */
export const deleteMemoryRows = async (
  db: Queryable,
  gone: readonly { readonly id: string; readonly partition: string }[],
): Promise<number> => {
  const { rows } = await db.query<{ count: number }>(
    `WITH row AS (DELETE FROM memories WHERE id = ANY ($1::uuid[])),
          vector AS (DELETE FROM vectors WHERE memory_id = ANY ($1::uuid[]) RETURNING 1),
          work AS (DELETE FROM outbox WHERE memory_id = ANY ($1::uuid[])),
          tombstone AS (INSERT INTO vector_tombstones (memory_id, partition) SELECT * FROM unnest($1::uuid[], $2::uuid[]))
     SELECT count(*) AS count FROM vector`,
    [gone.map(({ id }) => id), gone.map(({ partition }) => partition)],
  );
  return rows[0]?.count ?? 0;
};

/** In the order of their ids, as everybody locks them. Those that are gone or not to be seen are left out. */
export const lockMemories = async (
  db: Queryable,
  viewer: Viewer,
  ids: readonly string[],
): Promise<readonly MemoryRow[]> => {
  if (ids.length === 0) return [];
  const { rows } = await db.query<MemoryRow>(
    `SELECT * FROM memories WHERE ${VISIBLE} AND id = ANY ($6::uuid[]) ORDER BY id FOR UPDATE`,
    [...viewerValues(viewer), ids],
  );
  return rows;
};

export const selectVisible = async (
  db: Queryable,
  viewer: Viewer,
  ids: readonly string[],
): Promise<readonly MemoryRow[]> => {
  if (ids.length === 0) return [];
  const { rows } = await db.query<MemoryRow>(
    `SELECT *, ${EFFECTIVE_STATUS} AS status FROM memories WHERE ${VISIBLE} AND id = ANY ($6::uuid[])`,
    [...viewerValues(viewer), ids],
  );
  return rows;
};

/** What it superseded, what superseded it and what names it as evidence, and so on from there; itself left out. */
export const selectLinked = async (
  db: Queryable,
  viewer: Viewer,
  id: string,
  limit: number,
): Promise<readonly MemoryRow[]> => {
  const { rows } = await db.query<MemoryRow>(
    `WITH RECURSIVE chain (id) AS (
       SELECT $6::uuid
       UNION
       SELECT linked.id FROM chain JOIN memories AS linked
         ON linked.superseded_by = chain.id OR linked.evidence @> ARRAY[chain.id] OR linked.supersedes @> ARRAY[chain.id]
         OR linked.id IN (SELECT unnest(own.supersedes || own.superseded_by) FROM memories AS own WHERE own.id = chain.id)
     )
     SELECT * FROM memories WHERE ${VISIBLE} AND id IN (SELECT id FROM chain) AND id <> $6 ORDER BY id LIMIT $7`,
    [...viewerValues(viewer), id, limit],
  );
  return rows;
};

export const selectVectors = async (
  db: Queryable,
  ids: readonly string[],
): Promise<
  readonly {
    readonly memory_id: string;
    readonly version: number;
    readonly slot: number;
    readonly sealed: boolean;
    readonly vector: Buffer;
  }[]
> => {
  const { rows } = await db.query(
    'SELECT memory_id, version, slot, sealed, vector FROM vectors WHERE memory_id = ANY ($1::uuid[])',
    [ids],
  );
  return rows;
};
