import { inRetriedTransaction } from '../db/pool.js';
import { findStandingHolds } from '../erasure/request.js';
import { underHold } from '../holds/holds.js';
import { problem } from '../http/errors.js';
import type { Json } from '../http/json.js';
import { buildDeleteEntry, buildWriteEntry } from '../memories/audit.js';
import { type DroppedDraft, type PlannedDraft, problemAt } from '../memories/plan.js';
import type { Draft, Memory } from '../memories/schema.js';
import type { Caller, Witness } from '../memories/service.js';
import { type Channel, type Trust, trustOf } from '../memories/trust.js';
import { judgeMemory } from '../reviews/quarantine.js';
import { entityKey, type Person } from '../tenancy/people.js';
import { requireOwnScope } from './owner.js';
import { showRecords } from './present.js';
import type { RemoteRecord } from './provider.js';
import { notSupportedThere } from './refusals.js';
import { OURS, packMetadata, type Remembered, rememberedOf } from './remembered.js';
import type { RemoteDeps } from './remote-deps.js';

export type PlanOne = (body: unknown) => PlannedDraft | DroppedDraft;

export interface Ready {
  readonly planned: PlannedDraft & { readonly userId: string };
  readonly trust: Trust;
}

/** What is ours to decide, decided before anything leaves: what the policy keeps, what must not go unseen into a memory. */
export const checkDraft = (deps: RemoteDeps, { principal, channel }: Caller, planned: PlannedDraft): Ready => {
  const { draft, content, userId } = planned;
  requireOwnScope(deps, scopeOf(draft));
  const asked = (['id', 'key', 'vector', 'embedding_model'] as const).filter((name) => draft[name] != null);
  if (asked.length > 0)
    throw notSupportedThere(
      deps.provider.name,
      asked.map((name) => `/${name}`),
    );
  refuseReserved(content.metadata);
  const trust = trustOf(principal, channel);
  refuseInjection(deps, content, trust);
  if (userId === null) throw new Error('A memory of the scope user was planned without a person');
  return { planned: { ...planned, userId }, trust };
};

const scopeOf = ({ scope, team_id, organization_id }: Draft) => ({
  scope,
  ...(team_id == null ? {} : { team_id }),
  ...(organization_id == null ? {} : { organization_id }),
});

export const refuseReserved = (metadata: object): void => {
  if (!(OURS in metadata)) return;
  throw problemAt(
    'invalid_request',
    `/metadata/${OURS}`,
    `metadata.${OURS} is where the service keeps what is its own.`,
  );
};

/** There is no quarantine there: what would wait for a review here is not stored at all. */
export const refuseInjection = (deps: RemoteDeps, content: PlannedDraft['content'], trust: Trust): void => {
  const reasons = judgeMemory(content, { scope: 0, trust, policies: deps.policies() });
  if (reasons.length === 0) return;
  const what = `This would have to wait for a review (${reasons.join(', ')}), and ${deps.provider.name} has no quarantine.`;
  throw notSupportedThere(deps.provider.name, ['/content'], what);
};

export interface Written {
  readonly memory: Memory;
  readonly record: RemoteRecord;
  readonly person: Person;
}

/** Goes out, comes back as it lies there, and is not told of yet. */
export const addRemote = async (
  deps: RemoteDeps,
  channel: Channel,
  { planned, trust }: Ready,
  auditEvent: string,
): Promise<Written> => {
  const person = await ensurePerson(deps, planned.userId);
  const refs = await ensureRefs(deps, person, planned.draft);
  const remembered = rememberedOf(planned, { refs, trust, channel, auditEvent });
  const { content, metadata } = planned.content;
  const packed = packMetadata(deps.vault, person.ref, content, metadata, remembered);
  const record = await deps.provider.add(person.ref, { content, metadata: packed, expiresAt: planned.expiresAt });
  const [shown] = await showRecords(deps, person, [record]);
  if (!shown) throw problem('store_unavailable', `${deps.provider.name} answered with the memory of somebody else.`);
  return { memory: shown.memory, record, person };
};

const ensurePerson = async ({ db, people }: RemoteDeps, userId: string): Promise<Person> => {
  const person = (await people.ensure(db, [userId])).get(userId);
  if (!person) throw new Error('A person was not made');
  return person;
};

const ensureRefs = async (
  { db, people }: RemoteDeps,
  { slot }: Person,
  { agent_id, session_id, app_id }: Draft,
): Promise<Pick<Remembered, 'agent' | 'session' | 'app'>> => {
  const named = { agent: agent_id, session: session_id, app: app_id };
  const names = Object.entries(named).flatMap(([kind, id]) =>
    id == null ? [] : [{ kind: kind as keyof typeof named, slot, id }],
  );
  const refs = await people.ensureEntities(db, names);
  const refOf = (kind: keyof typeof named): string | null => {
    const id = named[kind];
    return id == null ? null : (refs.get(entityKey({ kind, slot, id })) ?? null);
  };
  return { agent: refOf('agent'), session: refOf('session'), app: refOf('app') };
};

/**
 * Told to the log, with the answer that a repetition gets, in one transaction. What cannot be told must not have happened:
 * then it is taken back where it lies.
 */
export const tellAdded = async (
  deps: RemoteDeps,
  auditEvent: string,
  written: readonly Written[],
  witness: Witness<void>,
): Promise<void> => {
  try {
    await inRetriedTransaction(deps.db, async (transaction) => {
      await deps.audit.record(transaction, {
        ...buildWriteEntry(
          auditEvent,
          written.map((one) => factOf(deps, one)),
        ),
        detail: { provider: deps.provider.name },
      });
      await witness(transaction, written[0]?.person.slot ?? 0, undefined);
    });
  } catch (cause) {
    await takeBack(deps, written);
    throw cause;
  }
};

/** As far as it can be: what stays carries the event's id, and the log has none of it. */
export const takeBack = async ({ provider }: RemoteDeps, written: readonly Written[]): Promise<void> => {
  for (const { person, record } of written) await provider.delete(person.ref, record.id).catch(() => false);
};

/** Equal words of one person have equal commitments, and nobody without the person's key can make one. */
const factOf = ({ vault }: RemoteDeps, { person, record, memory }: Written) => ({
  row: { id: record.id, version: memory.version, slot: person.slot, scope: 0 },
  commit: vault.contentHash(person.slot, record.content),
});

export const tellChanged = async (
  deps: RemoteDeps,
  told: { readonly auditEvent: string; readonly reason: string | null; readonly fields: readonly string[] },
  written: Written,
): Promise<void> => {
  await inRetriedTransaction(deps.db, (transaction) =>
    deps.audit.record(transaction, {
      ...buildWriteEntry(told.auditEvent, [factOf(deps, written)]),
      code: 'updated',
      detail: detailOf(deps, told.reason, { fields: told.fields }),
    }),
  );
};

export const tellDeleted = async (
  deps: RemoteDeps,
  told: { readonly auditEvent: string; readonly reason: string | null },
  gone: readonly { readonly id: string; readonly version: number; readonly slot: number }[],
): Promise<string> =>
  inRetriedTransaction(deps.db, (transaction) =>
    deps.audit.record(transaction, {
      ...buildDeleteEntry(
        told.auditEvent,
        gone.map((one) => ({ ...one, scope: 0 })),
      ),
      detail: detailOf(deps, told.reason),
    }),
  );

const detailOf = ({ provider }: RemoteDeps, reason: string | null, more: { readonly [key: string]: Json } = {}) => ({
  provider: provider.name,
  ...more,
  ...(reason === null ? {} : { reason }),
});

/** A hold on the person or on the tenant keeps what lies elsewhere as well. */
export const demandUnheld = async (deps: RemoteDeps, person: Person): Promise<void> => {
  const [hold] = await findStandingHolds(deps, deps.db, person);
  if (hold) throw underHold(deps.vault, 'The memories of this person are', hold);
};
