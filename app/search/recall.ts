import { type Bind, buildStatement } from '../db/condition.js';
import { queryOften } from '../db/prepared.js';
import { type MemoryRow, VECTOR_PENDING } from '../memories/rows.js';
import { STAMP } from '../memories/store.js';
import { begunAfter, runningAt, UNSEEN, type VectorChange } from '../vectors/feed.js';
import type { Proposal } from '../vectors/vector-store.js';
import type { Candidate } from './candidate.js';
import type { SearchDeps } from './search-deps.js';
import { recallKnown, type Seen, settle, settledSince } from './settled.js';
import type { SearchSpace } from './space.js';
import { ROW_COLUMNS } from './store.js';

const CHANGE = 1;
const SEEN = 2;
const PENDING = 3;
/** Where so much has happened some of it is new. */
const MOST_CHANGES = 200;
/** Whoever is in more groups than that is answered the longer way. */
const MOST_PARTITIONS = 6;

/** One row of the statement, whose parts have their own use of the columns. */
interface Told {
  readonly kind: number;
  readonly id: string | null;
  /** The watermark, the partition of a change, or the stamp of a row. */
  readonly word: string;
  readonly change: number | null;
  readonly gone: boolean | null;
}

/**
 * The nearest rows, in one round trip: what the index has in memory is proposed, and where a look at the changes does not
 * say that nothing has happened, one statement, of one snapshot, says
 * what happened since, which of these rows may be seen, and whether they are still what they were when they were opened.
 * Nothing when that is not enough: a vector is new, a row waits for its vector, or too few may be seen.
 */
export const recallNearest = async (
  deps: SearchDeps,
  space: SearchSpace,
  vector: Float32Array,
  { count, slack }: { readonly count: number; readonly slack: number },
): Promise<readonly Candidate[] | undefined> => {
  if (space.partitions.length > MOST_PARTITIONS) return undefined;
  const settled = settledSince(deps, space);
  // Asked before the index is, which takes longer than the database to answer.
  const looking = settled === undefined ? undefined : deps.changes.look();
  looking?.catch(() => undefined);
  const proposal = deps.vectors.propose?.(space.partitions, vector, count + slack);
  const moment = await looking;
  if (proposal === undefined) return undefined;
  const known =
    moment && settled !== undefined && recallKnown(deps, space, { proposal, since: settled, moment, count });
  if (known) return known;
  const since = deps.changes.revision();
  const told = await selectTold(deps, space, proposal);
  const stamps = new Map<string, string>();
  const changes: VectorChange[] = [];
  let watermark: string | undefined;
  for (const { kind, id, word, change, gone } of told) {
    if (kind === PENDING) return undefined;
    if (id === null) watermark = word;
    else if (kind === SEEN) stamps.set(id, word);
    else changes.push({ memory_id: id, partition: word, change: change ?? 0, gone: gone ?? false });
  }
  // As many as were asked for: there may be more.
  if (changes.length >= MOST_CHANGES) return undefined;
  if (watermark === undefined || !proposal.accept({ watermark, changes })) return undefined;
  settle(deps, space, { proposal, stamps, since });
  if (stamps.size < count && !proposal.exhausted) return undefined;
  return openNearest(deps, space, { proposal, stamps, count, since });
};

const selectTold = ({ db, embedder }: SearchDeps, space: SearchSpace, { hits, watermarks }: Proposal) => {
  // The rows are looked up by their ids and judged afterwards: the planner would rather walk through all of a person's.
  const { text, values } = buildStatement(
    (bind) => `
    SELECT 0 AS kind, NULL::uuid AS id, pg_current_snapshot()::text AS word,
      NULL::bigint AS change, NULL::boolean AS gone
    ${space.partitions.map((name, at) => changesOf(bind, name, watermarks[at] ?? UNSEEN, embedder.model)).join('')}
    UNION ALL
    SELECT ${SEEN}, memories.id, ${STAMP}, NULL, NULL
    FROM unnest(${bind(hits.map(({ id }) => id))}::uuid[]) AS wanted (wanted_id)
      CROSS JOIN LATERAL (SELECT *, xmin, ctid FROM memories WHERE memories.id = wanted_id OFFSET 0) AS memories
    WHERE ${space.allowed(bind)}
    UNION ALL
    (SELECT ${PENDING}, id, '', NULL, NULL FROM memories
      WHERE vector_status = ${VECTOR_PENDING} AND ${space.allowed(bind)} LIMIT 1)`,
  );
  return queryOften<Told & object>(db, text, values);
};

/** By the index that is sorted so, whatever the planner thinks of a partition that it does not know. */
const changesOf = (bind: Bind, name: string, watermark: string, model: string): string => {
  const snapshot = `${bind(watermark)}::pg_snapshot`;
  const where = `partition = ${bind(name)}::uuid`;
  const there = { snapshot, table: 'vectors', where: `${where} AND model = ${bind(model)}` } as const;
  const gone = { snapshot, table: 'vector_tombstones', where } as const;
  const columns = `UNION ALL (SELECT ${CHANGE}, memory_id, partition::text, change`;
  const order = `ORDER BY change_xid LIMIT ${MOST_CHANGES})`;
  return `${columns}, false ${begunAfter(there)} ${order} ${columns}, false ${runningAt(there)} ${order}
    ${columns}, true ${begunAfter(gone)} ${order} ${columns}, true ${runningAt(gone)} ${order}
    `;
};

/** The best of those that may be seen: as they were opened before, or as rows that are opened when they are shown. */
const openNearest = async (
  { db, reader }: SearchDeps,
  space: SearchSpace,
  { proposal, stamps, count, since }: Seen & { readonly count: number },
): Promise<readonly Candidate[] | undefined> => {
  const best = proposal.hits.filter(({ id }) => stamps.has(id)).slice(0, count);
  const found = new Map<string, Found>();
  const unknown: string[] = [];
  for (const { id } of best) {
    const read = reader.known({ id, stamp: stamps.get(id) ?? '' }, since);
    if (read) found.set(id, { row: read.row, memory: read.memory });
    else unknown.push(id);
  }
  if (unknown.length > 0) {
    const rows = await selectStamped(db, space, unknown);
    // Some went between the two looks: looked for again, by the way that looks further.
    if (rows.length < unknown.length) return undefined;
    for (const row of rows) found.set(row.id, { row, stamp: { stamp: row.stamp, since } });
  }
  return best.flatMap(({ id, score }) => {
    const one = found.get(id);
    return one ? [{ ...one, semantic: score, keyword: null, matched: [] }] : [];
  });
};

type Found = Pick<Candidate, 'row' | 'memory' | 'stamp'>;

const selectStamped = (db: SearchDeps['db'], space: SearchSpace, ids: readonly string[]) => {
  const { text, values } = buildStatement(
    (bind) => `SELECT ${ROW_COLUMNS}, ${STAMP} AS stamp
      FROM unnest(${bind(ids)}::uuid[]) AS wanted (wanted_id)
        CROSS JOIN LATERAL (SELECT *, xmin, ctid FROM memories WHERE memories.id = wanted_id OFFSET 0) AS memories
      WHERE ${space.allowed(bind)}`,
  );
  return queryOften<MemoryRow & { readonly stamp: string }>(db, text, values);
};
