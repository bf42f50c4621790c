import type { Transaction } from '../db/pool.js';
import type { RowContent } from '../sealing/index.js';
import { isErased, type Vault } from '../tenancy/vault.js';
import { historyMac } from './history-mac.js';
import { type HistoryRow, insertHistory, selectRecorded } from './history-store.js';
import type { MemoryRow } from './rows.js';
import { buildState, EVENTS, type HistoryEvent, type MemoryState } from './state.js';

export interface HistoryDeps {
  readonly vault: Vault;
  readonly newId: () => string;
}

/** Who, when, why, and the audit event that tells of it. */
export interface Deed {
  readonly actor: string | null;
  readonly at: Date;
  readonly reason: string | null;
  readonly auditEvent: string;
}

/** What a row needs to come back from its history, beside what it said. */
export type Identity = Pick<
  MemoryRow,
  'agent_ref' | 'session_ref' | 'app_ref' | 'source_kind' | 'trust_class' | 'trust_score' | 'pii' | 'pii_counts'
> & {
  readonly created_at: string;
  readonly created_by: string | null;
  /** Both in base64. */
  readonly key_token: string | null;
  readonly sealed_key: string | null;
  /** Whose it was; the columns of the same names beside it are under no MAC. Absent in events of before it was. */
  readonly owner?: Owner;
};
type Owner = Pick<MemoryRow, 'scope' | 'user_ref' | 'team_ref' | 'organization_ref'>;

/** What is sealed of an event. `state` is what the memory said after it; `null` once it is gone. */
export interface SealedEvent {
  readonly state: MemoryState | null;
  readonly reason: string | null;
  /** Of a delete. */
  readonly identity?: Identity;
}

export const openState = (vault: Vault, row: MemoryRow): MemoryState =>
  buildState(
    row,
    vault.openRow(
      { slot: row.slot, table: 'memories', rowId: row.id, version: row.version },
      { sealed: row.sealed, bytes: row.envelope },
    ),
  );

export const contentOfState = ({ content, subject, predicate, object, metadata, source }: MemoryState): RowContent => ({
  content,
  subject,
  predicate,
  object,
  metadata,
  source,
});

export const openEvent = (vault: Vault, { slot, id, version, sealed_state }: HistoryRow): SealedEvent =>
  vault.openJson({ slot, table: 'memory_history', rowId: id, version }, sealed_state) as SealedEvent;

export interface RecordedChange {
  readonly event: HistoryEvent;
  readonly before: MemoryState;
  readonly after: MemoryState;
}

/** In the transaction of the change, with the row as it was before it. */
export const recordChange = async (
  deps: HistoryDeps,
  transaction: Transaction,
  row: MemoryRow,
  { event, before, after }: RecordedChange,
  deed: Deed,
): Promise<void> => {
  const recorded = await selectRecorded(transaction, [row.id]);
  const first = recorded.has(row.id) ? [] : [buildAdd(deps, row, before)];
  const change = buildHistoryRow(
    deps,
    row,
    { event, version: row.version + 1, state: after, reason: deed.reason },
    deed,
  );
  await insertHistory(transaction, [...first, change]);
};

/** What a worker does to many rows at once makes no new version of them: their words and claims stay. */
export const recordStatus = async (
  deps: HistoryDeps,
  transaction: Transaction,
  rows: readonly MemoryRow[],
  event: HistoryEvent,
  deed: Deed,
): Promise<void> => {
  await recordAll(deps, transaction, rows, (row, state) =>
    buildHistoryRow(deps, row, { event, version: row.version, state, reason: deed.reason }, deed),
  );
};

export const recordDeletes = async (
  deps: HistoryDeps,
  transaction: Transaction,
  rows: readonly MemoryRow[],
  deed: Deed,
): Promise<void> => {
  await recordAll(deps, transaction, rows, (row) => {
    const change = { event: 'delete', version: row.version + 1, state: null, reason: deed.reason } as const;
    return buildHistoryRow(deps, row, { ...change, identity: identityOf(row) }, deed);
  });
};

/** Somebody who was erased leaves nothing to record: no key opens the row, and none would open its history. */
const recordAll = async (
  deps: HistoryDeps,
  transaction: Transaction,
  rows: readonly MemoryRow[],
  build: (row: MemoryRow, state: MemoryState) => HistoryRow,
): Promise<void> => {
  const recorded = await selectRecorded(
    transaction,
    rows.map(({ id }) => id),
  );
  const events = rows.flatMap((row) => {
    try {
      const state = openState(deps.vault, row);
      return [...(recorded.has(row.id) ? [] : [buildAdd(deps, row, state)]), build(row, state)];
    } catch (cause) {
      if (isErased(cause)) return [];
      throw cause;
    }
  });
  await insertHistory(transaction, events);
};

const identityOf = (row: MemoryRow): Identity => ({
  agent_ref: row.agent_ref,
  session_ref: row.session_ref,
  app_ref: row.app_ref,
  source_kind: row.source_kind,
  trust_class: row.trust_class,
  trust_score: row.trust_score,
  pii: row.pii,
  pii_counts: row.pii_counts,
  created_at: row.created_at.toISOString(),
  created_by: row.created_by,
  key_token: row.key_token?.toString('base64') ?? null,
  sealed_key: row.sealed_key?.toString('base64') ?? null,
  owner: {
    scope: row.scope,
    user_ref: row.user_ref,
    team_ref: row.team_ref,
    organization_ref: row.organization_ref,
  },
});

/** The first change writes down how it began. */
const buildAdd = (deps: HistoryDeps, row: MemoryRow, state: MemoryState): HistoryRow => {
  const deed = { actor: row.created_by, at: row.created_at, auditEvent: row.audit_event };
  return buildHistoryRow(deps, row, { event: 'add', version: row.version, state, reason: null }, deed);
};

export const buildHistoryRow = (
  { vault, newId }: HistoryDeps,
  row: MemoryRow,
  change: SealedEvent & { readonly event: HistoryEvent; readonly version: number },
  { actor, at, auditEvent }: Omit<Deed, 'reason' | 'auditEvent'> & { readonly auditEvent: string | null },
): HistoryRow => {
  const { slot, scope, user_ref, team_ref, organization_ref } = row;
  const id = newId();
  const { event, version, ...sealed } = change;
  const written = {
    id,
    memory_id: row.id,
    version,
    event: EVENTS.indexOf(event),
    slot,
    sealed_state: vault.sealJson({ slot, table: 'memory_history', rowId: id, version }, sealed satisfies SealedEvent),
    actor,
    at,
    scope,
    user_ref,
    team_ref,
    organization_ref,
    audit_event: auditEvent,
  };
  return { ...written, mac: historyMac(vault, written) };
};
