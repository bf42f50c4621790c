import type { Transaction } from '../db/pool.js';
import { isErased, type Vault } from '../tenancy/vault.js';
import { type HistoryRow, insertHistory } from './history-store.js';
import type { MemoryRow } from './rows.js';
import { buildState, type MemoryState } from './state.js';

export const EVENTS = ['add', 'update', 'delete'] as const;
export type HistoryEvent = (typeof EVENTS)[number];

export interface HistoryDeps {
  readonly vault: Vault;
  readonly newId: () => string;
}

/** Who, when and why. */
export interface Deed {
  readonly actor: string | null;
  readonly at: Date;
  readonly reason: string | null;
}

/** What is sealed of an event. `state` is what the memory said after it; `null` once it is gone. */
export interface SealedEvent {
  readonly state: MemoryState | null;
  readonly reason: string | null;
}

export const openState = (vault: Vault, row: MemoryRow): MemoryState =>
  buildState(
    row,
    vault.openRow(
      { slot: row.slot, table: 'memories', rowId: row.id, version: row.version },
      { sealed: row.sealed, bytes: row.envelope },
    ),
  );

export const openEvent = (vault: Vault, { slot, id, version, sealed_state }: HistoryRow): SealedEvent =>
  vault.openJson({ slot, table: 'memory_history', rowId: id, version }, sealed_state) as SealedEvent;

/** In the transaction of the change, with the row as it was before it and as it is after it. */
export const recordUpdate = async (
  deps: HistoryDeps,
  transaction: Transaction,
  row: MemoryRow,
  change: { readonly before: MemoryState; readonly after: MemoryState },
  deed: Deed,
): Promise<void> => {
  await recordAdd(deps, transaction, row, change.before);
  const event = { event: 'update', version: row.version + 1, state: change.after } as const;
  await insertHistory(transaction, buildRow(deps, row, event, deed));
};

/** Somebody who was erased leaves nothing to record: no key opens the row, and none would open its history. */
export const recordDelete = async (
  deps: HistoryDeps,
  transaction: Transaction,
  row: MemoryRow,
  deed: Deed,
): Promise<void> => {
  try {
    if (row.version === 1) await recordAdd(deps, transaction, row, openState(deps.vault, row));
    const event = { event: 'delete', version: row.version + 1, state: null } as const;
    await insertHistory(transaction, buildRow(deps, row, event, deed));
  } catch (cause) {
    if (!isErased(cause)) throw cause;
  }
};

/** The first change writes down how it began. */
const recordAdd = async (
  deps: HistoryDeps,
  transaction: Transaction,
  row: MemoryRow,
  state: MemoryState,
): Promise<void> => {
  if (row.version !== 1) return;
  const deed = { actor: row.created_by, at: row.created_at, reason: null };
  await insertHistory(transaction, buildRow(deps, row, { event: 'add', version: 1, state }, deed));
};

const buildRow = (
  { vault, newId }: HistoryDeps,
  row: MemoryRow,
  change: { readonly event: HistoryEvent; readonly version: number; readonly state: MemoryState | null },
  { actor, at, reason }: Deed,
): HistoryRow => {
  const { slot, scope, user_ref, team_ref, organization_ref } = row;
  const id = newId();
  const { version, state } = change;
  const sealed: SealedEvent = { state, reason };
  return {
    id,
    memory_id: row.id,
    version,
    event: EVENTS.indexOf(change.event),
    slot,
    sealed_state: vault.sealJson({ slot, table: 'memory_history', rowId: id, version }, sealed),
    actor,
    at,
    scope,
    user_ref,
    team_ref,
    organization_ref,
  };
};
