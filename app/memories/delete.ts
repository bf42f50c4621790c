import { inRetriedTransaction } from '../db/pool.js';
import { recordDelete } from './history-record.js';
import { partitionOf } from './partition-of.js';
import { addUsage } from './quota.js';
import type { Caller, MemoryServiceDeps } from './service.js';
import { deleteMemoryRow, lockMemory, selectMemory } from './store.js';
import { checkChangeable, missing } from './version.js';
import { resolveViewerOfOne } from './viewer.js';

export interface ChangeOptions {
  readonly ifMatch: string | undefined;
  readonly reason: string | null;
}

/**
 * The row, its vector and its work at once; what an index in memory still knows is hidden by the join and told by a
 * tombstone. What the memory said stays in its history, sealed under its owner's key.
 */
export const deleteMemory = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  { ifMatch, reason }: ChangeOptions,
): Promise<void> => {
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers);
  const seen = await selectMemory(deps.db, viewer, id);
  if (!seen) throw missing(id);
  // Keys may have to be fetched: not while a row is locked.
  await deps.vault.prepare([seen.slot]);
  await inRetriedTransaction(deps.db, async (transaction) => {
    const row = await lockMemory(transaction, viewer, id);
    if (!row) throw missing(id);
    checkChangeable(row, ifMatch);
    await recordDelete(deps, transaction, row, { actor: caller.principal.keyId, at: new Date(), reason });
    await deleteMemoryRow(transaction, id, partitionOf(row));
    await addUsage(transaction, row.user_ref === null ? new Map() : new Map([[row.user_ref, -1]]), -1);
  });
};
