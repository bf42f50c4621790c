import type { Transaction } from '../db/pool.js';
import { closeReviews } from '../reviews/store.js';
import { recountContradictions } from './facts.js';
import { type Deed, recordDeletes } from './history-record.js';
import { partitionOf } from './partition-of.js';
import { addUsage } from './quota.js';
import type { MemoryRow } from './rows.js';
import type { MemoryServiceDeps } from './service.js';
import { deleteMemoryRows } from './store.js';
import { recordDeleted } from './told.js';

export interface Removal {
  readonly auditEvent: string;
  /** Vectors that were there to go with them. */
  readonly vectors: number;
}

/**
 * Rows that the transaction has locked and found free of holds: they, their vectors and their work go at once, and one
 * audit event tells of all. What an index in memory still knows is hidden by the join and told by a tombstone. What the
 * memories said stays in their history, sealed under their owners' keys.
 */
export const removeRows = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  rows: readonly MemoryRow[],
  deed: Deed,
): Promise<Removal> => {
  await recordDeletes(deps, transaction, rows, deed);
  await closeReviews(
    transaction,
    rows.map(({ id }) => id),
    deed.actor,
    deed.at,
  );
  const vectors = await deleteMemoryRows(
    transaction,
    rows.map((row) => ({ id: row.id, partition: partitionOf(row) })),
  );
  await recountContradictions(transaction, rows);
  await addUsage(transaction, countLost(rows), -rows.length);
  const auditEvent = await recordDeleted(deps, transaction, deed, rows);
  return { auditEvent, vectors };
};

const countLost = (rows: readonly MemoryRow[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { user_ref } of rows) if (user_ref !== null) counts.set(user_ref, (counts.get(user_ref) ?? 0) - 1);
  return counts;
};
