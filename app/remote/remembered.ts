import { isObject, type JsonObject } from '../http/json.js';
import { DEFAULT_IMPORTANCE, type PlannedDraft } from '../memories/plan.js';
import { roundFloat } from '../memories/round-float.js';
import { type Memory, SOURCE_KINDS, TRUST_CLASSES } from '../memories/schema.js';
import { formatOptionalTime, formatTime } from '../memories/time.js';
import { type Channel, capConfidence, type Trust } from '../memories/trust.js';
import type { Vault } from '../tenancy/vault.js';
import type { RemoteRecord } from './provider.js';

/** The key of a memory's metadata at the provider under which stands what is ours. Nobody else may write it. */
export const OURS = 'memplane';

/** What a provider has no place for. Ids of agents, sessions and applications are references, as everywhere outside. */
export interface Remembered {
  readonly version: number;
  readonly confidence: number;
  readonly importance: number;
  readonly subject: string | null;
  readonly predicate: string | null;
  readonly object: string | null;
  readonly namespace: readonly string[];
  readonly agent: string | null;
  readonly session: string | null;
  readonly app: string | null;
  readonly expires_at: string | null;
  readonly valid_from: string | null;
  readonly valid_to: string | null;
  readonly redactions: readonly (readonly [string, number])[];
  readonly channel: number;
  readonly source: JsonObject;
  readonly trust_class: number;
  readonly trust_score: number;
  readonly audit_event: string;
}

export interface RememberedParts {
  readonly refs: Pick<Remembered, 'agent' | 'session' | 'app'>;
  readonly trust: Trust;
  readonly channel: Channel;
  readonly auditEvent: string;
}

export const rememberedOf = (planned: PlannedDraft, parts: RememberedParts): Remembered => ({
  version: 1,
  confidence: roundFloat(capConfidence(planned.confidence, parts.trust)),
  importance: planned.draft.importance ?? DEFAULT_IMPORTANCE,
  subject: planned.content.subject,
  predicate: planned.content.predicate,
  object: planned.content.object,
  namespace: planned.draft.namespace ?? [],
  ...parts.refs,
  expires_at: formatOptionalTime(planned.expiresAt),
  valid_from: formatOptionalTime(planned.validFrom),
  valid_to: formatOptionalTime(planned.validTo),
  redactions: [...planned.redactions],
  channel: SOURCE_KINDS.indexOf(parts.channel),
  source: planned.content.source as JsonObject,
  trust_class: parts.trust.trust_class,
  trust_score: roundFloat(parts.trust.trust_score),
  audit_event: parts.auditEvent,
});

const MAC_TABLE = 'remote_memories';

/** The metadata as it goes out, with a MAC over what is ours: whose it is, what it says, how far it is trusted. */
export const packMetadata = (
  vault: Vault,
  owner: string,
  content: string,
  metadata: JsonObject,
  remembered: Remembered,
): JsonObject => {
  const ours = remembered as unknown as JsonObject;
  const mac = vault.rowMac(MAC_TABLE, { owner, content, metadata, ours }).toString('base64');
  return { ...metadata, [OURS]: { ...ours, mac } };
};

export interface Unpacked {
  readonly metadata: JsonObject;
  readonly remembered: Remembered;
}

/**
 * What came back. A memory that was written at the provider itself, or changed there, is shown with what it says and trusted
 * as nobody's: only what we wrote as it is carries our word.
 */
export const unpackMetadata = (vault: Vault, { owner, content, metadata: all }: RemoteRecord): Unpacked => {
  const { [OURS]: block, ...metadata } = all;
  if (!isObject(block) || typeof block.mac !== 'string') return { metadata, remembered: STRANGER };
  const { mac, ...ours } = block;
  const row = { owner, content, metadata, ours };
  if (!vault.verifyRowMac(MAC_TABLE, row, Buffer.from(mac, 'base64'))) return { metadata, remembered: STRANGER };
  return { metadata, remembered: ours as unknown as Remembered };
};

const STRANGER: Remembered = {
  version: 1,
  confidence: 0.3,
  importance: DEFAULT_IMPORTANCE,
  ...{ subject: null, predicate: null, object: null, namespace: [] },
  ...{ agent: null, session: null, app: null },
  ...{ expires_at: null, valid_from: null, valid_to: null },
  redactions: [],
  channel: SOURCE_KINDS.indexOf('import'),
  source: {},
  trust_class: TRUST_CLASSES.indexOf('unknown'),
  trust_score: 0.3,
  audit_event: '',
};

export const isExpired = ({ expires_at }: Remembered, now: Date): boolean =>
  expires_at !== null && new Date(expires_at) <= now;

/** As clients see it: the same shape as a memory that is kept here. */
export const presentRecord = (
  vault: Vault,
  slot: number,
  record: RemoteRecord,
  unpacked: Unpacked,
  names: ReadonlyMap<string, string>,
): Memory => ({
  ...presentOurs(unpacked.remembered),
  ...presentNames(record, unpacked.remembered, names),
  ...buildPlain(),
  id: record.id,
  content: record.content,
  content_hash: vault.contentHash(slot, record.content).toString('base64url'),
  metadata: { ...unpacked.metadata },
  created_at: formatTime(record.createdAt),
  updated_at: formatTime(record.updatedAt),
});

/** What a memory that lies elsewhere always is. */
const buildPlain = () => ({
  key: null,
  team_id: null,
  organization_id: null,
  scope: 'user' as const,
  status: 'active' as const,
  legal_hold: false,
  supersedes: [],
  superseded_by: null,
  evidence: [],
  contradictions: 0,
  vector_status: 'succeeded' as const,
});

const presentNames = (record: RemoteRecord, ours: Remembered, names: ReadonlyMap<string, string>) => {
  const nameOf = (ref: string | null): string | null => (ref === null ? null : (names.get(ref) ?? null));
  return {
    user_id: nameOf(record.owner),
    agent_id: nameOf(ours.agent),
    session_id: nameOf(ours.session),
    app_id: nameOf(ours.app),
  };
};

const presentOurs = (ours: Remembered) => ({
  namespace: [...ours.namespace],
  subject: ours.subject,
  predicate: ours.predicate,
  object: ours.object,
  confidence: ours.confidence,
  importance: ours.importance,
  pii: ours.redactions.map(([kind]) => kind),
  redactions: ours.redactions.map(([kind, count]) => ({ kind, count })),
  expires_at: ours.expires_at,
  valid_from: ours.valid_from,
  valid_to: ours.valid_to,
  version: ours.version,
  source: { kind: SOURCE_KINDS[ours.channel] ?? 'import', ...(ours.source as object) },
  trust: { class: TRUST_CLASSES[ours.trust_class] ?? 'unknown', score: ours.trust_score },
});

export const refsOf = (record: RemoteRecord, { remembered }: Unpacked): readonly string[] =>
  [record.owner, remembered.agent, remembered.session, remembered.app].flatMap((ref) => ref ?? []);
