import type { Queryable } from '../db/pool.js';
import { currentContext } from '../http/context.js';
import { SLOTS } from '../keys/index.js';
import { formatTime } from '../memories/time.js';
import { isErased, type Vault } from '../tenancy/vault.js';
import { buildEventParts, type EventBatch } from './event.js';
import { type Detail, detailCommit, encodeFacts, factRoot, newDetail } from './leaves.js';
import { type DetailRow, insertPending, type PendingEvent } from './store.js';
import type { AuditActor, AuditEntry } from './trail.js';

export interface RecorderDeps {
  readonly vault: Vault;
  readonly newId: () => string;
}

/** The service itself, when no request is being served. */
export const SYSTEM: AuditActor = { kind: 'system', ref: 'memory', role: null };

export const currentActor = (): AuditActor => {
  const principal = currentContext()?.principal;
  return principal ? { kind: principal.kind, ref: principal.keyId, role: principal.role } : SYSTEM;
};

/** What the caller of `recordEvent` has put together itself: batches of reads. */
export interface Prepared {
  readonly batch: EventBatch;
  readonly body: PendingEvent['batch'];
  readonly details: readonly DetailRow[];
}

/** Writes the event into the transaction, to be put in order once that has committed. */
export const recordEvent = async (
  deps: RecorderDeps,
  transaction: Queryable,
  entry: AuditEntry,
  prepared?: Prepared,
): Promise<string> => {
  const event = await buildPending(deps, entry, prepared);
  await insertPending(transaction, event);
  return event.id;
};

export const buildPending = async (
  deps: RecorderDeps,
  entry: AuditEntry,
  prepared?: Prepared,
): Promise<PendingEvent> => {
  const id = entry.id ?? deps.newId();
  const { slot = null, facts = [] } = entry;
  const about = [slot ?? SLOTS.tenant];
  if (!deps.vault.isPrepared(about)) await deps.vault.prepare(about);
  const detail = entry.detail === undefined ? undefined : newDetail(entry.detail);
  const sealed = detail && sealDetail(deps.vault, { rowId: id, n: 0, slot }, detail);
  const body = facts.length === 0 ? null : encodeFacts(facts);
  const actor = entry.actor ?? currentActor();
  const at = new Date();
  const [first] = facts;
  const resource =
    entry.resource ?? (first && facts.length === 1 ? { kind: 'memory', id: first.id, version: first.version } : null);
  return {
    ...buildEventParts({
      log: deps.vault.logSigner().origin,
      id,
      time: formatTime(at),
      type: entry.type,
      actor,
      subject: subjectOf(deps.vault, slot),
      scope: entry.scope ?? null,
      resource,
      batch: prepared?.batch ?? (body && { count: facts.length, root: factRoot(body).toString('base64') }),
      outcome: entry.outcome ?? 'ok',
      code: entry.code ?? null,
      request: entry.request === undefined ? (currentContext()?.requestId ?? null) : entry.request,
      detail: detail && sealed ? detailCommit(detail).toString('base64') : null,
    }),
    ...{ id, at, type: entry.type, actor: actor.ref, resource: resource?.id ?? null },
    batch: prepared?.body ?? (body && { kind: 1, body, ids: [] }),
    details: [...(sealed ? [sealed] : []), ...(prepared?.details ?? [])],
  };
};

/** Nobody below the first user's slot is a person. Somebody erased has no name any more. */
export const subjectOf = (vault: Vault, slot: number | null): string | null =>
  slot === null || slot < SLOTS.firstUser ? null : unlessErased(() => vault.pseudonym(slot));

/** `undefined` for somebody erased: what is personal of them is not kept. */
export const sealDetail = (
  vault: Vault,
  place: { readonly rowId: string; readonly n: number; readonly slot: number | null },
  detail: Detail,
): DetailRow | undefined => {
  const slot = place.slot ?? SLOTS.tenant;
  const at = { slot, table: 'audit_details', rowId: place.rowId, version: place.n };
  const sealed = unlessErased(() => vault.sealDetail(at, detail));
  return sealed ? { n: place.n, slot, sealed } : undefined;
};

const unlessErased = <T>(make: () => T): T | null => {
  try {
    return make();
  } catch (cause) {
    if (isErased(cause)) return null;
    throw cause;
  }
};
