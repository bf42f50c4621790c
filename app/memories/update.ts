import { requireIn } from '../access/scoped.js';
import { inRetriedTransaction } from '../db/pool.js';
import type { JsonObject } from '../http/json.js';
import { applyChange, openBefore, trustAfter } from './change.js';
import { recountContradictions } from './facts.js';
import { type PlannedPatch, planPatch, readPatch } from './patch.js';
import { type MemoryRow, VECTOR_PENDING } from './rows.js';
import { type Memory, scopeOf } from './schema.js';
import type { Caller, MemoryServiceDeps } from './service.js';
import { lockMemory, selectMemory } from './store.js';
import { recordWritten } from './told.js';
import { type ChangeOptions, checkChangeable, missing } from './version.js';
import { resolveViewerOfOne } from './viewer.js';

/** A patch makes the next version, sealed anew for it; one that changes nothing makes none. */
export const updateMemory = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  body: unknown,
  { ifMatch, reason }: ChangeOptions,
): Promise<Memory> => {
  const patch = readPatch(body);
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers, 'update');
  const seen = await selectMemory(deps.db, viewer, id);
  if (!seen) throw missing(id);
  // Keys may have to be fetched: not while a row is locked.
  await deps.vault.prepare([seen.slot]);
  const row = await inRetriedTransaction(deps.db, async (transaction) => {
    const locked = await lockMemory(transaction, viewer, id);
    if (!locked) throw missing(id);
    await checkChangeable(deps, transaction, locked, ifMatch);
    const deed = { actor: caller.principal.keyId, at: new Date(), reason, auditEvent: deps.newId() };
    const changed = await applyChange(deps, transaction, locked, planFor(deps, caller, locked, patch), {
      caller,
      deed,
    });
    if (!changed.commit) return changed.row;
    await recountContradictions(transaction, [locked, changed.row]);
    await recordWritten(deps, transaction, deed, 'updated', [changed], { fields: Object.keys(patch) });
    return changed.row;
  });
  if (row.vector_status === VECTOR_PENDING) deps.onPending();
  const [memory] = await deps.presenter.present(deps.db, [row], { vector: false });
  if (!memory) throw missing(id);
  return memory;
};

/** What a patch comes to on this row, for this caller, under today's policies. */
export const planFor = (
  deps: MemoryServiceDeps,
  caller: Caller,
  row: MemoryRow,
  patch: JsonObject,
): PlannedPatch | undefined => {
  requireIn(caller.principal, 'update', scopeOf(row));
  const { model, dimensions } = deps.embedder;
  const trust = trustAfter(row, caller);
  const context = { principal: caller.principal, trust, policies: deps.policies(), dimensions, model };
  return planPatch(row, openBefore(deps, row), patch, context);
};
