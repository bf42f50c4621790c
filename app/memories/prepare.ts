import { judgeMemory, type QuarantineReason } from '../reviews/quarantine.js';
import type { SealedParts } from '../sealing/row-batch.js';
import { type IndexSettings, indexMark, indexSettings } from '../search/index-mark.js';
import { buildClearMetadata } from '../search/search-columns.js';
import { type EntityName, entityKey, type Person } from '../tenancy/people.js';
import type { NewRow } from '../tenancy/vault.js';
import { factTokensOf } from './facts.js';
import { sealKey } from './key.js';
import { partitionOf } from './partition-of.js';
import { DEFAULT_IMPORTANCE, type PlannedDraft } from './plan.js';
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
import { capConfidence, lowerTrust, lowestTrust, type Trust, trustOf } from './trust.js';
import type { PreparedRow, WriteContext } from './write-context.js';

/** SLOTS.tenant: what belongs to nobody in particular. */
export const TENANT_SLOT = 0;

/** Finds or makes the people and things that the drafts name, then seals every row. */
export const prepareRows = async (
  context: WriteContext,
  drafts: readonly PlannedDraft[],
): Promise<readonly PreparedRow[]> => {
  const { db, vault, people } = context;
  const persons = await people.ensure(db, userIdsIn(drafts));
  const ownerOf = ({ userId }: PlannedDraft): Person | undefined => (userId === null ? undefined : persons.get(userId));
  const slotOf = (planned: PlannedDraft): number =>
    planned.scopeCode === 0 ? (ownerOf(planned)?.slot ?? TENANT_SLOT) : TENANT_SLOT;
  const names: EntityName[] = [];
  for (const planned of drafts) pushNames(names, planned, slotOf(planned));
  const entities = await people.ensureEntities(db, names);
  await vault.prepare(new Set(drafts.map(slotOf)));
  const index = indexSettings(context.policies);
  const { sealed, parts } = await vault.sealRows(
    drafts.map((planned) => openRow(planned, slotOf(planned))),
    index.index !== 'off',
  );
  const refOf: Refs = (kind, id, slot) => (id ? (entities.get(entityKey({ kind, slot, id })) ?? null) : null);
  const credited = trustOf(context.principal, context.channel);
  const shared = { context, sealed, index, credited, refOf };
  return drafts.map((planned, at) => {
    const own = parts[at];
    if (!own) throw new Error(`The memory ${planned.id} was not sealed`);
    return prepareRow(shared, planned, slotOf(planned), ownerOf(planned)?.ref ?? null, own);
  });
};

const userIdsIn = (drafts: readonly PlannedDraft[]): ReadonlySet<string> => {
  const ids = new Set<string>();
  for (const { userId } of drafts) if (userId) ids.add(userId);
  return ids;
};

const openRow = ({ id, past, content, draft, vector }: PlannedDraft, slot: number): NewRow => ({
  id,
  version: past?.version ?? 1,
  slot,
  content,
  namespace: draft.namespace ?? NOTHING,
  vector,
});

/** Teams and organizations are shared, so their names are sealed for the tenant; the rest with the person they appear with. */
const pushNames = (names: EntityName[], { draft }: PlannedDraft, slot: number): void => {
  if (draft.agent_id) names.push({ kind: 'agent', slot, id: draft.agent_id });
  if (draft.session_id) names.push({ kind: 'session', slot, id: draft.session_id });
  if (draft.app_id) names.push({ kind: 'app', slot, id: draft.app_id });
  if (draft.team_id) names.push({ kind: 'team', slot: TENANT_SLOT, id: draft.team_id });
  if (draft.organization_id) names.push({ kind: 'organization', slot: TENANT_SLOT, id: draft.organization_id });
};

type Refs = (kind: EntityName['kind'], id: string | null | undefined, of: number) => string | null;

/** What all rows of a write have in common. */
interface Shared {
  readonly context: WriteContext;
  readonly sealed: boolean;
  readonly index: IndexSettings;
  /** What the credential and the channel are good for. */
  readonly credited: Trust;
  readonly refOf: Refs;
}

const prepareRow = (
  shared: Shared,
  planned: PlannedDraft,
  slot: number,
  userRef: string | null,
  parts: SealedParts,
): PreparedRow => {
  const { context } = shared;
  const { content, past, lineage } = planned;
  const own = lineage ? lowestTrust(shared.credited, lineage.trust) : shared.credited;
  const trust = past?.trust ? lowerTrust(own, past.trust) : own;
  const judged = judgeMemory(content, { scope: planned.scopeCode, trust, policies: context.policies });
  const quarantine = past ? reasonsOf(past.status, judged) : judged;
  const status = quarantine.length > 0 ? STATUS_QUARANTINED : (past?.status ?? STATUS_ACTIVE);
  const row = nameRow(context, planned, buildRow(shared, planned, { slot, userRef, parts, trust, status }));
  const vector = parts.vector && prepareVector(context.model, row, parts.vector);
  return { planned, quarantine, row, commit: parts.commit, vector };
};

/** What nobody finds any more needs no quarantine; what was in one elsewhere stays in one. */
const reasonsOf = (before: number, judged: readonly QuarantineReason[]): readonly QuarantineReason[] => {
  if (before === STATUS_QUARANTINED) return ['imported', ...judged];
  return before === STATUS_ACTIVE ? judged : [];
};

/** With what it is called and what it states, if it has a name or states anything. */
const nameRow = ({ vault }: WriteContext, { draft, content }: PlannedDraft, row: NewMemoryRow): NewMemoryRow => {
  const key = sealKey(vault, row, { key: draft.key ?? null, namespace: draft.namespace ?? NOTHING });
  const fact = factTokensOf(vault, row, content);
  return key.sealed_key === null && fact.fact_token === null ? row : { ...row, ...key, ...fact };
};

interface RowParts {
  readonly slot: number;
  readonly userRef: string | null;
  readonly parts: SealedParts;
  readonly trust: Trust;
  readonly status: number;
}

const NOTHING: readonly never[] = [];

/** What no row has when it begins, or what it has only with a name or a statement. */
const UNNAMED = {
  legal_hold: false,
  contradictions: 0,
  superseded_by: null,
  key_token: null,
  sealed_key: null,
  fact_token: null,
  object_token: null,
} as const;

/**
 * Column by column: an object of this size that begins with a spread takes 50 µs to make, more than all that is sealed in it,
 * and one that ends with several still two.
 */
const buildRow = (shared: Shared, planned: PlannedDraft, own: RowParts): NewMemoryRow => ({
  id: planned.id,
  version: planned.past?.version ?? 1,
  slot: own.slot,
  sealed: shared.sealed,
  envelope: own.parts.envelope,
  content_hash: own.parts.contentHash,
  pii: planned.redactions.size === 0 ? NOTHING : [...planned.redactions.keys()],
  pii_counts: planned.redactions.size === 0 ? NOTHING : [...planned.redactions.values()],
  user_ref: own.userRef,
  agent_ref: shared.refOf('agent', planned.draft.agent_id, own.slot),
  session_ref: shared.refOf('session', planned.draft.session_id, own.slot),
  app_ref: shared.refOf('app', planned.draft.app_id, own.slot),
  team_ref: shared.refOf('team', planned.draft.team_id, TENANT_SLOT),
  organization_ref: shared.refOf('organization', planned.draft.organization_id, TENANT_SLOT),
  scope: planned.scopeCode,
  status: own.status,
  vector_status: planned.vector ? VECTOR_SUCCEEDED : shared.context.embeds ? VECTOR_PENDING : VECTOR_SKIPPED,
  source_kind: SOURCE_KINDS.indexOf(shared.context.channel),
  trust_class: own.trust.trust_class,
  trust_score: own.trust.trust_score,
  confidence: capConfidence(planned.confidence, own.trust),
  importance: planned.draft.importance ?? DEFAULT_IMPORTANCE,
  expires_at: planned.expiresAt,
  valid_from: planned.validFrom,
  valid_to: planned.validTo,
  created_at: planned.past?.createdAt ?? shared.context.now,
  updated_at: planned.past?.updatedAt ?? shared.context.now,
  created_by: shared.context.principal.keyId,
  audit_event: shared.context.auditEvent,
  supersedes: planned.lineage?.supersedes ?? NOTHING,
  evidence: planned.lineage?.evidence ?? NOTHING,
  search_tokens: own.parts.tokens,
  clear_metadata: buildClearMetadata(shared.index, planned.content),
  index_mark: indexMark(shared.index),
  ...UNNAMED,
});

const prepareVector = (model: string, row: NewMemoryRow, vector: Buffer): NewVectorRow => ({
  memory_id: row.id,
  version: row.version,
  slot: row.slot,
  partition: partitionOf(row),
  model,
  sealed: row.sealed,
  vector,
});
