import type { Queryable } from '../db/pool.js';
import { isErased, type Vault } from '../tenancy/vault.js';
import { type AuditEvent, parseEvent } from './event.js';
import { type BatchRow, type StoredDetail, selectBatches, selectDetails } from './event-search.js';
import { type Detail, decodeFacts, readLines } from './leaves.js';
import { readsRow } from './reads.js';
import type { EventRow } from './store.js';

/** An event as an auditor reads it: what was hashed, and what lies beside it and can still be opened. */
export interface EventView {
  readonly seq: number;
  readonly hash: string;
  readonly event: AuditEvent;
  /** What is personal; null when there is nothing, or when the person was erased. */
  readonly detail: unknown;
  readonly facts?: readonly { readonly id: string; readonly version: number; readonly op: 'put' | 'delete' }[];
  readonly reads?: readonly unknown[];
}

/** With `memoryId` only what a batch says of that memory. */
export const presentEvents = async (
  db: Queryable,
  vault: Vault,
  rows: readonly EventRow[],
  memoryId: string | null,
): Promise<readonly EventView[]> => {
  const ids = rows.map(({ id }) => id);
  const batches = new Map((await selectBatches(db, ids)).map((batch) => [batch.event, batch]));
  const details = await selectDetails(db, ids);
  await vault.prepare(details.map(({ slot }) => slot));
  return rows.map(({ seq, id, leaf, bytes }) => {
    const event = parseEvent(bytes);
    const mine = details.filter((detail) => detail.event === id);
    return {
      ...{ seq, hash: leaf.toString('base64'), event },
      detail: openDetail(
        vault,
        id,
        mine.find(({ n }) => n === 0),
      ),
      ...presentBatch(vault, event, batches.get(id), mine, memoryId),
    };
  });
};

const presentBatch = (
  vault: Vault,
  event: AuditEvent,
  batch: BatchRow | undefined,
  details: readonly StoredDetail[],
  memoryId: string | null,
): Pick<EventView, 'facts' | 'reads'> => {
  if (!batch) return {};
  if (batch.kind === 1) {
    const facts = decodeFacts(batch.body).filter(({ id }) => memoryId === null || id === memoryId);
    return { facts: facts.map(({ id, version, op }) => ({ id, version, op })) };
  }
  const row = readsRow({ writer: event.resource?.id ?? '', epoch: event.resource?.version ?? 0 });
  const reads = readLines(batch.body).map((line) => JSON.parse(line) as { readonly n: number; readonly ids: string[] });
  return {
    reads: reads
      .filter(({ ids }) => memoryId === null || ids.includes(memoryId))
      .map((read) => ({
        ...read,
        detail: openDetail(
          vault,
          row,
          details.find(({ n }) => n === read.n),
        ),
      })),
  };
};

const openDetail = (vault: Vault, rowId: string, stored: StoredDetail | undefined): unknown => {
  if (!stored) return null;
  try {
    const place = { slot: stored.slot, table: 'audit_details', rowId, version: stored.n };
    return (vault.openDetail(place, stored.sealed) as Detail).detail;
  } catch (cause) {
    if (isErased(cause)) return null;
    throw cause;
  }
};
