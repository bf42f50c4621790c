import { RETRYABLE, UNIQUE_VIOLATION } from '../db/errors.js';
import type { Step } from '../db/flight.js';
import { inRetriedTransaction, type Transaction } from '../db/pool.js';
import { findHolds } from '../holds/holds.js';
import { Problem } from '../http/errors.js';
import { insertReviews, type NewReview } from '../reviews/store.js';
import { admitRows, isMember, type Matched, type WriteOutcome } from './admit.js';
import { recountContradictions } from './facts.js';
import { givenIds, isPlain } from './group.js';
import { addUsage, countByUser, reserveRoom } from './quota.js';
import { copyMemories, copyOutbox, copyVectors, type NewMemoryRow, OUTBOX_EMBED, VECTOR_PENDING } from './rows.js';
import { selectExistingIds, selectExistingKeys } from './store.js';
import { recordWritten } from './told.js';
import type { PreparedRow, WriteContext } from './write-context.js';

/** The last thing in the transaction of a write, with its rows in place: what the caller will be told. */
export type Settle<T> = (transaction: Transaction, outcomes: readonly WriteOutcome[]) => Promise<T>;

/** What becomes of drafts that are there already, in other words or in the same. */
export interface Matching {
  /** Whether any of these could be about a memory that is there. */
  concerns(rows: readonly PreparedRow[]): boolean;
  find(transaction: Transaction, rows: readonly PreparedRow[]): Promise<ReadonlyMap<PreparedRow, Matched>>;
  /** Brings what the draft adds into the memory that was matched. */
  apply(transaction: Transaction, row: PreparedRow, matched: Matched): Promise<WriteOutcome>;
}

/** What is kept of a write beside it: statements that need to look at nothing. */
export interface Keeping<T> {
  /** What the caller will be told when every row is written. */
  readonly told: () => T | Promise<T>;
  readonly steps: (told: T) => readonly Step[];
}

/** As `writeRows`, in one round trip and together with others where nothing stands against it. */
export const writeTogether = async <T>(
  context: WriteContext,
  rows: readonly PreparedRow[],
  { told, steps }: Keeping<T>,
  otherwise: () => Promise<T>,
  matching?: Matching,
): Promise<T> => {
  if (rows.length === 0 || !isPlain(context, rows) || matching?.concerns(rows)) return otherwise();
  const whole = await told();
  return (await context.group.write({ context, rows, beside: steps(whole) })) ? whole : otherwise();
};

/**
 * Rows, vectors, owed work, counters and the audit event in one transaction. With `partial`, rows that do not fit or exist
 * already are refused one by one; without, the first such row refuses all.
 */
export const writeRows = <T>(
  context: WriteContext,
  rows: readonly PreparedRow[],
  partial: boolean,
  settle: Settle<T>,
  matching?: Matching,
): Promise<T> =>
  inRetriedTransaction(
    context.db,
    (transaction) => writeWithin(transaction, context, rows, { partial, settle, matching }),
    // Another writer committed the same id between our look and our write: looking again decides.
    (code) => RETRYABLE.has(code) || code === UNIQUE_VIOLATION,
  );

export interface WriteOptions<T> {
  readonly partial: boolean;
  readonly settle: Settle<T>;
  readonly matching?: Matching | undefined;
}

/** The same in a transaction that does more than this. */
export const writeWithin = async <T>(
  transaction: Transaction,
  context: WriteContext,
  rows: readonly PreparedRow[],
  { partial, settle, matching }: WriteOptions<T>,
): Promise<T> => {
  const matched = (await matching?.find(transaction, rows)) ?? NOTHING_MATCHED;
  const admitted = await admit(transaction, context, rows, matched);
  const refused = admitted.find((outcome) => outcome.kind === 'refused');
  if (refused?.kind === 'refused' && !partial) throw refused.problem;
  const written = rows.filter((_, index) => admitted[index]?.kind === 'created');
  if (written.length > 0) await copyAll(transaction, context, written);
  const outcomes: WriteOutcome[] = [];
  for (const [index, outcome] of admitted.entries()) {
    const row = rows[index];
    outcomes.push(
      outcome.kind === 'matched' && row && matching
        ? await applyMatch(matching, transaction, row, outcome.matched, partial)
        : outcome,
    );
  }
  const settled = await settle(transaction, outcomes);
  if (written.length > 0) await addUsage(transaction, countByUser(written), written.length);
  return settled;
};

const NOTHING_MATCHED: ReadonlyMap<PreparedRow, Matched> = new Map();

const NO_IDS: ReadonlySet<string> = new Set();

const admit = async (
  transaction: Transaction,
  { quotas, principal }: WriteContext,
  rows: readonly PreparedRow[],
  matched: ReadonlyMap<PreparedRow, Matched>,
): Promise<readonly WriteOutcome[]> => {
  const given = givenIds(rows);
  const ids = given.length === 0 ? NO_IDS : await selectExistingIds(transaction, given);
  const keys = await selectExistingKeys(
    transaction,
    rows.flatMap(({ row }) => row.key_token ?? []),
  );
  const room = await reserveRoom(transaction, quotas, countByUser(rows), rows.length);
  const strangers = new Set(rows.filter(({ row }) => !isMember(principal, row)));
  return admitRows(rows, { strangers, ids, keys, matched }, room, quotas);
};

const copyAll = async (
  transaction: Transaction,
  context: WriteContext,
  written: readonly PreparedRow[],
): Promise<void> => {
  const rows = await markHeld(transaction, context, written);
  await copyMemories(transaction, rows, context.marks.mac);
  await copyVectors(
    transaction,
    written.flatMap(({ vector }) => vector ?? []),
  );
  const owed = written.filter(({ row }) => row.vector_status === VECTOR_PENDING);
  await copyOutbox(
    transaction,
    owed.map(({ row }) => ({ kind: OUTBOX_EMBED, memory_id: row.id, version: row.version })),
  );
  await insertReviews(
    transaction,
    written.flatMap((prepared) => (prepared.quarantine.length > 0 ? [buildReview(context, prepared)] : [])),
  );
  await recountContradictions(transaction, rows);
  await recordWritten(context, transaction, { auditEvent: context.auditEvent, reason: null }, 'created', written);
};

/** What a person writes while all that is theirs is held is held from its beginning. */
const markHeld = async (
  transaction: Transaction,
  { vault }: WriteContext,
  written: readonly PreparedRow[],
): Promise<readonly NewMemoryRow[]> => {
  const rows = written.map(({ row }) => row);
  const holds = await findHolds(vault, transaction, rows, givenIds(written));
  return holds.size === 0 ? rows : rows.map((row) => (holds.has(row.id) ? { ...row, legal_hold: true } : row));
};

const buildReview = ({ newId, principal, now }: WriteContext, { row, quarantine }: PreparedRow): NewReview => ({
  id: newId(),
  kind: 'quarantine',
  memory_id: row.id,
  slot: row.slot,
  reasons: quarantine,
  sealed_detail: null,
  requested_by: principal.keyId,
  requester_ref: principal.userRef,
  created_at: now,
});

/** What it refuses it refuses before it writes, so that the transaction goes on. */
const applyMatch = async (
  matching: Matching,
  transaction: Transaction,
  row: PreparedRow,
  matched: Matched,
  partial: boolean,
): Promise<WriteOutcome> => {
  try {
    return await matching.apply(transaction, row, matched);
  } catch (cause) {
    if (partial && cause instanceof Problem) return { kind: 'refused', problem: cause };
    throw cause;
  }
};
