import type { Transaction } from '../db/pool.js';
import { indexSettings } from '../search/index-mark.js';
import { buildSearchColumns } from '../search/search-columns.js';
import type { Changed } from './change.js';
import { factTokensOf } from './facts.js';
import { buildHistoryRow, contentOfState, type Deed, type Identity } from './history-record.js';
import { type HistoryRow, insertHistory } from './history-store.js';
import { openKey } from './key.js';
import { addUsage } from './quota.js';
import type { Undoing } from './revert-plan.js';
import {
  copyMemories,
  copyOutbox,
  type MemoryRow,
  type NewMemoryRow,
  OUTBOX_EMBED,
  STATUS_ACTIVE,
  VECTOR_PENDING,
  VECTOR_SKIPPED,
} from './rows.js';
import type { MemoryServiceDeps } from './service.js';
import type { MemoryState, StateColumns } from './state.js';
import { selectExistingKeys } from './store.js';

type Restoring = Extract<Undoing, { readonly kind: 'restore' }>;

/** A deleted memory comes back under its id, as the version after its deletion; its person's quota does not keep it out. */
export const restoreMemory = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  history: readonly HistoryRow[],
  { state, identity, version }: Restoring,
  deed: Deed,
): Promise<Changed | undefined> => {
  const last = history.at(-1);
  if (!last) return undefined;
  const key = await keyOf(transaction, identity);
  const { row, commit } = buildRestored(deps, last, { state, identity: { ...identity, ...key }, version }, deed);
  const { id, user_ref } = row;
  await copyMemories(transaction, [row], deps.marks.mac);
  if (row.vector_status === VECTOR_PENDING)
    await copyOutbox(transaction, [{ kind: OUTBOX_EMBED, memory_id: id, version }]);
  const whole: MemoryRow = { ...row, mac: deps.marks.mac(row) };
  const event = { event: 'restore', version, state, reason: deed.reason } as const;
  await insertHistory(transaction, [buildHistoryRow(deps, whole, event, deed)]);
  await addUsage(transaction, user_ref === null ? new Map() : new Map([[user_ref, 1]]), 1);
  return { row: whole, commit, before: undefined, after: state };
};

/** Its key stays with whoever has it by now. */
const keyOf = async (transaction: Transaction, { key_token, sealed_key }: Identity) => {
  const isTaken =
    key_token !== null && (await selectExistingKeys(transaction, [Buffer.from(key_token, 'base64')])).size > 0;
  return isTaken ? { key_token: null, sealed_key: null } : { key_token, sealed_key };
};

const bytesOf = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text, 'base64'));

const buildRestored = (
  { vault, embedder, policies }: MemoryServiceDeps,
  { memory_id: id, slot, ...last }: HistoryRow,
  { state, identity, version }: Omit<Restoring, 'kind'>,
  deed: Deed,
): { readonly row: NewMemoryRow; readonly commit: Buffer } => {
  const content = contentOfState(state);
  const stored = vault.sealRow({ slot, table: 'memories', rowId: id, version }, content);
  const { created_at, key_token, sealed_key, owner = last, ...known } = identity;
  const { scope, user_ref, team_ref, organization_ref } = owner;
  const owned = { id, slot, scope, user_ref, team_ref, organization_ref };
  const { namespace } = openKey(vault, { ...owned, sealed_key: bytesOf(sealed_key) });
  const row: NewMemoryRow = {
    ...owned,
    ...known,
    ...columnsOf(state),
    ...factTokensOf(vault, owned, content),
    ...buildSearchColumns(vault, indexSettings(policies()), { slot, content, namespace }),
    version,
    sealed: stored.sealed,
    envelope: stored.bytes,
    content_hash: vault.contentHash(slot, state.content),
    key_token: bytesOf(key_token),
    sealed_key: bytesOf(sealed_key),
    status: STATUS_ACTIVE,
    legal_hold: false,
    supersedes: [],
    evidence: [],
    vector_status: embedder.state() === 'none' ? VECTOR_SKIPPED : VECTOR_PENDING,
    created_at: new Date(created_at),
    updated_at: deed.at,
    audit_event: deed.auditEvent,
    contradictions: 0,
    superseded_by: null,
  };
  return { row, commit: stored.commit };
};

export const columnsOf = ({ confidence, importance, expires_at, valid_from, valid_to }: MemoryState): StateColumns => {
  const time = (text: string | null): Date | null => (text === null ? null : new Date(text));
  return {
    confidence,
    importance,
    expires_at: time(expires_at),
    valid_from: time(valid_from),
    valid_to: time(valid_to),
  };
};
