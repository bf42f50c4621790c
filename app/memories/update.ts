import { inRetriedTransaction, type Transaction } from '../db/pool.js';
import { upsertVectors } from '../embeddings/outbox.js';
import type { Json } from '../http/json.js';
import { isErased } from '../tenancy/vault.js';
import type { ChangeOptions } from './delete.js';
import { openState, recordUpdate } from './history-record.js';
import { partitionOf } from './partition-of.js';
import { type PlannedPatch, planPatch, readPatch } from './patch.js';
import { trustOf } from './prepare.js';
import { copyOutbox, type MemoryRow, OUTBOX_EMBED, VECTOR_PENDING, VECTOR_SKIPPED, VECTOR_SUCCEEDED } from './rows.js';
import type { Memory } from './schema.js';
import type { Caller, MemoryServiceDeps } from './service.js';
import type { MemoryState } from './state.js';
import { dropVector, followVersion, lockMemory, selectMemory, updateMemoryRow } from './store.js';
import { checkChangeable, missing } from './version.js';
import { resolveViewerOfOne } from './viewer.js';

/** A patch makes the next version, sealed anew for it; one that changes nothing makes none. */
export const updateMemory = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  body: unknown,
  options: ChangeOptions,
): Promise<Memory> => {
  const patch = readPatch(body);
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers);
  const seen = await selectMemory(deps.db, viewer, id);
  if (!seen) throw missing(id);
  // Keys may have to be fetched: not while a row is locked.
  await deps.vault.prepare([seen.slot]);
  const row = await inRetriedTransaction(deps.db, async (transaction) => {
    const locked = await lockMemory(transaction, viewer, id);
    if (!locked) throw missing(id);
    checkChangeable(locked, options.ifMatch);
    return applyPatch(deps, transaction, locked, patch, { caller, reason: options.reason });
  });
  if (row.vector_status === VECTOR_PENDING) deps.onPending();
  const [memory] = await deps.presenter.present(deps.db, [row], { vector: false });
  if (!memory) throw missing(id);
  return memory;
};

interface Change {
  readonly caller: Caller;
  readonly reason: string | null;
}

const applyPatch = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  row: MemoryRow,
  patch: { readonly [key: string]: Json },
  change: Change,
): Promise<MemoryRow> => {
  const { model, dimensions } = deps.embedder;
  const context = { principal: change.caller.principal, policies: deps.policies(), dimensions, model };
  return applyChange(deps, transaction, row, planPatch(row, openBefore(deps, row), patch, context), change);
};

/** In the transaction that holds the row: the next version, its vector or the work for one, and what happened. */
export const applyChange = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  row: MemoryRow,
  planned: PlannedPatch | undefined,
  { caller: { principal }, reason }: Change,
): Promise<MemoryRow> => {
  if (!planned) return row;
  const at = new Date();
  const next = buildNext(deps, row, planned, trustOf(principal), at);
  const stored = await updateMemoryRow(transaction, next);
  await storeVector(deps, transaction, next, planned);
  await recordUpdate(deps, transaction, row, planned, { actor: principal.keyId, at, reason });
  return stored;
};

const openBefore = ({ vault }: MemoryServiceDeps, row: MemoryRow): MemoryState => {
  try {
    return openState(vault, row);
  } catch (cause) {
    if (isErased(cause)) throw missing(row.id);
    throw cause;
  }
};

type Trust = Pick<MemoryRow, 'trust_class' | 'trust_score'>;

const buildNext = (
  { vault, embedder }: MemoryServiceDeps,
  row: MemoryRow,
  planned: PlannedPatch,
  trust: Trust,
  at: Date,
): MemoryRow => {
  const { id, slot } = row;
  const version = row.version + 1;
  const stored = vault.sealRow({ slot, table: 'memories', rowId: id, version }, planned.content);
  const counts = new Map(row.pii.map((kind, index) => [kind, row.pii_counts[index] ?? 0]));
  for (const [kind, count] of planned.redactions) counts.set(kind, (counts.get(kind) ?? 0) + count);
  const owed = embedder.state() === 'none' ? VECTOR_SKIPPED : VECTOR_PENDING;
  const kept = isReworded(planned) ? owed : row.vector_status;
  return {
    ...row,
    ...planned.columns,
    // Whoever changes a memory answers for it, and nobody raises by a change what somebody else wrote.
    ...(trust.trust_score < row.trust_score ? trust : {}),
    version,
    sealed: stored.sealed,
    envelope: stored.bytes,
    content_hash: vault.contentHash(slot, planned.content.content),
    pii: [...counts.keys()],
    pii_counts: [...counts.values()],
    vector_status: planned.vector ? VECTOR_SUCCEEDED : kept,
    updated_at: at,
  };
};

/** Only the content is embedded. */
const isReworded = ({ before, after }: PlannedPatch): boolean => before.content !== after.content;

/** A vector of words that are gone must not be found: it goes at once, the new one comes through the outbox. */
const storeVector = async (
  { vault, embedder }: MemoryServiceDeps,
  transaction: Transaction,
  row: MemoryRow,
  planned: PlannedPatch,
): Promise<void> => {
  const { id: memory_id, version, slot } = row;
  const partition = partitionOf(row);
  if (!planned.vector && !isReworded(planned)) return await followVersion(transaction, memory_id, version);
  await dropVector(transaction, memory_id, partition);
  if (planned.vector) {
    const { sealed, bytes } = vault.sealVector({ slot, table: 'vectors', rowId: memory_id, version }, planned.vector);
    await upsertVectors(transaction, [{ memory_id, version, slot, partition, sealed, vector: bytes }], embedder.model);
  } else if (row.vector_status === VECTOR_PENDING) {
    await copyOutbox(transaction, [{ kind: OUTBOX_EMBED, memory_id, version }]);
  }
};
