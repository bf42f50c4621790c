import { requireIn } from '../access/scoped.js';
import type { JsonObject } from '../http/json.js';
import { type PlannedPatch, planPatch, readPatch } from '../memories/patch.js';
import type { PersonDeleted } from '../memories/person.js';
import type { Memory, Scope } from '../memories/schema.js';
import type { Caller } from '../memories/service.js';
import type { MemoryState } from '../memories/state.js';
import { formatOptionalTime } from '../memories/time.js';
import { lowerTrust, type Trust, trustOf } from '../memories/trust.js';
import { type ChangeOptions, checkVersion, missing } from '../memories/version.js';
import { requireUserId } from '../tenancy/identity.js';
import { type Found, findRecord, requireOwnScope } from './owner.js';
import { showRecords } from './present.js';
import { notSupportedThere } from './refusals.js';
import { isExpired, packMetadata, type Remembered, type Unpacked, unpackMetadata } from './remembered.js';
import type { RemoteDeps } from './remote-deps.js';
import { demandUnheld, refuseInjection, refuseReserved, tellChanged, tellDeleted } from './write.js';

/**
 * The next version, written over the one before. The provider compares nothing, so of two replicas that change one memory in
 * the same instant the later wins: If-Match is held against what was read just before.
 */
export const updateRemote = async (
  deps: RemoteDeps,
  caller: Caller,
  id: string,
  body: unknown,
  { ifMatch, reason }: ChangeOptions,
): Promise<Memory> => {
  const { provider } = deps;
  const patch = readPatch(body);
  if (!provider.capabilities.update) throw notSupportedThere(provider.name, []);
  if ('vector' in patch || 'embedding_model' in patch) throw notSupportedThere(provider.name, ['/vector']);
  const found = await findRecord(deps, caller, id, 'update');
  const unpacked = liveOf(deps, found);
  checkVersion({ id, version: unpacked.remembered.version }, ifMatch);
  await demandUnheld(deps, found.person);
  const trust = lowerTrust(unpacked.remembered, trustOf(caller.principal, caller.channel));
  const planned = planChange(deps, caller, found, unpacked, { patch, trust });
  const [unchanged] = planned ? [] : await showRecords(deps, found.person, [found.record]);
  if (unchanged) return unchanged.memory;
  if (!planned) throw missing(id);
  refuseReserved(planned.content.metadata);
  refuseInjection(deps, planned.content, trust);
  const auditEvent = deps.newId();
  const after = nextOf(unpacked.remembered, planned, trust, auditEvent);
  const { content, metadata } = planned.content;
  const packed = packMetadata(deps.vault, found.person.ref, content, metadata as JsonObject, after);
  const draft = { content, metadata: packed, expiresAt: planned.columns.expires_at };
  const record = await provider.update(found.person.ref, id, draft);
  const [shown] = record ? await showRecords(deps, found.person, [record]) : [];
  if (!shown) throw missing(id);
  await tellChanged(deps, { auditEvent, reason, fields: Object.keys(patch) }, { ...shown, person: found.person });
  return shown.memory;
};

const liveOf = ({ vault }: RemoteDeps, { record }: Found): Unpacked => {
  const unpacked = unpackMetadata(vault, record);
  if (isExpired(unpacked.remembered, new Date())) throw missing(record.id);
  return unpacked;
};

const planChange = (
  deps: RemoteDeps,
  caller: Caller,
  { record }: Found,
  { metadata, remembered }: Unpacked,
  { patch, trust }: { readonly patch: JsonObject; readonly trust: Trust },
): PlannedPatch | undefined => {
  const { subject, predicate, object, confidence, importance, source } = remembered;
  const { expires_at, valid_from, valid_to } = remembered;
  const said = { content: record.content, subject, predicate, object, confidence, importance, metadata, source };
  const before: MemoryState = { ...said, expires_at, valid_from, valid_to };
  const times = { expires_at: timeOf(expires_at), valid_from: timeOf(valid_from), valid_to: timeOf(valid_to) };
  const row = { scope: 0, created_at: record.createdAt, confidence, importance, ...times };
  const context = { principal: caller.principal, trust, policies: deps.policies(), dimensions: 0, model: '' };
  return planPatch(row, before, patch, context);
};

const timeOf = (text: string | null): Date | null => (text === null ? null : new Date(text));

const nextOf = (before: Remembered, planned: PlannedPatch, trust: Trust, auditEvent: string): Remembered => {
  const { columns, content } = planned;
  const counts = new Map<string, number>(before.redactions);
  for (const [kind, count] of planned.redactions) counts.set(kind, (counts.get(kind) ?? 0) + count);
  return {
    ...before,
    ...{ subject: content.subject, predicate: content.predicate, object: content.object },
    source: content.source as JsonObject,
    version: before.version + 1,
    confidence: planned.after.confidence,
    importance: planned.after.importance,
    expires_at: formatOptionalTime(columns.expires_at),
    valid_from: formatOptionalTime(columns.valid_from),
    valid_to: formatOptionalTime(columns.valid_to),
    redactions: [...counts],
    trust_class: trust.trust_class,
    trust_score: trust.trust_score,
    audit_event: auditEvent,
  };
};

export interface RemoteDeleted {
  readonly id: string;
  readonly deleted: true;
  readonly linked: readonly [];
  readonly audit_event: string;
}

export const deleteRemote = async (
  deps: RemoteDeps,
  caller: Caller,
  id: string,
  { ifMatch, reason, linked }: ChangeOptions & { readonly linked: boolean },
): Promise<RemoteDeleted> => {
  if (linked) throw notSupportedThere(deps.provider.name, ['/query/linked']);
  const { person, record } = await findRecord(deps, caller, id, 'delete');
  const { version } = unpackMetadata(deps.vault, record).remembered;
  checkVersion({ id, version }, ifMatch);
  await demandUnheld(deps, person);
  if (!(await deps.provider.delete(person.ref, id))) throw missing(id);
  const told = { auditEvent: deps.newId(), reason };
  const audit_event = await tellDeleted(deps, told, [{ id, version, slot: person.slot }]);
  return { id, deleted: true, linked: [], audit_event };
};

/** All that is a person's own. The event is told without the ids: the provider deletes by whose they are. */
export const deleteRemotePerson = async (
  deps: RemoteDeps,
  caller: Caller,
  userId: string,
  options: { readonly scope: Scope | undefined; readonly reason: string | null },
): Promise<PersonDeleted> => {
  requireOwnScope(deps, { scope: options.scope });
  const named = requireUserId(caller.principal, { explicit: userId, header: null });
  requireIn(caller.principal, 'delete', 'user');
  const person = await deps.people.find(deps.db, named);
  const nothing = { held: 0, vectors: 0, cache: 0 };
  if (!person) return { deleted: 0, ...nothing, audit_event: null };
  await demandUnheld(deps, person);
  const deleted = await deps.provider.deleteUser(person.ref);
  if (deleted === 0) return { deleted, ...nothing, audit_event: null };
  const audit_event = await tellSwept(deps, person.slot, deleted, options.reason);
  return { deleted, ...nothing, vectors: deleted, audit_event };
};

export const tellSwept = (deps: RemoteDeps, slot: number, count: number, reason: string | null): Promise<string> =>
  deps.audit.record(deps.db, {
    type: 'memory.write',
    code: 'deleted',
    scope: 'user',
    slot,
    detail: { provider: deps.provider.name, count, ...(reason === null ? {} : { reason }) },
  });
