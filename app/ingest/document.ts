import { requireIn } from '../access/scoped.js';
import type { Transaction } from '../db/pool.js';
import { findKept } from '../holds/holds.js';
import { listMemories } from '../memories/list.js';
import { removeRows } from '../memories/removal.js';
import { scopeOf } from '../memories/schema.js';
import type { Caller, MemoryServiceDeps } from '../memories/service.js';
import { lockMemories } from '../memories/store.js';
import { resolveViewerOfOne } from '../memories/viewer.js';
import type { Ingest } from './schema.js';

/** The metadata key that ties a memory to the document it was found in. */
export const DOCUMENT_KEY = 'document_id';
const PAGE = 1000;

/** What is known from this document, of the same person or tenant. */
export const selectDocument = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  { document_id: document, user_id, scope = 'user' }: Ingest,
): Promise<readonly string[]> => {
  const ids: string[] = [];
  const filters = JSON.stringify({ [`metadata.${DOCUMENT_KEY}`]: document, scope });
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await listMemories(deps, caller, {
      ...{ filters, limit: PAGE, latest_only: false },
      ...(user_id ? { user_id } : {}),
      ...(cursor === undefined ? {} : { cursor }),
    });
    ids.push(...page.results.map(({ id }) => id));
    cursor = page.next_cursor;
  }
  return ids;
};

export interface Replaced {
  readonly replaced: number;
  /** Under a legal hold: they stay, whatever the document says now. */
  readonly held: number;
}

/** In the transaction that writes what the document says now. What it said before and still says stays as it is. */
export const removeFormer = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  caller: Caller,
  ids: readonly string[],
): Promise<Replaced> => {
  if (ids.length === 0) return { replaced: 0, held: 0 };
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers, 'update');
  const rows = await lockMemories(transaction, viewer, ids);
  for (const row of rows) requireIn(caller.principal, 'update', scopeOf(row));
  const held = await findKept(deps, transaction, rows);
  const free = rows.filter((row) => !held.has(row.id));
  const reason = 'the document was replaced';
  const deed = { actor: caller.principal.keyId, at: new Date(), reason, auditEvent: deps.newId() };
  if (free.length > 0) await removeRows(deps, transaction, free, deed);
  return { replaced: free.length, held: held.size };
};
