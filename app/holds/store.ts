import type { Statement } from '../db/condition.js';
import { BEFORE_ALL } from '../db/first-id.js';
import { demandStep } from '../db/flight.js';
import type { Queryable } from '../db/pool.js';
import { MARKED_COLUMNS, type MarkedRow } from '../memories/row-jcs.js';
import type { RowMarks } from '../memories/row-mac.js';
import { tagsOfRows } from '../memories/touched.js';

export const HOLD_SCOPES = ['memory', 'user', 'tenant'] as const;
export type HoldScope = (typeof HOLD_SCOPES)[number];

export interface HoldRow {
  readonly id: string;
  readonly scope: number;
  readonly memory_id: string | null;
  readonly user_ref: string | null;
  readonly slot: number;
  readonly sealed_detail: Buffer;
  readonly placed_by: string;
  readonly placed_at: Date;
  readonly until: Date | null;
  readonly released_by: string | null;
  readonly released_at: Date | null;
  readonly sealed_release: Buffer | null;
  readonly mac: Buffer;
}

/** What the MAC covers: all of it, in JSON types as they will be read back. */
export const macFieldsOf = (row: Omit<HoldRow, 'mac'>) => ({
  id: row.id,
  scope: row.scope,
  memory_id: row.memory_id,
  user_ref: row.user_ref,
  slot: row.slot,
  sealed_detail: row.sealed_detail.toString('base64'),
  placed_by: row.placed_by,
  placed_at: row.placed_at.toISOString(),
  until: row.until?.toISOString() ?? null,
  released_by: row.released_by,
  released_at: row.released_at?.toISOString() ?? null,
  sealed_release: row.sealed_release?.toString('base64') ?? null,
});

export const insertHold = async (db: Queryable, row: HoldRow): Promise<void> => {
  await db.query(
    `INSERT INTO holds (id, scope, memory_id, user_ref, slot, sealed_detail, placed_by, placed_at, until, mac)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      row.id,
      row.scope,
      row.memory_id,
      row.user_ref,
      row.slot,
      row.sealed_detail,
      row.placed_by,
      row.placed_at,
      row.until,
      row.mac,
    ],
  );
};

export const updateHoldReleased = async (db: Queryable, row: HoldRow): Promise<void> => {
  await db.query('UPDATE holds SET released_by = $2, released_at = $3, sealed_release = $4, mac = $5 WHERE id = $1', [
    row.id,
    row.released_by,
    row.released_at,
    row.sealed_release,
    row.mac,
  ]);
};

/** Released ones too: whether a release is genuine is for its MAC to say. */
const HOLDS_ON = 'holds WHERE memory_id = ANY ($1::uuid[]) OR user_ref = ANY ($2::uuid[]) OR scope = 2';

export const selectHoldsOn = async (
  db: Queryable,
  memoryIds: readonly string[],
  userRefs: readonly string[],
): Promise<readonly HoldRow[]> => {
  const { rows } = await db.query<HoldRow>(`SELECT * FROM ${HOLDS_ON}`, [memoryIds, userRefs]);
  return rows;
};

/**
 * Fails where there is any, standing or not: which of them stand is not for the database to say. Of one person, as most
 * writes are, it is planned once; of a list the server plans it each time.
 */
export const demandNoHolds = (memoryIds: readonly string[], userRefs: readonly string[]): Statement =>
  memoryIds.length === 0 && userRefs.length === 1
    ? demandStep('NOT EXISTS (SELECT FROM holds WHERE user_ref = $1::uuid OR scope = 2)', userRefs)
    : demandStep(`NOT EXISTS (SELECT FROM ${HOLDS_ON})`, [memoryIds, userRefs]);

export const selectHold = async (db: Queryable, id: string, lock = false): Promise<HoldRow | undefined> => {
  const { rows } = await db.query<HoldRow>(`SELECT * FROM holds WHERE id = $1 ${lock ? 'FOR UPDATE' : ''}`, [id]);
  return rows[0];
};

export interface HoldPage {
  readonly after: { readonly createdAt: string; readonly id: string } | null;
  readonly limit: number;
  readonly standingOnly: boolean;
}

/** Newest first. */
export const selectHolds = async (db: Queryable, page: HoldPage): Promise<readonly HoldRow[]> => {
  const { rows } = await db.query<HoldRow>(
    `SELECT * FROM holds
     WHERE ($1::timestamptz IS NULL OR (date_trunc('milliseconds', placed_at), id) < ($1, $2::uuid))
       AND ($3 OR (released_at IS NULL AND (until IS NULL OR until > now())))
     ORDER BY placed_at DESC, id DESC LIMIT $4`,
    [page.after?.createdAt ?? null, page.after?.id ?? null, !page.standingOnly, page.limit],
  );
  return rows;
};

export const selectLapsedHolds = async (db: Queryable): Promise<readonly HoldRow[]> => {
  const { rows } = await db.query<HoldRow>(
    'SELECT * FROM holds WHERE released_at IS NULL AND until <= now() ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED',
  );
  return rows;
};

type Target = Pick<HoldRow, 'scope' | 'memory_id' | 'user_ref'>;

/** Rows that are looked at, marked and written at once: some 2 MB. */
const CHUNK = 5_000;
const ON_TARGET = '($1 = 2 OR ($1 = 1 AND user_ref = $2::uuid) OR ($1 = 0 AND id = $3::uuid))';

/** Waits for whoever is deleting these rows, as they wait for the hold. Answers with what is known of them by tag. */
export const markHeld = (db: Queryable, marks: RowMarks, target: Target): Promise<ReadonlySet<string>> =>
  flipHeld(db, marks, target, true, 'NOT legal_hold');

/** Of the rows that a hold was on, those that no other hold is on. */
export const unmarkHeld = (db: Queryable, marks: RowMarks, target: Target): Promise<ReadonlySet<string>> =>
  flipHeld(
    db,
    marks,
    target,
    false,
    `legal_hold AND NOT EXISTS (
       SELECT 1 FROM holds WHERE released_at IS NULL AND (until IS NULL OR until > now())
         AND (scope = 2 OR user_ref = memories.user_ref OR memory_id = memories.id))`,
  );

/** A row that was forged gets no new MAC: it stays refused. */
const flipHeld = async (
  db: Queryable,
  marks: RowMarks,
  target: Target,
  legal_hold: boolean,
  where: string,
): Promise<ReadonlySet<string>> => {
  const tags = new Set<string>();
  for (let after = BEFORE_ALL; ; ) {
    const { rows } = await db.query<MarkedRow>(
      `SELECT ${MARKED_COLUMNS}, mac FROM memories WHERE ${ON_TARGET} AND id > $4 AND ${where}
       ORDER BY id LIMIT ${CHUNK} FOR UPDATE`,
      [target.scope, target.user_ref, target.memory_id, after],
    );
    const last = rows.at(-1);
    if (!last) return tags;
    for (const tag of tagsOfRows(rows)) tags.add(tag);
    const macs = rows.map((row) => (marks.isGenuine(row) ? marks.mac({ ...row, legal_hold }) : row.mac));
    await db.query(
      `UPDATE memories SET legal_hold = $3, mac = marked.mac
       FROM unnest($1::uuid[], $2::bytea[]) AS marked (id, mac) WHERE memories.id = marked.id`,
      [rows.map(({ id }) => id), macs, legal_hold],
    );
    after = last.id;
  }
};
