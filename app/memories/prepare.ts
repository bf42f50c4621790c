import type { Principal } from '../access/principal.js';
import type { AuditTrail } from '../audit/trail.js';
import type { Database } from '../db/pool.js';
import type { Policies } from '../policies/schema.js';
import { judgeMemory, type QuarantineReason } from '../reviews/quarantine.js';
import { indexSettings } from '../search/index-mark.js';
import { buildSearchColumns } from '../search/search-columns.js';
import { type EntityName, entityKey, type People, type Person } from '../tenancy/people.js';
import type { Vault } from '../tenancy/vault.js';
import { factTokensOf } from './facts.js';
import { sealKey } from './key.js';
import { partitionOf } from './partition-of.js';
import { DEFAULT_IMPORTANCE, type PlannedDraft } from './plan.js';
import type { Quotas } from './quota.js';
import {
  type NewMemoryRow,
  type NewVectorRow,
  STATUS_ACTIVE,
  STATUS_QUARANTINED,
  VECTOR_PENDING,
  VECTOR_SKIPPED,
  VECTOR_SUCCEEDED,
} from './rows.js';
import { SOURCE_KINDS } from './schema.js';
import { type Channel, capConfidence, lowerTrust, lowestTrust, type Trust, trustOf } from './trust.js';

export interface WriteContext {
  readonly db: Database;
  readonly vault: Vault;
  readonly people: People;
  readonly principal: Principal;
  /** By which way the drafts came in. */
  readonly channel: Channel;
  readonly policies: Policies;
  readonly quotas: Quotas;
  readonly audit: AuditTrail;
  /** The event that will tell of all that is written. */
  readonly auditEvent: string;
  readonly newId: () => string;
  readonly model: string;
  /** Whether this service makes vectors for what comes without one. */
  readonly embeds: boolean;
  readonly now: Date;
}

export interface PreparedRow {
  readonly planned: PlannedDraft;
  /** Why it waits for a review; empty when it does not. */
  readonly quarantine: readonly QuarantineReason[];
  readonly row: NewMemoryRow;
  /** What the audit log holds of it. */
  readonly commit: Buffer;
  readonly vector: NewVectorRow | null;
}

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
  const { vault } = context;
  const { draft, id, content } = planned;
  const { past } = planned;
  const own = lowestTrust(trustOf(context.principal, context.channel), planned.lineage?.trust ?? []);
  const trust = past?.trust ? lowerTrust(own, past.trust) : own;
  const judged = judgeMemory(content, { scope: planned.scopeCode, trust, policies: context.policies });
  const quarantine = reasonsOf(past?.status ?? STATUS_ACTIVE, judged);
  const stored = vault.sealRow({ slot, table: 'memories', rowId: id, version: past?.version ?? 1 }, content);
  const row = {
    ...buildColumns(context, planned, trust),
    slot,
    sealed: stored.sealed,
    envelope: stored.bytes,
    content_hash: vault.contentHash(slot, content.content),
    user_ref: userRef,
    agent_ref: refs.agent ?? null,
    session_ref: refs.session ?? null,
    app_ref: refs.app ?? null,
    team_ref: refs.team ?? null,
    organization_ref: refs.organization ?? null,
    status: quarantine.length > 0 ? STATUS_QUARANTINED : (past?.status ?? STATUS_ACTIVE),
  };
  const namespace = draft.namespace ?? [];
  const key = sealKey(vault, row, { key: draft.key ?? null, namespace });
  const search = buildSearchColumns(vault, indexSettings(context.policies), { slot, content, namespace });
  const named: NewMemoryRow = { ...row, ...key, ...factTokensOf(vault, row, content), ...search };
  const vector = planned.vector ? prepareVector(context, named, planned.vector) : null;
  return { planned, quarantine, row: named, commit: stored.commit, vector };
};

/** What nobody finds any more needs no quarantine; what was in one elsewhere stays in one. */
const reasonsOf = (before: number, judged: readonly QuarantineReason[]): readonly QuarantineReason[] => {
  if (before === STATUS_QUARANTINED) return ['imported', ...judged];
  return before === STATUS_ACTIVE ? judged : [];
};

/** What is in clear, whoever the row belongs to. */
const buildColumns = (context: WriteContext, planned: PlannedDraft, trust: Trust) => ({
  id: planned.id,
  version: planned.past?.version ?? 1,
  pii: [...planned.redactions.keys()],
  pii_counts: [...planned.redactions.values()],
  scope: planned.scopeCode,
  vector_status: planned.vector ? VECTOR_SUCCEEDED : context.embeds ? VECTOR_PENDING : VECTOR_SKIPPED,
  confidence: capConfidence(planned.confidence, trust),
  importance: planned.draft.importance ?? DEFAULT_IMPORTANCE,
  source_kind: SOURCE_KINDS.indexOf(context.channel),
  ...trust,
  legal_hold: false,
  supersedes: planned.lineage?.supersedes ?? [],
  evidence: planned.lineage?.evidence ?? [],
  ...timesOf(planned, context.now),
  created_by: context.principal.keyId,
  audit_event: context.auditEvent,
});

const timesOf = ({ expiresAt, validFrom, validTo, past }: PlannedDraft, now: Date) => ({
  expires_at: expiresAt,
  valid_from: validFrom,
  valid_to: validTo,
  created_at: past?.createdAt ?? now,
  updated_at: past?.updatedAt ?? now,
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
