import { and, type Bind, buildStatement, type Condition } from '../db/condition.js';
import type { Queryable } from '../db/pool.js';
import { type MemoryRow, VECTOR_PENDING } from '../memories/rows.js';
import type { StoredVector } from '../vectors/feed.js';
import { isStale } from './filter/compile.js';
import { EFFECTIVE_STATUS } from './filter/fields.js';

/** What a presented memory needs; the tokens, which are a third of a row, stay where they are. */
const COLUMNS: Readonly<Record<Exclude<keyof MemoryRow, 'status'>, true>> = {
  id: true,
  version: true,
  slot: true,
  sealed: true,
  envelope: true,
  content_hash: true,
  user_ref: true,
  agent_ref: true,
  session_ref: true,
  app_ref: true,
  team_ref: true,
  organization_ref: true,
  scope: true,
  vector_status: true,
  confidence: true,
  importance: true,
  source_kind: true,
  trust_class: true,
  trust_score: true,
  legal_hold: true,
  contradictions: true,
  pii: true,
  pii_counts: true,
  supersedes: true,
  superseded_by: true,
  evidence: true,
  expires_at: true,
  valid_from: true,
  valid_to: true,
  created_at: true,
  updated_at: true,
  created_by: true,
  key_token: true,
  sealed_key: true,
  fact_token: true,
  object_token: true,
  audit_event: true,
  mac: true,
};

export const ROW_COLUMNS = `${Object.keys(COLUMNS)
  .map((name) => `memories.${name}`)
  .join(', ')}, ${EFFECTIVE_STATUS} AS status`;

const run = async <Row extends object>(db: Queryable, build: (bind: Bind) => string): Promise<readonly Row[]> => {
  const { text, values } = buildStatement(build);
  const { rows } = await db.query<Row>(text, [...values]);
  return rows;
};

/** The candidates that exist and may be seen: whatever an index says, this decides. */
export const selectCandidates = (
  db: Queryable,
  allowed: Condition,
  ids: readonly string[],
): Promise<readonly MemoryRow[]> =>
  run(db, (bind) => `SELECT ${ROW_COLUMNS} FROM memories WHERE id = ANY (${bind(ids)}::uuid[]) AND ${allowed(bind)}`);

/** The newest rows that have no vector yet. */
export const selectPendingIds = async (
  db: Queryable,
  allowed: Condition,
  limit: number,
): Promise<readonly string[]> => {
  const rows = await run<{ id: string }>(
    db,
    (bind) => `SELECT id FROM memories WHERE vector_status = ${VECTOR_PENDING} AND ${allowed(bind)}
      ORDER BY created_at DESC LIMIT ${bind(limit)}`,
  );
  return rows.map(({ id }) => id);
};

/** Ids of what a condition lets through, newest first; more than asked for means that there are too many. */
export const selectIds = async (db: Queryable, allowed: Condition, limit: number): Promise<readonly string[]> => {
  const rows = await run<{ id: string }>(
    db,
    (bind) => `SELECT id FROM memories WHERE ${allowed(bind)} ORDER BY created_at DESC LIMIT ${bind(limit)}`,
  );
  return rows.map(({ id }) => id);
};

export const selectNewest = (db: Queryable, allowed: Condition, limit: number): Promise<readonly MemoryRow[]> =>
  run(
    db,
    (bind) => `SELECT ${ROW_COLUMNS} FROM memories WHERE ${allowed(bind)}
      ORDER BY created_at DESC, id DESC LIMIT ${bind(limit)}`,
  );

/** By the two ends of the index, whatever the planner thinks of what lies between. */
export const someStale = (mark: number): string =>
  `(coalesce((SELECT min(index_mark) FROM memories), ${mark}) < ${mark}
    OR coalesce((SELECT max(index_mark) FROM memories), ${mark}) > ${mark})`;

/** Rows that no token finds yet. */
export const selectStale = (db: Queryable, allowed: Condition, mark: number, limit: number) =>
  selectNewest(db, and([allowed, () => `(${isStale(mark)})`]), limit);

export interface TokenMatches {
  readonly rows: readonly MemoryRow[];
  /** How many rows were matched, and how many by each term: what makes a term rare. */
  readonly total: number;
  readonly frequencies: readonly number[];
  /** Some rows are not indexed as the settings say: tokens do not find all. */
  readonly stale: boolean;
}

/** A term as a token in each slot that may hold the rows. */
export type TermTokens = readonly number[];

/** So many matching rows are weighed at most; more than that share words that say nothing. */
const MAX_WEIGHED = 10_000;

/** The rows with the rarest and the most of the terms. */
export const selectByTokens = async (
  db: Queryable,
  allowed: Condition,
  terms: readonly TermTokens[],
  mark: number,
  limit: number,
): Promise<TokenMatches> => {
  const rows = await run<MemoryRow & { stale: boolean; total: number | null; frequencies: number[] | null }>(
    db,
    (bind) => buildTokenQuery(bind, allowed, terms, mark, limit),
  );
  const [first] = rows;
  return {
    rows: rows.filter(({ id }) => id !== null),
    total: first?.total ?? 0,
    frequencies: first?.frequencies ?? terms.map(() => 0),
    stale: first?.stale ?? false,
  };
};

const buildTokenQuery = (
  bind: Bind,
  allowed: Condition,
  terms: readonly TermTokens[],
  mark: number,
  limit: number,
): string => {
  const all = `${bind(terms.flat())}::integer[]`;
  const hits = terms.map((tokens, term) => `(search_tokens && ${bind(tokens)}::integer[])::integer AS h${term}`);
  const sums = terms.map((_, term) => `sum(h${term})`);
  const weights = terms.map((_, term) => `h${term} * ln(1 + total / (0.5 + frequencies[${term + 1}]))`);
  // The fence (OFFSET 0) keeps the tokens the way in: they are the person's own, so no other index says more.
  return `
    WITH hits AS MATERIALIZED (
      SELECT id, created_at, ${hits.join(', ')}
      FROM (SELECT * FROM memories WHERE search_tokens && ${all} OFFSET 0) AS memories
      WHERE ${allowed(bind)} LIMIT ${MAX_WEIGHED}
    ), counted AS MATERIALIZED (
      SELECT count(*)::float8 AS total, ARRAY[${sums.join(', ')}]::float8[] AS frequencies FROM hits
    ), best AS (
      SELECT id, created_at, ${weights.join(' + ')} AS weight, total, frequencies FROM hits, counted
      ORDER BY weight DESC, created_at DESC, id DESC LIMIT ${bind(limit)}
    )
    SELECT marks.stale, best.total, best.frequencies, ${ROW_COLUMNS}
    FROM (SELECT ${someStale(mark)} AS stale) AS marks
    LEFT JOIN (best JOIN memories USING (id)) ON true`;
};

export const selectVectorsOf = (
  db: Queryable,
  ids: readonly string[],
  model: string,
): Promise<readonly StoredVector[]> =>
  run(
    db,
    (bind) => `SELECT memory_id, version, slot, partition, sealed, vector, change FROM vectors
      WHERE memory_id = ANY (${bind(ids)}::uuid[]) AND model = ${bind(model)}`,
  );

export type Owner = Pick<MemoryRow, 'slot' | 'scope' | 'user_ref' | 'team_ref' | 'organization_ref'>;

/** Who shares the rows that a condition lets through, each once; more than asked for means that there are too many. */
export const selectOwners = (db: Queryable, allowed: Condition, limit: number): Promise<readonly Owner[]> =>
  run<Owner>(
    db,
    (bind) => `SELECT DISTINCT slot, scope, CASE scope WHEN 0 THEN user_ref END AS user_ref,
        CASE scope WHEN 1 THEN team_ref END AS team_ref, CASE scope WHEN 2 THEN organization_ref END AS organization_ref
      FROM memories WHERE ${allowed(bind)} LIMIT ${bind(limit)}`,
  );

export interface Place {
  readonly time: string;
  readonly id: string;
}
export interface Page {
  readonly column: 'created_at' | 'updated_at';
  readonly descending: boolean;
  /** The last row of the page before. */
  readonly after: Place | null;
  readonly limit: number;
  /** Rows behind that to pass over. @default 0 */
  readonly skip?: number | undefined;
}

/** A cursor has milliseconds; times of changes may be finer. Those of writing never are, and have an index. */
const SORTED = { created_at: 'created_at', updated_at: `date_trunc('milliseconds', updated_at)` } as const;

export const selectPage = (db: Queryable, allowed: Condition, page: Page): Promise<readonly MemoryRow[]> => {
  const [sign, direction] = page.descending ? ['<', 'DESC'] : ['>', 'ASC'];
  const time = SORTED[page.column];
  const { after } = page;
  return run(db, (bind) => {
    const behind = after ? `AND (${time}, id) ${sign} (${bind(after.time)}::timestamptz, ${bind(after.id)}::uuid)` : '';
    return `SELECT ${ROW_COLUMNS} FROM memories WHERE ${allowed(bind)} ${behind}
      ORDER BY ${time} ${direction}, id ${direction} LIMIT ${bind(page.limit)} OFFSET ${bind(page.skip ?? 0)}`;
  });
};

export const countRows = async (db: Queryable, allowed: Condition): Promise<number> => {
  const [row] = await run<{ count: number }>(
    db,
    (bind) => `SELECT count(*) AS count FROM memories WHERE ${allowed(bind)}`,
  );
  return row?.count ?? 0;
};
