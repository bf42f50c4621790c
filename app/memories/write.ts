import type { Principal } from '../access/principal.js';
import { RETRYABLE, UNIQUE_VIOLATION } from '../db/errors.js';
import { type Database, inRetriedTransaction, type Transaction } from '../db/pool.js';
import { type Problem, problem } from '../http/errors.js';
import { type EntityName, entityKey, type People, type Person } from '../tenancy/people.js';
import type { Vault } from '../tenancy/vault.js';
import { sealKey } from './key.js';
import { partitionOf } from './partition-of.js';
import { DEFAULT_IMPORTANCE, type PlannedDraft } from './plan.js';
import { addUsage, type Quotas, type Room, reserveRoom } from './quota.js';
import {
  copyMemories,
  copyOutbox,
  copyVectors,
  type NewMemoryRow,
  type NewVectorRow,
  OUTBOX_EMBED,
  STATUS_ACTIVE,
  VECTOR_PENDING,
  VECTOR_SKIPPED,
  VECTOR_SUCCEEDED,
} from './rows.js';
import { SCOPES, TRUST_CLASSES } from './schema.js';
import { selectExistingIds, selectExistingKeys } from './store.js';

export interface WriteContext {
  readonly db: Database;
  readonly vault: Vault;
  readonly people: People;
  readonly principal: Principal;
  readonly quotas: Quotas;
  readonly model: string;
  /** Whether this service makes vectors for what comes without one. */
  readonly embeds: boolean;
  readonly now: Date;
}

export interface PreparedRow {
  readonly row: NewMemoryRow;
  readonly vector: NewVectorRow | null;
}

/** One answer for each prepared row: written, or why not. */
export type WriteOutcome = { readonly kind: 'created' } | { readonly kind: 'refused'; readonly problem: Problem };

/** SLOTS.tenant: what belongs to nobody in particular. */
export const TENANT_SLOT = 0;

/** Finds or makes the people and things that the drafts name, then seals every row. */
export const prepareRows = async (
  context: WriteContext,
  drafts: readonly PlannedDraft[],
): Promise<readonly PreparedRow[]> => {
  const { db, vault, people } = context;
  const persons = await people.ensure(
    db,
    drafts.flatMap(({ userId }) => userId ?? []),
  );
  const ownerOf = (planned: PlannedDraft): Person | undefined =>
    planned.userId === null ? undefined : persons.get(planned.userId);
  const slotOf = (planned: PlannedDraft): number =>
    planned.scopeCode === 0 ? (ownerOf(planned)?.slot ?? TENANT_SLOT) : TENANT_SLOT;
  const entities = await people.ensureEntities(
    db,
    drafts.flatMap((planned) => namesIn(planned, slotOf(planned))),
  );
  await vault.prepare(drafts.map(slotOf));
  return drafts.map((planned) => {
    const slot = slotOf(planned);
    const refs = Object.fromEntries(
      namesIn(planned, slot).map((name) => [name.kind, entities.get(entityKey(name)) ?? null]),
    );
    return prepareRow(context, planned, slot, ownerOf(planned)?.ref ?? null, refs);
  });
};

/** Teams and organizations are shared, so their names are sealed for the tenant; the rest with the person they appear with. */
const namesIn = ({ draft }: PlannedDraft, slot: number): readonly EntityName[] => {
  const name = (kind: EntityName['kind'], id: string | null | undefined, of: number): readonly EntityName[] =>
    id ? [{ kind, slot: of, id }] : [];
  return [
    ...name('agent', draft.agent_id, slot),
    ...name('session', draft.session_id, slot),
    ...name('app', draft.app_id, slot),
    ...name('team', draft.team_id, TENANT_SLOT),
    ...name('organization', draft.organization_id, TENANT_SLOT),
  ];
};

type Refs = Readonly<Record<string, string | null>>;

const prepareRow = (
  context: WriteContext,
  planned: PlannedDraft,
  slot: number,
  userRef: string | null,
  refs: Refs,
): PreparedRow => {
  const { vault, now } = context;
  const { draft, id, content } = planned;
  const stored = vault.sealRow({ slot, table: 'memories', rowId: id, version: 1 }, content);
  const row: Omit<NewMemoryRow, 'key_token' | 'sealed_key'> = {
    id,
    version: 1,
    slot,
    sealed: stored.sealed,
    envelope: stored.bytes,
    content_hash: vault.contentHash(slot, content.content),
    pii: [...planned.redactions.keys()],
    pii_counts: [...planned.redactions.values()],
    user_ref: userRef,
    agent_ref: refs.agent ?? null,
    session_ref: refs.session ?? null,
    app_ref: refs.app ?? null,
    team_ref: refs.team ?? null,
    organization_ref: refs.organization ?? null,
    scope: planned.scopeCode,
    status: STATUS_ACTIVE,
    vector_status: planned.vector ? VECTOR_SUCCEEDED : context.embeds ? VECTOR_PENDING : VECTOR_SKIPPED,
    confidence: planned.confidence,
    importance: draft.importance ?? DEFAULT_IMPORTANCE,
    source_kind: 0,
    ...trustOf(context.principal),
    ...timesOf(planned, now),
    created_by: context.principal.keyId,
  };
  const named = { ...row, ...sealKey(vault, row, { key: draft.key ?? null, namespace: draft.namespace ?? [] }) };
  return { row: named, vector: planned.vector ? prepareVector(context, named, planned.vector) : null };
};

const timesOf = ({ expiresAt, validFrom, validTo }: PlannedDraft, now: Date) => ({
  expires_at: expiresAt,
  valid_from: validFrom,
  valid_to: validTo,
  created_at: now,
  updated_at: now,
});

const prepareVector = ({ vault, model }: WriteContext, row: NewMemoryRow, vector: Float32Array): NewVectorRow => {
  const stored = vault.sealVector({ slot: row.slot, table: 'vectors', rowId: row.id, version: row.version }, vector);
  const partition = partitionOf(row);
  return {
    memory_id: row.id,
    version: row.version,
    slot: row.slot,
    partition,
    model,
    sealed: stored.sealed,
    vector: stored.bytes,
  };
};

/** By the credential and the channel alone; a client's word is `confidence`. */
export const trustOf = ({ role }: Principal): Pick<NewMemoryRow, 'trust_class' | 'trust_score'> =>
  role === 'service'
    ? { trust_class: TRUST_CLASSES.indexOf('agent'), trust_score: 0.5 }
    : { trust_class: TRUST_CLASSES.indexOf('user'), trust_score: 0.8 };

/** The last thing in the transaction of a write, with its rows in place: what the caller will be told. */
export type Settle<T> = (transaction: Transaction, outcomes: readonly WriteOutcome[]) => Promise<T>;

/**
 * Rows, vectors, owed work and counters in one transaction. With `partial`, rows that do not fit or exist already are
 * refused one by one; without, the first such row refuses all.
 */
export const writeRows = <T>(
  context: WriteContext,
  rows: readonly PreparedRow[],
  partial: boolean,
  settle: Settle<T>,
): Promise<T> =>
  inRetriedTransaction(
    context.db,
    (transaction) => writeOnce(transaction, context, rows, partial, settle),
    // Another writer committed the same id between our look and our write: looking again decides.
    (code) => RETRYABLE.has(code) || code === UNIQUE_VIOLATION,
  );

const writeOnce = async <T>(
  transaction: Transaction,
  { quotas, principal }: Pick<WriteContext, 'quotas' | 'principal'>,
  rows: readonly PreparedRow[],
  partial: boolean,
  settle: Settle<T>,
): Promise<T> => {
  const existing = await selectExistingIds(
    transaction,
    rows.map(({ row }) => row.id),
  );
  const existingKeys = await selectExistingKeys(
    transaction,
    rows.flatMap(({ row }) => row.key_token ?? []),
  );
  const room = await reserveRoom(transaction, quotas, countByUser(rows), rows.length);
  const strangers = new Set(rows.filter(({ row }) => !isMember(principal, row)));
  const outcomes = admitRows(rows, strangers, { ids: existing, keys: existingKeys }, room, quotas);
  const refused = outcomes.find((outcome) => outcome.kind === 'refused');
  if (refused?.kind === 'refused' && !partial) throw refused.problem;
  const written = rows.filter((_, index) => outcomes[index]?.kind === 'created');
  if (written.length === 0) return settle(transaction, outcomes);
  await copyMemories(
    transaction,
    written.map(({ row }) => row),
  );
  await copyVectors(
    transaction,
    written.flatMap(({ vector }) => vector ?? []),
  );
  const owed = written.filter(({ row }) => row.vector_status === VECTOR_PENDING);
  await copyOutbox(
    transaction,
    owed.map(({ row }) => ({ kind: OUTBOX_EMBED, memory_id: row.id, version: row.version })),
  );
  const settled = await settle(transaction, outcomes);
  await addUsage(transaction, countByUser(written), written.length);
  return settled;
};

const countByUser = (rows: readonly PreparedRow[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { row } of rows) if (row.user_ref !== null) counts.set(row.user_ref, (counts.get(row.user_ref) ?? 0) + 1);
  return counts;
};

/** Pure: in the order of the request, each row takes its room until there is none. */
const admitRows = (
  rows: readonly PreparedRow[],
  strangers: ReadonlySet<PreparedRow>,
  existing: { readonly ids: ReadonlySet<string>; readonly keys: ReadonlySet<string> },
  room: Room,
  quotas: Quotas,
): readonly WriteOutcome[] => {
  let tenantRoom = room.tenant ?? Number.POSITIVE_INFINITY;
  const userRoom = new Map(room.users);
  const keys = new Set(existing.keys);
  return rows.map((prepared) => {
    const { row } = prepared;
    if (strangers.has(prepared)) return refuse(notMember());
    if (existing.ids.has(row.id)) return refuse(problem('key_exists', `There is a memory ${row.id} already.`));
    const token = row.key_token?.toString('hex');
    if (token !== undefined && keys.has(token)) return refuse(keyTaken());
    if (tenantRoom < 1) return refuse(quotaExceeded('memories', quotas.memories));
    const ofUser = row.user_ref === null ? undefined : userRoom.get(row.user_ref);
    if (ofUser !== undefined && ofUser < 1) return refuse(quotaExceeded('memoriesPerUser', quotas.memoriesPerUser));
    tenantRoom--;
    if (token !== undefined) keys.add(token);
    if (row.user_ref !== null && ofUser !== undefined) userRoom.set(row.user_ref, ofUser - 1);
    return { kind: 'created' };
  });
};

const refuse = (reason: Problem): WriteOutcome => ({ kind: 'refused', problem: reason });

/** A key of a person writes for that person's teams and organizations; a key of the tenant for any. */
const isMember = ({ userId, teamRefs, organizationRefs }: Principal, row: NewMemoryRow): boolean => {
  if (userId === null) return true;
  const owner = partitionOf(row);
  const scope = SCOPES[row.scope];
  return scope === 'team' ? teamRefs.includes(owner) : scope !== 'organization' || organizationRefs.includes(owner);
};

export const checkMembership = (principal: Principal, row: NewMemoryRow): void => {
  if (!isMember(principal, row)) throw notMember();
};

const notMember = (): Problem =>
  problem('forbidden', 'The person of this key does not belong to that team or organization.', {
    remedy: 'Use a narrower scope, or a key of a member.',
  });

const keyTaken = (): Problem =>
  problem('key_exists', 'There is a memory of this key already.', {
    remedy: 'Use PUT /api/v1/memories/by-key/{key} to replace it.',
    errors: [{ pointer: '/key', code: 'key_exists', detail: '/key is in use in this namespace' }],
  });

const quotaExceeded = (name: 'memories' | 'memoriesPerUser', limit: number | null): Problem =>
  problem('quota_exceeded', `The quota ${name} of ${limit} is used up.`, {
    errors: [{ pointer: '', code: name, detail: `spec.quotas.${name} of the MemoryTenant is ${limit}` }],
  });
