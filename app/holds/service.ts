import type { Queryable, Transaction } from '../db/pool.js';
import { afterCommit, inRetriedTransaction } from '../db/pool.js';
import { type Problem, problem } from '../http/errors.js';
import { applyChange } from '../memories/change.js';
import { decodeCursor, encodeCursor } from '../memories/cursor.js';
import type { Deed } from '../memories/history-record.js';
import type { MemoryRow } from '../memories/rows.js';
import type { Memory } from '../memories/schema.js';
import type { Caller, MemoryServiceDeps, Witness } from '../memories/service.js';
import { lockMemory, selectMemory } from '../memories/store.js';
import { formatOptionalTime, formatTime } from '../memories/time.js';
import { missing } from '../memories/version.js';
import { EVERYTHING, resolveViewerOfOne } from '../memories/viewer.js';
import { findHolds, type HoldDetail, isGenuine, isStanding, openDetail } from './holds.js';
import {
  HOLD_SCOPES,
  type HoldRow,
  type HoldScope,
  insertHold,
  macFieldsOf,
  markHeld,
  selectHold,
  selectHolds,
  selectHoldsOn,
  unmarkHeld,
  updateHoldReleased,
} from './store.js';

/** SLOTS.tenant */
const SLOT = 0;

export interface Hold {
  readonly id: string;
  readonly scope: HoldScope;
  readonly memory_id: string | null;
  readonly user_id: string | null;
  readonly matter: string;
  readonly reason: string;
  readonly standing: boolean;
  readonly placed_by: string;
  readonly placed_at: string;
  readonly until: string | null;
  readonly released_by: string | null;
  readonly released_at: string | null;
  /** False when the row was not written by this service as it is: then it stands. */
  readonly genuine: boolean;
}

export interface NewHold extends HoldDetail {
  readonly until: Date | null;
}

export interface HoldTarget {
  readonly scope: HoldScope;
  readonly memoryId: string | null;
  readonly userId: string | null;
}

/** On everything of a person, or of the tenant, that is there and that will be. */
export const placeHold = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  target: HoldTarget,
  hold: NewHold,
  witness: Witness<Hold>,
): Promise<Hold> => {
  const { db, people } = deps;
  if (target.memoryId !== null) {
    const viewer = await resolveViewerOfOne(db, people, caller.principal, caller.headers);
    if (!(await selectMemory(db, viewer, target.memoryId))) throw missing(target.memoryId);
  }
  const person = target.userId === null ? undefined : (await people.ensure(db, [target.userId])).get(target.userId);
  const place = { scope: target.scope, memoryId: target.memoryId, userRef: person?.ref ?? null };
  const row = await buildHold(deps, caller, place, hold);
  return inRetriedTransaction(db, async (transaction) => {
    await writeHold(deps, transaction, caller, row, hold);
    const placed = await present(deps, transaction, row, new Date());
    await witness(transaction, SLOT, placed);
    return placed;
  });
};

/** Placing it again for the same matter changes nothing. */
export const holdMemory = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  hold: NewHold,
): Promise<Memory> => {
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers);
  if (!(await selectMemory(deps.db, viewer, id))) throw missing(id);
  const standing = await standingOn(deps, id);
  if (!standing.some((row) => isGenuine(deps.vault, row) && openDetail(deps.vault, row).matter === hold.matter)) {
    const row = await buildHold(deps, caller, { scope: 'memory', memoryId: id, userRef: null }, hold);
    await inRetriedTransaction(deps.db, (transaction) => writeHold(deps, transaction, caller, row, hold));
  }
  return readMemory(deps, id);
};

/** All holds that were placed on this memory itself, or that of one matter. Those on its person or on the tenant stay. */
export const freeMemory = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  { matter, reason }: { readonly matter: string | undefined; readonly reason: string | null },
): Promise<Memory> => {
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers);
  if (!(await selectMemory(deps.db, viewer, id))) throw missing(id);
  const standing = await standingOn(deps, id);
  const meant = standing.filter(
    (row) => matter === undefined || !isGenuine(deps.vault, row) || openDetail(deps.vault, row).matter === matter,
  );
  if (meant.length === 0)
    throw problem('not_found', `No such hold is on the memory ${id} itself.`, {
      remedy:
        'Holds on its person or on the tenant are released by DELETE /api/v1/holds/{id}; GET /api/v1/holds lists all.',
    });
  for (const row of meant) await releaseHold(deps, caller, row.id, reason);
  return readMemory(deps, id);
};

export const releaseHold = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  reason: string | null,
): Promise<Hold> => {
  const { db, vault } = deps;
  await vault.prepare([SLOT]);
  const seen = await selectHold(db, id);
  if (!seen) throw missingHold(id);
  await prepareMemory(deps, seen);
  const released = await inRetriedTransaction(db, async (transaction) => {
    const row = await selectHold(transaction, id, true);
    if (!row) throw missingHold(id);
    if (!isGenuine(vault, row)) throw tampered(id);
    if (row.released_at !== null) return row;
    return endHold(deps, transaction, row, { by: caller.principal.keyId, reason, caller });
  });
  return present(deps, db, released, new Date());
};

interface Ending {
  readonly by: string;
  readonly reason: string | null;
  /** Nobody, when its own end was reached. */
  readonly caller: Caller | undefined;
}

/** In the transaction that has locked the hold. */
export const endHold = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  row: HoldRow,
  { by, reason, caller }: Ending,
): Promise<HoldRow> => {
  const { vault, newId } = deps;
  const at = new Date();
  const sealed = vault.sealJson({ slot: SLOT, table: 'holds.release', rowId: row.id, version: 1 }, { reason });
  const ended = { ...row, released_by: by, released_at: at, sealed_release: sealed };
  const next = { ...ended, mac: vault.rowMac('holds', macFieldsOf(ended)) };
  await updateHoldReleased(transaction, next);
  const tags = await unmarkHeld(transaction, deps.marks, row);
  await afterCommit(transaction, () => deps.cache.touch([...tags]));
  const deed = { actor: caller ? by : null, at, reason, auditEvent: newId() };
  const fact = caller ? await changeHeld(deps, transaction, caller, next, deed, 'release') : undefined;
  await deps.audit.record(transaction, {
    type: 'hold.released',
    id: deed.auditEvent,
    slot: row.slot,
    resource: { kind: 'hold', id: row.id },
    facts: fact ? [fact] : [],
    detail: { ...openDetail(vault, row), release_reason: reason },
  });
  return next;
};

const buildHold = async (
  { vault, newId }: MemoryServiceDeps,
  { principal }: Caller,
  place: { readonly scope: HoldScope; readonly memoryId: string | null; readonly userRef: string | null },
  { matter, reason, until }: NewHold,
): Promise<HoldRow> => {
  await vault.prepare([SLOT]);
  const id = newId();
  const row = {
    id,
    scope: HOLD_SCOPES.indexOf(place.scope),
    memory_id: place.memoryId,
    user_ref: place.userRef,
    slot: SLOT,
    sealed_detail: vault.sealJson({ slot: SLOT, table: 'holds', rowId: id, version: 1 }, { matter, reason }),
    placed_by: principal.keyId,
    placed_at: new Date(),
    until,
    released_by: null,
    released_at: null,
    sealed_release: null,
  };
  return { ...row, mac: vault.rowMac('holds', macFieldsOf(row)) };
};

const writeHold = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  caller: Caller,
  row: HoldRow,
  { matter, reason }: HoldDetail,
): Promise<void> => {
  await insertHold(transaction, row);
  const tags = await markHeld(transaction, deps.marks, row);
  await afterCommit(transaction, () => deps.cache.touch([...tags]));
  const deed = { actor: caller.principal.keyId, at: row.placed_at, reason, auditEvent: deps.newId() };
  const fact = await changeHeld(deps, transaction, caller, row, deed, 'hold');
  await deps.audit.record(transaction, {
    type: 'hold.placed',
    id: deed.auditEvent,
    slot: row.slot,
    resource: { kind: 'hold', id: row.id },
    facts: fact ? [fact] : [],
    detail: { matter, reason },
  });
};

/** A hold on one memory is an event of that memory; those on many are events of their own. */
const changeHeld = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  caller: Caller,
  hold: HoldRow,
  deed: Deed,
  event: 'hold' | 'release',
) => {
  if (hold.memory_id === null) return undefined;
  const row = await lockMemory(transaction, EVERYTHING, hold.memory_id);
  if (!row) {
    if (event === 'hold') throw missing(hold.memory_id);
    return undefined;
  }
  // The hold stands whatever became of the row; a version of its own would make what was forged look genuine.
  if (!deps.marks.isGenuine(row)) return undefined;
  const legal_hold = (await findHolds(deps.vault, transaction, [row])).size > 0;
  await deps.vault.prepare([row.slot]);
  const { row: next, commit } = await applyChange(deps, transaction, row, undefined, {
    ...{ caller, deed, event },
    columns: { legal_hold, updated_at: row.updated_at },
  });
  return commit && ({ id: next.id, version: next.version, op: 'put', commit } as const);
};

export interface HoldQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly standing?: boolean | undefined;
}

export const listHolds = async (deps: MemoryServiceDeps, { principal }: Caller, query: HoldQuery) => {
  const list = { key: principal.keyId, holds: query.standing ?? false };
  const after = decodeCursor(deps.vault, list, query.cursor);
  const rows = await selectHolds(deps.db, { after, limit: query.limit + 1, standingOnly: query.standing ?? false });
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  const now = new Date();
  const results: Hold[] = [];
  for (const row of page) results.push(await present(deps, deps.db, row, now));
  const position = last && { createdAt: last.placed_at.toISOString(), id: last.id };
  return { results, next_cursor: position ? encodeCursor(deps.vault, list, position) : null };
};

export const getHold = async (deps: MemoryServiceDeps, id: string): Promise<Hold> => {
  const row = await selectHold(deps.db, id);
  if (!row) throw missingHold(id);
  return present(deps, deps.db, row, new Date());
};

const present = async (
  { vault, people, audit }: MemoryServiceDeps,
  db: Queryable,
  row: HoldRow,
  now: Date,
): Promise<Hold> => {
  await vault.prepare([row.slot]);
  const genuine = isGenuine(vault, row);
  if (!genuine) {
    await audit.observe({ type: 'security.tamper', outcome: 'denied', resource: { kind: 'hold', id: row.id } });
  }
  const detail = genuine ? openDetail(vault, row) : { matter: '', reason: '' };
  const names = row.user_ref === null ? undefined : await people.names(db, [row.user_ref]);
  return {
    id: row.id,
    scope: HOLD_SCOPES[row.scope] ?? 'tenant',
    memory_id: row.memory_id,
    user_id: names?.get(row.user_ref ?? '') ?? null,
    ...detail,
    standing: isStanding(vault, row, now),
    placed_by: row.placed_by,
    placed_at: formatTime(row.placed_at),
    until: formatOptionalTime(row.until),
    released_by: row.released_by,
    released_at: formatOptionalTime(row.released_at),
    genuine,
  };
};

const standingOn = async ({ db, vault }: MemoryServiceDeps, id: string): Promise<readonly HoldRow[]> => {
  const rows = (await selectHoldsOn(db, [id], [])).filter(({ memory_id }) => memory_id === id);
  await vault.prepare([SLOT]);
  const now = new Date();
  return rows.filter((row) => isStanding(vault, row, now));
};

/** Keys may have to be fetched: not while a row is locked. */
const prepareMemory = async ({ db, vault }: MemoryServiceDeps, { memory_id }: HoldRow): Promise<void> => {
  const row: MemoryRow | undefined = memory_id === null ? undefined : await selectMemory(db, EVERYTHING, memory_id);
  if (row) await vault.prepare([row.slot]);
};

const readMemory = async (deps: MemoryServiceDeps, id: string): Promise<Memory> => {
  const row = await selectMemory(deps.db, EVERYTHING, id);
  const [memory] = row ? await deps.presenter.present(deps.db, [row], { vector: false }) : [];
  if (!memory) throw missing(id);
  return memory;
};

const missingHold = (id: string): Problem => problem('not_found', `There is no hold ${id}.`);

const tampered = (id: string): Problem =>
  problem('legal_hold', `The hold ${id} was not written by this service as it is, so it stands.`, {
    remedy: 'Restore the table holds from a backup; the audit log tells how the hold was placed.',
  });
