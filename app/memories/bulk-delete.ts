import { inRetriedTransaction, type Transaction } from '../db/pool.js';
import { findKept } from '../holds/holds.js';
import { TENANT_SLOT } from './prepare.js';
import { removeRows } from './removal.js';
import type { MemoryRow } from './rows.js';
import { demandSelector, resolveSelection, type Selection, selectMatching } from './selection.js';
import type { Caller, MemoryServiceDeps, Witness } from './service.js';
import { lockMemories } from './store.js';
import { EVERYTHING } from './viewer.js';

export interface BulkDelete extends Selection {
  readonly dryRun: boolean;
  readonly max: number;
  readonly reason: string | null;
}

export interface BulkDeleted {
  readonly matched: number;
  readonly deleted: number;
  /** Left alone because a legal hold is on them. */
  readonly held: number;
  readonly ids: readonly string[];
  readonly truncated: boolean;
  readonly dry_run: boolean;
  readonly audit_event: string | null;
}

export interface Swept {
  readonly rows: readonly MemoryRow[];
  readonly held: number;
  readonly vectors: number;
  readonly auditEvent: string | null;
}

/** All that is selected, up to `max`, in one transaction, which the witness is told of; what is held stays. */
export const deleteMemories = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  { dryRun, max, reason, ...selection }: BulkDelete,
  witness?: Witness<BulkDeleted>,
): Promise<BulkDeleted> => {
  demandSelector(selection);
  const selected = await resolveSelection(deps, caller, selection, 'delete');
  const { rows, matched } = await selectMatching(deps, deps.db, selected, max);
  const truncated = matched > rows.length;
  if (dryRun) {
    const holds = await findKept(deps, deps.db, rows);
    const ids = rows.flatMap(({ id }) => (holds.has(id) ? [] : [id]));
    return { matched, deleted: 0, held: holds.size, ids, truncated, dry_run: true, audit_event: null };
  }
  const tell = (swept: Swept): BulkDeleted => {
    const ids = swept.rows.map(({ id }) => id);
    const { held, auditEvent: audit_event } = swept;
    return { matched, deleted: ids.length, held, ids, truncated, dry_run: false, audit_event };
  };
  return tell(
    await sweep(deps, caller, rows, reason, async (transaction, slot, swept) =>
      witness?.(transaction, slot, tell(swept)),
    ),
  );
};

/** Those of the rows that are still there and that no hold is on. The witness is asked when there are any. */
export const sweep = async (
  deps: MemoryServiceDeps,
  { principal }: Caller,
  seen: readonly MemoryRow[],
  reason: string | null,
  witness?: Witness<Swept>,
): Promise<Swept> => {
  if (seen.length === 0) return { rows: [], held: 0, vectors: 0, auditEvent: null };
  await deps.vault.prepare(seen.map(({ slot }) => slot));
  const ids = seen.map(({ id }) => id);
  const versions = new Map(seen.map(({ id, version }) => [id, version]));
  return inRetriedTransaction(deps.db, async (transaction: Transaction) => {
    const locked = await lockMemories(transaction, EVERYTHING, ids);
    const holds = await findKept(deps, transaction, locked);
    // What was changed since it was looked at may not be what was meant any more.
    const rows = locked.filter(({ id, version }) => !holds.has(id) && versions.get(id) === version);
    if (rows.length === 0) return { rows, held: holds.size, vectors: 0, auditEvent: null };
    const deed = { actor: principal.keyId, at: new Date(), reason, auditEvent: deps.newId() };
    const { vectors, auditEvent } = await removeRows(deps, transaction, rows, deed);
    const swept = { rows, held: holds.size, vectors, auditEvent };
    await witness?.(transaction, TENANT_SLOT, swept);
    return swept;
  });
};
