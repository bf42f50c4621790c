import { RETRYABLE, UNIQUE_VIOLATION } from '../db/errors.js';
import { inRetriedTransaction, type Transaction } from '../db/pool.js';
import { admitRows, isMember, type WriteOutcome } from './admit.js';
import type { PreparedRow, WriteContext } from './prepare.js';
import { addUsage, reserveRoom } from './quota.js';
import { copyMemories, copyOutbox, copyVectors, OUTBOX_EMBED, VECTOR_PENDING } from './rows.js';
import { selectExistingIds, selectExistingKeys } from './store.js';

/** The last thing in the transaction of a write, with its rows in place: what the caller will be told. */
export type Settle<T> = (transaction: Transaction, outcomes: readonly WriteOutcome[]) => Promise<T>;

/**
 * Rows, vectors, owed work and counters in one transaction. With `partial`, rows that do not fit or exist already are
 * refused one by one; without, the first such row refuses all.
 */
export const writeRows = <T>(
  context: WriteContext,
  rows: readonly PreparedRow[],
  partial: boolean,
  settle: Settle<T>,
): Promise<T> =>
  inRetriedTransaction(
    context.db,
    (transaction) => writeOnce(transaction, context, rows, partial, settle),
    // Another writer committed the same id between our look and our write: looking again decides.
    (code) => RETRYABLE.has(code) || code === UNIQUE_VIOLATION,
  );

const writeOnce = async <T>(
  transaction: Transaction,
  { quotas, principal }: Pick<WriteContext, 'quotas' | 'principal'>,
  rows: readonly PreparedRow[],
  partial: boolean,
  settle: Settle<T>,
): Promise<T> => {
  const existing = await selectExistingIds(
    transaction,
    rows.map(({ row }) => row.id),
  );
  const existingKeys = await selectExistingKeys(
    transaction,
    rows.flatMap(({ row }) => row.key_token ?? []),
  );
  const room = await reserveRoom(transaction, quotas, countByUser(rows), rows.length);
  const strangers = new Set(rows.filter(({ row }) => !isMember(principal, row)));
  const outcomes = admitRows(rows, strangers, { ids: existing, keys: existingKeys }, room, quotas);
  const refused = outcomes.find((outcome) => outcome.kind === 'refused');
  if (refused?.kind === 'refused' && !partial) throw refused.problem;
  const written = rows.filter((_, index) => outcomes[index]?.kind === 'created');
  if (written.length === 0) return settle(transaction, outcomes);
  await copyMemories(
    transaction,
    written.map(({ row }) => row),
  );
  await copyVectors(
    transaction,
    written.flatMap(({ vector }) => vector ?? []),
  );
  const owed = written.filter(({ row }) => row.vector_status === VECTOR_PENDING);
  await copyOutbox(
    transaction,
    owed.map(({ row }) => ({ kind: OUTBOX_EMBED, memory_id: row.id, version: row.version })),
  );
  const settled = await settle(transaction, outcomes);
  await addUsage(transaction, countByUser(written), written.length);
  return settled;
};

const countByUser = (rows: readonly PreparedRow[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { row } of rows) if (row.user_ref !== null) counts.set(row.user_ref, (counts.get(row.user_ref) ?? 0) + 1);
  return counts;
};
