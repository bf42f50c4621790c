import type { Principal } from '../access/principal.js';
import { inRetriedTransaction, type Queryable, type Transaction } from '../db/pool.js';
import { demandFree } from '../holds/holds.js';
import { type Problem, problem } from '../http/errors.js';
import type { JsonObject } from '../http/json.js';
import { applyChange, openBefore } from '../memories/change.js';
import { decodeCursor, encodeCursor } from '../memories/cursor.js';
import { recountContradictions } from '../memories/facts.js';
import { contentOfState, type Deed } from '../memories/history-record.js';
import { type PlannedPatch, planPatch, readPatch } from '../memories/patch.js';
import { removeRows } from '../memories/removal.js';
import { type MemoryRow, STATUS_ACTIVE } from '../memories/rows.js';
import type { Memory } from '../memories/schema.js';
import type { Caller, MemoryServiceDeps, Witness } from '../memories/service.js';
import { lockMemory, selectMemory, selectVisible } from '../memories/store.js';
import { formatOptionalTime, formatTime } from '../memories/time.js';
import { recordWritten } from '../memories/told.js';
import { CURATED } from '../memories/trust.js';
import { EVERYTHING, resolveViewerOfOne, seesWholeTenant } from '../memories/viewer.js';
import { promote } from './promotion.js';
import {
  countReviews,
  decideReview,
  KINDS,
  lockReview,
  REVIEW_STATUSES,
  type ReviewKind,
  type ReviewRow,
  selectReview,
  selectReviews,
} from './store.js';

export interface Review {
  readonly id: string;
  readonly kind: ReviewKind;
  readonly status: (typeof REVIEW_STATUSES)[number];
  readonly memory_id: string;
  /** As it is now; none when it is gone. */
  readonly memory: Memory | null;
  readonly reasons: readonly string[];
  readonly requested_by: string;
  readonly created_at: string;
  readonly decided_by: string | null;
  readonly decided_at: string | null;
  readonly decision_reason: string | null;
}

export interface Decision {
  readonly decision: 'approve' | 'reject' | 'edit';
  readonly patch: unknown;
  readonly reason: string;
}

export interface ReviewQuery {
  readonly status?: (typeof REVIEW_STATUSES)[number] | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly count?: boolean | undefined;
}

/** What has waited longest comes first. */
export const listReviews = async (deps: MemoryServiceDeps, caller: Caller, query: ReviewQuery) => {
  const { db, vault } = deps;
  const status = query.status === undefined ? null : REVIEW_STATUSES.indexOf(query.status);
  const list = { key: caller.principal.keyId, reviews: status };
  const after = decodeCursor(vault, list, query.cursor);
  const rows = await selectReviews(db, { status, after, limit: query.limit + 1 });
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  const position = last && { createdAt: last.created_at.toISOString(), id: last.id };
  return {
    results: await presentReviews(deps, db, caller, page),
    next_cursor: position ? encodeCursor(vault, list, position) : null,
    ...(query.count ? { count: await countReviews(db, status) } : {}),
  };
};

/** By somebody else than who wrote it: one person alone cannot bring a memory past the quarantine. */
export const decide = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  decision: Decision,
  witness: Witness<Review>,
): Promise<Review> => {
  const { db, vault } = deps;
  const patch = readEdit(decision);
  const seen = await selectReview(db, id);
  const viewer = await resolveViewerOfOne(db, deps.people, caller.principal, caller.headers);
  const memory = seen && (await selectMemory(db, viewer, seen.memory_id));
  if (!seen || (seen.status === 0 && !memory)) throw missingReview(id);
  await vault.prepare([seen.slot]);
  const [promoted] = KINDS[seen.kind] === 'promotion' && memory && decision.decision === 'approve' ? [memory] : [];
  const tell = async (transaction: Transaction): Promise<Review> => {
    const told = await readReview(deps, transaction, caller, id);
    await witness(transaction, seen.slot, told);
    return told;
  };
  const decided = promoted
    ? await decidePromotion(deps, caller, seen, promoted, decision, tell)
    : await inRetriedTransaction(db, async (transaction) => {
        await decideOnce(deps, transaction, caller, seen, { decision, patch });
        return tell(transaction);
      });
  deps.onPending();
  return decided;
};

export const getReview = (deps: MemoryServiceDeps, caller: Caller, id: string): Promise<Review> =>
  readReview(deps, deps.db, caller, id);

const readReview = async (deps: MemoryServiceDeps, db: Queryable, caller: Caller, id: string): Promise<Review> => {
  const row = await selectReview(db, id);
  const [presented] = row ? await presentReviews(deps, db, caller, [row]) : [];
  if (!presented) throw missingReview(id);
  return presented;
};

const decideOnce = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  caller: Caller,
  { id, memory_id, kind }: ReviewRow,
  { decision, patch }: Pick<Case, 'decision' | 'patch'>,
): Promise<void> => {
  const row = await lockMemory(transaction, EVERYTHING, memory_id);
  const review = await demandPending(transaction, caller, id);
  if (!row) throw missingReview(id);
  await demandFree(deps, transaction, [row]);
  if (KINDS[kind] === 'promotion' && decision.decision === 'edit') {
    const detail = 'A promotion is approved or rejected; change the memory by a patch.';
    throw problem('invalid_request', detail, { errors: [{ pointer: '/decision', code: 'enum', detail }] });
  }
  await settle(deps, transaction, caller, { review, row, decision, patch });
};

const decidePromotion = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  seen: ReviewRow,
  row: MemoryRow,
  decision: Decision,
  tell: (transaction: Transaction) => Promise<Review>,
): Promise<Review> => {
  demandSecond(seen, caller.principal);
  deps.marks.demand(row);
  const [memory] = await deps.presenter.present(deps.db, [row], { vector: false });
  if (!memory) throw missingReview(seen.id);
  return promote(deps, caller, seen, memory, row, async (transaction) => {
    const review = await demandPending(transaction, caller, seen.id);
    const now = await lockMemory(transaction, EVERYTHING, row.id);
    // What was approved is what was looked at.
    if (now?.version !== row.version) throw problem('version_mismatch', `The memory ${row.id} was changed meanwhile.`);
    await conclude(deps, transaction, caller, { review, row, decision, patch: undefined });
    return tell(transaction);
  });
};

const demandPending = async (transaction: Transaction, caller: Caller, id: string): Promise<ReviewRow> => {
  const review = await lockReview(transaction, id);
  if (!review) throw missingReview(id);
  if (review.status !== 0) throw alreadyDecided(review);
  demandSecond(review, caller.principal);
  return review;
};

interface Case {
  readonly review: ReviewRow;
  readonly row: MemoryRow;
  readonly decision: Decision;
  readonly patch: JsonObject | undefined;
}

/** A quarantined memory that is rejected goes; one that was to be curated or promoted stays as it is. */
const settle = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  caller: Caller,
  decided: Case,
): Promise<void> => {
  const { row, decision, patch, review } = decided;
  const auditEvent = deps.newId();
  const deed = { actor: caller.principal.keyId, at: new Date(), reason: decision.reason, auditEvent };
  await conclude(deps, transaction, caller, decided);
  if (decision.decision !== 'reject') await approve(deps, transaction, caller, row, { patch, deed });
  else if (KINDS[review.kind] === 'quarantine') await removeRows(deps, transaction, [row], deed);
};

const conclude = async (
  { vault, audit }: MemoryServiceDeps,
  transaction: Transaction,
  caller: Caller,
  { review, row, decision: { decision, reason } }: Case,
): Promise<void> => {
  const isRejected = decision === 'reject';
  const sealed = vault.sealJson({ slot: row.slot, table: 'reviews', rowId: review.id, version: 1 }, { reason });
  const decided = { status: isRejected ? 2 : 1, by: caller.principal.keyId, at: new Date(), sealed };
  await decideReview(transaction, review.id, decided);
  await audit.record(transaction, {
    type: isRejected ? 'review.rejected' : 'review.approved',
    slot: row.slot,
    resource: { kind: 'review', id: review.id },
    code: decision,
    detail: { reason, memory: row.id },
  });
};

/** Approved is curated: it may be built on, and be seen by more people. */
const approve = async (
  deps: MemoryServiceDeps,
  transaction: Transaction,
  caller: Caller,
  row: MemoryRow,
  { patch, deed }: { readonly patch: JsonObject | undefined; readonly deed: Deed },
): Promise<void> => {
  const planned = planEdit(deps, caller, row, patch);
  const columns = { status: STATUS_ACTIVE, trust_score: Math.max(row.trust_score, CURATED) };
  const changed = await applyChange(deps, transaction, row, planned, { caller, deed, event: 'review', columns });
  await recountContradictions(transaction, [row, changed.row]);
  await recordWritten(deps, transaction, deed, 'reviewed', [changed]);
};

const planEdit = (
  deps: MemoryServiceDeps,
  { principal }: Caller,
  row: MemoryRow,
  patch: JsonObject | undefined,
): PlannedPatch | undefined => {
  if (!patch) return undefined;
  const trust = { trust_class: row.trust_class, trust_score: Math.max(row.trust_score, CURATED) };
  const { model, dimensions } = deps.embedder;
  const before = openBefore(deps, row);
  const context = { principal, trust, policies: deps.policies(), dimensions, model };
  const planned = planPatch(row, before, patch, context);
  return planned ?? undoNothing(row, before);
};

const undoNothing = (row: MemoryRow, before: ReturnType<typeof openBefore>): PlannedPatch => {
  const { confidence, importance, expires_at, valid_from, valid_to } = row;
  const columns = { confidence, importance, expires_at, valid_from, valid_to };
  return { before, after: before, content: contentOfState(before), columns, redactions: new Map(), vector: null };
};

const readEdit = ({ decision, patch }: Decision): JsonObject | undefined => {
  if (decision === 'edit' && patch !== undefined) return readPatch(patch);
  if (decision !== 'edit' && patch === undefined) return undefined;
  const detail = decision === 'edit' ? '/patch is required by edit' : '/patch goes with edit alone';
  throw problem('invalid_request', detail, { errors: [{ pointer: '/patch', code: 'patch', detail }] });
};

const demandSecond = ({ requested_by, requester_ref }: ReviewRow, { keyId, userRef }: Principal): void => {
  if (requested_by !== keyId && (requester_ref === null || requester_ref !== userRef)) return;
  throw problem('forbidden', 'Whoever wrote a memory does not decide its review.', {
    remedy: 'Let another person decide, or use a key of theirs.',
  });
};

const alreadyDecided = ({ id, status }: ReviewRow): Problem =>
  problem('version_mismatch', `The review ${id} is ${REVIEW_STATUSES[status] ?? 'decided'} already.`, {
    remedy: 'List what is pending.',
  });

const missingReview = (id: string): Problem => problem('not_found', `There is no review ${id}.`);

/** A reviewer who belongs to a person sees of what is waiting only what that person may see. */
const presentReviews = async (
  deps: MemoryServiceDeps,
  db: Queryable,
  caller: Caller,
  rows: readonly ReviewRow[],
): Promise<readonly Review[]> => {
  const { vault, people, presenter } = deps;
  const viewer = await resolveViewerOfOne(db, people, caller.principal, caller.headers);
  const found = await selectVisible(
    db,
    viewer,
    rows.map(({ memory_id }) => memory_id),
  );
  const memories = new Map(
    (await presenter.present(db, found, { vector: false })).map((memory) => [memory.id, memory]),
  );
  await vault.prepare(rows.map(({ slot }) => slot));
  return rows.flatMap((row): readonly Review[] => {
    const memory = memories.get(row.memory_id) ?? null;
    if (memory === null && !seesWholeTenant(viewer)) return [];
    return [
      {
        id: row.id,
        kind: KINDS[row.kind] ?? 'quarantine',
        status: REVIEW_STATUSES[row.status] ?? 'pending',
        memory_id: row.memory_id,
        memory,
        reasons: row.reasons,
        requested_by: row.requested_by,
        created_at: formatTime(row.created_at),
        decided_by: row.decided_by,
        decided_at: formatOptionalTime(row.decided_at),
        decision_reason: openDecision(deps, row),
      },
    ];
  });
};

const openDecision = ({ vault }: MemoryServiceDeps, { id, slot, sealed_decision }: ReviewRow): string | null => {
  if (sealed_decision === null) return null;
  const opened = vault.openJson({ slot, table: 'reviews', rowId: id, version: 1 }, sealed_decision);
  return (opened as { readonly reason: string }).reason;
};
