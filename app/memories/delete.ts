import { requireIn } from '../access/scoped.js';
import { inRetriedTransaction } from '../db/pool.js';
import { demandFree } from '../holds/holds.js';
import { removeRows } from './removal.js';
import { scopeOf } from './schema.js';
import type { Caller, MemoryServiceDeps } from './service.js';
import { lockMemories, lockMemory, selectLinked, selectMemory } from './store.js';
import { type ChangeOptions, checkVersion, missing } from './version.js';
import { resolveViewerOfOne } from './viewer.js';

export interface DeleteOptions extends ChangeOptions {
  /** With what it superseded, what superseded it and what was derived from it. */
  readonly linked: boolean;
}

export interface Deleted {
  readonly id: string;
  readonly deleted: true;
  readonly linked: readonly string[];
  readonly audit_event: string;
}

/** Further links than this are no chain of one statement any more. */
const MAX_LINKED = 1000;

export const deleteMemory = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  { ifMatch, reason, linked }: DeleteOptions,
): Promise<Deleted> => {
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers, 'delete');
  const seen = await selectMemory(deps.db, viewer, id);
  if (!seen) throw missing(id);
  const others = linked ? await selectLinked(deps.db, viewer, id, MAX_LINKED) : [];
  for (const row of [seen, ...others]) requireIn(caller.principal, 'delete', scopeOf(row));
  // Keys may have to be fetched: not while a row is locked.
  await deps.vault.prepare([seen, ...others].map(({ slot }) => slot));
  return inRetriedTransaction(deps.db, async (transaction) => {
    const row = await lockMemory(transaction, viewer, id);
    if (!row) throw missing(id);
    checkVersion(row, ifMatch);
    const ids = others.map((other) => other.id);
    const rows = [row, ...(await lockMemories(transaction, viewer, ids))];
    await demandFree(deps, transaction, rows);
    const deed = { actor: caller.principal.keyId, at: new Date(), reason, auditEvent: deps.newId() };
    const { auditEvent } = await removeRows(deps, transaction, rows, deed);
    return { id, deleted: true, linked: rows.slice(1).map((other) => other.id), audit_event: auditEvent };
  });
};
