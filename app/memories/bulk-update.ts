import { inRetriedTransaction, type Transaction } from '../db/pool.js';
import { findKept, heldProblem } from '../holds/holds.js';
import { type FieldError, Problem, problem } from '../http/errors.js';
import type { JsonObject } from '../http/json.js';
import { applyChange, type Changed } from './change.js';
import { recountContradictions } from './facts.js';
import { type PlannedPatch, readPatch } from './patch.js';
import { TENANT_SLOT } from './prepare.js';
import { type MemoryRow, VECTOR_PENDING } from './rows.js';
import type { Caller, MemoryServiceDeps, Witness } from './service.js';
import { lockMemories, selectVisible, type Viewer } from './store.js';
import { recordWritten } from './told.js';
import { planFor } from './update.js';
import { checkVersion, missing } from './version.js';
import { resolveViewerOfOne } from './viewer.js';
import { type Summary, summarize, type WriteResult } from './write-schema.js';

export interface Update {
  readonly id: string;
  readonly version?: number | undefined;
  readonly patch: unknown;
}

export interface BulkUpdated {
  readonly results: readonly WriteResult[];
  readonly summary: Summary;
  readonly audit_event: string | null;
}

type Read = { readonly update: Update; readonly patch: JsonObject } | Problem;
type Plan = { readonly row: MemoryRow; readonly planned: PlannedPatch | undefined } | Problem;

/** Every patch is planned on its locked row before the first is applied: with `abort` one that cannot be refuses all. */
export const updateMemories = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  updates: readonly Update[],
  { onError, reason }: { readonly onError: 'abort' | 'continue'; readonly reason: string | null },
  witness?: Witness<BulkUpdated>,
): Promise<BulkUpdated> => {
  const read = readAll(updates);
  if (onError === 'abort') rejectAll(read);
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers, 'update');
  const ids = read.flatMap((item) => (item instanceof Problem ? [] : [item.update.id]));
  // Keys may have to be fetched: not while a row is locked.
  await deps.vault.prepare((await selectVisible(deps.db, viewer, ids)).map(({ slot }) => slot));
  const done = await inRetriedTransaction(deps.db, async (transaction) => {
    const plans = await planAll(deps, transaction, caller, viewer, read);
    if (onError === 'abort') rejectAll(plans);
    const deed = { actor: caller.principal.keyId, at: new Date(), reason, auditEvent: deps.newId() };
    const changed: (Changed | Problem)[] = [];
    for (const plan of plans)
      changed.push(
        plan instanceof Problem ? plan : await applyChange(deps, transaction, plan.row, plan.planned, { caller, deed }),
      );
    const written = changed.flatMap((item) => (item instanceof Problem || !item.commit ? [] : [item]));
    const before = plans.flatMap((plan) => (plan instanceof Problem ? [] : [plan.row]));
    await recountContradictions(transaction, [...before, ...written.map(({ row }) => row)]);
    if (written.length > 0) await recordWritten(deps, transaction, deed, 'updated', written);
    const results = changed.map(toResult);
    const audit_event = written.length > 0 ? deed.auditEvent : null;
    const told = { results, summary: summarize(results), audit_event };
    await witness?.(transaction, TENANT_SLOT, told);
    return { changed, told };
  });
  if (done.changed.some((item) => !(item instanceof Problem) && item.row.vector_status === VECTOR_PENDING))
    deps.onPending();
  return done.told;
};

const readAll = (updates: readonly Update[]): readonly Read[] => {
  const seen = new Set<string>();
  return updates.map((given) => {
    const update = { ...given, id: given.id.toLowerCase() };
    if (seen.has(update.id)) {
      const errors = [{ pointer: '/id', code: 'duplicate', detail: '/id appears twice in this request' }];
      return problem('invalid_request', `The memory ${update.id} appears twice in this request.`, { errors });
    }
    seen.add(update.id);
    return attempt(() => ({ update, patch: readPatch(update.patch) }), '/patch');
  });
};

const planAll = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  caller: Caller,
  viewer: Viewer,
  read: readonly Read[],
): Promise<readonly Plan[]> => {
  const ids = read.flatMap((item) => (item instanceof Problem ? [] : [item.update.id]));
  const rows = new Map((await lockMemories(transaction, viewer, ids)).map((row) => [row.id, row]));
  const holds = await findKept(deps, transaction, [...rows.values()]);
  return read.map((item): Plan => {
    if (item instanceof Problem) return item;
    const { id, version } = item.update;
    const row = rows.get(id);
    if (!row) return missing(id);
    const hold = holds.get(id);
    if (hold) return heldProblem(deps.vault, id, hold);
    const stale = attempt(() => checkVersion(row, version === undefined ? undefined : `"${version}"`), '');
    if (stale instanceof Problem) return stale;
    return attempt(() => ({ row, planned: planFor(deps, caller, row, item.patch) }), '/patch');
  });
};

/** A client's mistake becomes a value, its pointers those of the item. */
const attempt = <T>(work: () => T, prefix: string): T | Problem => {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause;
    const errors = cause.options.errors?.map((error) => ({ ...error, pointer: `${prefix}${error.pointer}` }));
    return problem(cause.code, cause.message, { ...cause.options, ...(errors ? { errors } : {}) });
  }
};

const rejectAll = (items: readonly unknown[]): void => {
  const errors = items.flatMap((item, index): readonly FieldError[] => {
    if (!(item instanceof Problem)) return [];
    const found = item.options.errors ?? [{ pointer: '', code: item.code, detail: item.message }];
    return found.map((error) => ({ ...error, index, pointer: `/updates/${index}${error.pointer}` }));
  });
  if (errors.length === 0) return;
  throw problem('batch_rejected', `${errors.length} of the updates are not acceptable; nothing was written.`, {
    errors,
  });
};

const toResult = (item: Changed | Problem, index: number): WriteResult =>
  item instanceof Problem
    ? {
        index,
        status: 'rejected',
        error: { code: item.code, detail: item.message, errors: item.options.errors ?? [] },
      }
    : { index, status: 'updated', id: item.row.id };
