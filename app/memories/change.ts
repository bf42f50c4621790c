import type { Transaction } from '../db/pool.js';
import { upsertVectors } from '../embeddings/outbox.js';
import { judgeMemory } from '../reviews/quarantine.js';
import { insertReviews } from '../reviews/store.js';
import { SealError } from '../sealing/index.js';
import { indexSettings } from '../search/index-mark.js';
import { buildSearchColumns } from '../search/search-columns.js';
import { isErased } from '../tenancy/vault.js';
import { factTokensOf } from './facts.js';
import { contentOfState, type Deed, openState, recordChange } from './history-record.js';
import { openKey } from './key.js';
import { partitionOf } from './partition-of.js';
import type { PlannedPatch } from './patch.js';
import { tampered } from './row-mac.js';
import {
  copyOutbox,
  type MemoryRow,
  OUTBOX_EMBED,
  STATUS_ACTIVE,
  STATUS_QUARANTINED,
  VECTOR_PENDING,
  VECTOR_SKIPPED,
  VECTOR_SUCCEEDED,
} from './rows.js';
import type { Caller, MemoryServiceDeps } from './service.js';
import type { HistoryEvent, MemoryState } from './state.js';
import { dropVector, followVersion, updateMemoryRow } from './store.js';
import { lowerTrust, type Trust, trustOf } from './trust.js';
import { missing } from './version.js';

/** What no patch can say of a memory. */
type ServerColumns = Partial<
  Pick<
    MemoryRow,
    'status' | 'superseded_by' | 'supersedes' | 'evidence' | 'legal_hold' | 'trust_class' | 'trust_score' | 'updated_at'
  >
>;

export interface Change {
  readonly caller: Caller;
  readonly deed: Deed;
  /** @default update: it is judged anew, and whoever makes it answers for it */
  readonly event?: HistoryEvent;
  readonly columns?: ServerColumns;
}

export interface Changed {
  readonly row: MemoryRow;
  /** For the audit event of the transaction; none when nothing was changed. */
  readonly commit: Buffer | undefined;
  readonly before: MemoryState | undefined;
  readonly after: MemoryState | undefined;
}

/**
 * In the transaction that holds the row: the next version, its vector or the work for one, and what happened. The caller
 * recounts contradictions and tells the audit log, once for all that its transaction changed.
 */
export const applyChange = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  row: MemoryRow,
  planned: PlannedPatch | undefined,
  change: Change,
): Promise<Changed> => {
  deps.marks.demand(row);
  if (!planned && !change.columns) return { row, commit: undefined, before: undefined, after: undefined };
  const patch = planned ?? planNothing(deps, row);
  const { next, commit, reasons } = buildNext(deps, row, patch, change);
  const { namespace } = openKey(deps.vault, row);
  const searchable = { slot: row.slot, content: patch.content, namespace };
  const search = buildSearchColumns(deps.vault, indexSettings(deps.policies()), searchable);
  const stored = await updateMemoryRow(transaction, next, search);
  await storeVector(deps, transaction, next, patch);
  if (reasons.length > 0) await insertReviews(transaction, [buildReview(deps, next, reasons, change)]);
  await recordChange(deps, transaction, row, { event: change.event ?? 'update', ...patch }, change.deed);
  return { row: stored, commit, before: patch.before, after: patch.after };
};

export const openBefore = ({ vault }: Pick<MemoryServiceDeps, 'vault'>, row: MemoryRow): MemoryState => {
  try {
    return openState(vault, row);
  } catch (cause) {
    if (isErased(cause)) throw missing(row.id);
    if (cause instanceof SealError) throw tampered(row.id);
    throw cause;
  }
};

/** The memory's words stay; a version is sealed for itself, so even then they are sealed anew. */
const planNothing = (deps: MemoryServiceDeps, row: MemoryRow): PlannedPatch => {
  const before = openBefore(deps, row);
  const { confidence, importance, expires_at, valid_from, valid_to } = row;
  const columns = { confidence, importance, expires_at, valid_from, valid_to };
  return { before, after: before, content: contentOfState(before), columns, redactions: new Map(), vector: null };
};

/** Whoever changes a memory answers for it, and nobody raises by a change what somebody else wrote. */
export const trustAfter = (row: MemoryRow, { principal, channel }: Caller): Trust =>
  lowerTrust(row, trustOf(principal, channel));

const buildNext = (
  { vault, embedder, policies, marks }: MemoryServiceDeps,
  row: MemoryRow,
  planned: PlannedPatch,
  { caller, deed, event = 'update', columns = {} }: Change,
) => {
  const { id, slot } = row;
  const version = row.version + 1;
  const stored = vault.sealRow({ slot, table: 'memories', rowId: id, version }, planned.content);
  const counts = new Map(row.pii?.map((kind, index) => [kind, row.pii_counts?.[index] ?? 0]));
  for (const [kind, count] of planned.redactions) counts.set(kind, (counts.get(kind) ?? 0) + count);
  const owed = embedder.state() === 'none' ? VECTOR_SKIPPED : VECTOR_PENDING;
  const kept = isReworded(planned) ? owed : row.vector_status;
  const trust = event === 'update' ? trustAfter(row, caller) : row;
  const reasons =
    event === 'update' && row.status === STATUS_ACTIVE
      ? judgeMemory(planned.content, { scope: row.scope, trust, policies: policies() })
      : [];
  const next: MemoryRow = {
    ...row,
    ...planned.columns,
    ...factTokensOf(vault, row, planned.content),
    trust_class: trust.trust_class,
    trust_score: trust.trust_score,
    version,
    sealed: stored.sealed,
    envelope: stored.bytes,
    content_hash: vault.contentHash(slot, planned.content.content),
    pii: [...counts.keys()],
    pii_counts: [...counts.values()],
    vector_status: planned.vector ? VECTOR_SUCCEEDED : kept,
    updated_at: deed.at,
    audit_event: deed.auditEvent,
    ...(reasons.length > 0 ? { status: STATUS_QUARANTINED } : {}),
    ...columns,
  };
  // As the column will keep it, so that the MAC is of what is stored.
  const exact = { ...next, trust_score: Math.fround(next.trust_score) };
  return { next: { ...exact, mac: marks.mac(exact) }, commit: stored.commit, reasons };
};

const buildReview = (
  { newId }: MemoryServiceDeps,
  row: MemoryRow,
  reasons: readonly string[],
  { caller: { principal }, deed }: Change,
) => ({
  id: newId(),
  kind: 'quarantine' as const,
  memory_id: row.id,
  slot: row.slot,
  reasons,
  sealed_detail: null,
  requested_by: principal.keyId,
  requester_ref: principal.userRef,
  created_at: deed.at,
});

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
