import { judgeMemory, type QuarantineReason } from '../reviews/quarantine.js';
import type { SealedParts } from '../sealing/row-batch.js';
import { indexSettings } from '../search/index-mark.js';
import { type SearchColumns, searchColumnsOf } from '../search/search-columns.js';
import { type EntityName, entityKey, type Person } from '../tenancy/people.js';
import type { NewRow } from '../tenancy/vault.js';
import { type FactTokens, factTokensOf } from './facts.js';
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
  const { sealed, parts } = await vault.sealRows(
    drafts.map((planned) => openRow(planned, slotOf(planned))),
    indexSettings(context.policies).index !== 'off',
  );
  const refOf: Refs = (kind, id, slot) => (id ? (entities.get(entityKey({ kind, slot, id })) ?? null) : null);
  return drafts.map((planned, index) => {
    const own = parts[index];
    if (!own) throw new Error(`The memory ${planned.id} was not sealed`);
    const owner = { slot: slotOf(planned), userRef: ownerOf(planned)?.ref ?? null };
    return prepareRow(context, planned, owner, { sealed, ...own }, refOf);
  });
};

const openRow = ({ id, past, content, draft, vector }: PlannedDraft, slot: number): NewRow => ({
  id,
  version: past?.version ?? 1,
  slot,
  content,
  namespace: draft.namespace ?? [],
  vector,
});

/** Teams and organizations are shared, so their names are sealed for the tenant; the rest with the person they appear with. */
const namesIn = ({ draft }: PlannedDraft, slot: number): readonly EntityName[] => {
  const names: EntityName[] = [];
  if (draft.agent_id) names.push({ kind: 'agent', slot, id: draft.agent_id });
  if (draft.session_id) names.push({ kind: 'session', slot, id: draft.session_id });
  if (draft.app_id) names.push({ kind: 'app', slot, id: draft.app_id });
  if (draft.team_id) names.push({ kind: 'team', slot: TENANT_SLOT, id: draft.team_id });
  if (draft.organization_id) names.push({ kind: 'organization', slot: TENANT_SLOT, id: draft.organization_id });
  return names;
};

interface Owner {
  readonly slot: number;
  readonly userRef: string | null;
}

type Parts = SealedParts & { readonly sealed: boolean };

type Refs = (kind: EntityName['kind'], id: string | null | undefined, of: number) => string | null;

const prepareRow = (
  context: WriteContext,
  planned: PlannedDraft,
  { slot, userRef }: Owner,
  parts: Parts,
  refOf: Refs,
): PreparedRow => {
  const { vault, policies } = context;
  const { draft, id, content, past } = planned;
  const own = lowestTrust(trustOf(context.principal, context.channel), planned.lineage?.trust ?? []);
  const trust = past?.trust ? lowerTrust(own, past.trust) : own;
  const judged = judgeMemory(content, { scope: planned.scopeCode, trust, policies });
  const quarantine = reasonsOf(past?.status ?? STATUS_ACTIVE, judged);
  const version = past?.version ?? 1;
  const owned = {
    id,
    version,
    slot,
    scope: planned.scopeCode,
    user_ref: userRef,
    agent_ref: refOf('agent', draft.agent_id, slot),
    session_ref: refOf('session', draft.session_id, slot),
    app_ref: refOf('app', draft.app_id, slot),
    team_ref: refOf('team', draft.team_id, TENANT_SLOT),
    organization_ref: refOf('organization', draft.organization_id, TENANT_SLOT),
  };
  const namespace = draft.namespace ?? [];
  const search = searchColumnsOf(indexSettings(policies), content, parts.tokens);
  const row = buildRow(context, planned, {
    ...{ owned, trust, search },
    own: parts,
    key: sealKey(vault, owned, { key: draft.key ?? null, namespace }),
    fact: factTokensOf(vault, owned, content),
    status: quarantine.length > 0 ? STATUS_QUARANTINED : (past?.status ?? STATUS_ACTIVE),
  });
  const vector = parts.vector && prepareVector(context.model, row, parts.vector);
  return { planned, quarantine, row, commit: parts.commit, vector };
};

/** What nobody finds any more needs no quarantine; what was in one elsewhere stays in one. */
const reasonsOf = (before: number, judged: readonly QuarantineReason[]): readonly QuarantineReason[] => {
  if (before === STATUS_QUARANTINED) return ['imported', ...judged];
  return before === STATUS_ACTIVE ? judged : [];
};

type RefColumn = 'user_ref' | 'agent_ref' | 'session_ref' | 'app_ref' | 'team_ref' | 'organization_ref';

interface RowParts {
  readonly owned: Pick<NewMemoryRow, 'id' | 'version' | 'slot' | 'scope' | RefColumn>;
  readonly trust: Trust;
  readonly search: SearchColumns;
  readonly own: Parts;
  readonly key: Pick<NewMemoryRow, 'key_token' | 'sealed_key'>;
  readonly fact: FactTokens;
  readonly status: number;
}

/**
 * Column by column, the few that come together at the end: an object of this size that begins with a spread takes 50 µs to
 * make, more than all that is sealed in it.
 */
const buildRow = (context: WriteContext, planned: PlannedDraft, parts: RowParts): NewMemoryRow => ({
  id: parts.owned.id,
  version: parts.owned.version,
  slot: parts.owned.slot,
  sealed: parts.own.sealed,
  envelope: parts.own.envelope,
  content_hash: parts.own.contentHash,
  pii: [...planned.redactions.keys()],
  pii_counts: [...planned.redactions.values()],
  user_ref: parts.owned.user_ref,
  agent_ref: parts.owned.agent_ref,
  session_ref: parts.owned.session_ref,
  app_ref: parts.owned.app_ref,
  team_ref: parts.owned.team_ref,
  organization_ref: parts.owned.organization_ref,
  scope: parts.owned.scope,
  status: parts.status,
  vector_status: planned.vector ? VECTOR_SUCCEEDED : context.embeds ? VECTOR_PENDING : VECTOR_SKIPPED,
  source_kind: SOURCE_KINDS.indexOf(context.channel),
  trust_class: parts.trust.trust_class,
  trust_score: parts.trust.trust_score,
  confidence: capConfidence(planned.confidence, parts.trust),
  importance: planned.draft.importance ?? DEFAULT_IMPORTANCE,
  legal_hold: false,
  expires_at: planned.expiresAt,
  valid_from: planned.validFrom,
  valid_to: planned.validTo,
  created_at: planned.past?.createdAt ?? context.now,
  updated_at: planned.past?.updatedAt ?? context.now,
  created_by: context.principal.keyId,
  audit_event: context.auditEvent,
  supersedes: planned.lineage?.supersedes ?? [],
  evidence: planned.lineage?.evidence ?? [],
  contradictions: 0,
  superseded_by: null,
  ...parts.key,
  ...parts.fact,
  ...parts.search,
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
