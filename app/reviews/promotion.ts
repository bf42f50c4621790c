import { isAllowed, type Principal } from '../access/principal.js';
import { requireIn } from '../access/scoped.js';
import { inTransaction } from '../db/pool.js';
import { problem } from '../http/errors.js';
import { checkMembership } from '../memories/admit.js';
import { checkGlobal } from '../memories/patch.js';
import { problemAt } from '../memories/plan.js';
import { prepareRows } from '../memories/prepare.js';
import { roundFloat } from '../memories/round-float.js';
import type { MemoryRow } from '../memories/rows.js';
import { type Memory, SCOPES, type Scope } from '../memories/schema.js';
import {
  type Caller,
  countRefusals,
  type MemoryServiceDeps,
  planChecked,
  planContext,
  writeContext,
} from '../memories/service.js';
import { selectMemory } from '../memories/store.js';
import { CURATED } from '../memories/trust.js';
import { missing } from '../memories/version.js';
import { resolveViewerOfOne } from '../memories/viewer.js';
import { writeRows } from '../memories/write.js';
import { insertReviews, type NewReview, type ReviewKind, type ReviewRow, selectPendingReview } from './store.js';

export interface Promotion {
  readonly scope: Scope;
  readonly team_id: string | null;
  readonly organization_id: string | null;
  readonly reason: string;
}

/** Asks for a second person's word: to have a memory curated, or to have it seen by more people. Asking twice is asking once. */
export const requestReview = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  kind: Exclude<ReviewKind, 'quarantine'>,
  detail: Promotion | { readonly reason: string },
): Promise<string> => {
  const { db, vault, newId, audit } = deps;
  const viewer = await resolveViewerOfOne(db, deps.people, caller.principal, caller.headers);
  const row = await selectMemory(db, viewer, id);
  if (!row) throw missing(id);
  deps.marks.demand(row);
  checkGlobal(row, caller.principal);
  if ('scope' in detail) await checkTarget(deps, caller.principal, row, detail);
  const known = await selectPendingReview(db, id, kind);
  if (known) return known;
  await vault.prepare([row.slot]);
  const review: NewReview = {
    id: newId(),
    kind,
    memory_id: id,
    slot: row.slot,
    reasons: 'scope' in detail ? [`promotion_${detail.scope}`] : ['curation'],
    sealed_detail: null,
    requested_by: caller.principal.keyId,
    requester_ref: caller.principal.userRef,
    created_at: new Date(),
  };
  const sealed_detail = vault.sealJson(placeOf(review), detail);
  await inTransaction(db, async (transaction) => {
    await insertReviews(transaction, [{ ...review, sealed_detail }]);
    const resource = { kind: 'review', id: review.id };
    await audit.record(transaction, { type: 'review.requested', code: kind, slot: row.slot, resource });
  });
  return review.id;
};

const placeOf = ({ id, slot }: Pick<ReviewRow, 'id' | 'slot'>) => ({
  slot,
  table: 'reviews.detail',
  rowId: id,
  version: 1,
});

/** What is to be seen by more people is curated first: one person alone brings nothing before all. */
const checkTarget = async (
  { db, people }: MemoryServiceDeps,
  principal: Principal,
  row: MemoryRow,
  { scope, team_id, organization_id }: Promotion,
): Promise<void> => {
  requireIn(principal, 'ingest', scope);
  if (SCOPES.indexOf(scope) <= row.scope)
    throw problemAt('invalid_scope', '/scope', `The memory is seen in the scope ${SCOPES[row.scope]} already.`);
  if (roundFloat(row.trust_score) < CURATED) {
    throw problem(
      'forbidden',
      `Its trust is ${roundFloat(row.trust_score)}; ${CURATED} is needed to be seen by more people.`,
      {
        remedy: 'Have it curated first: POST /api/v1/memories/{id}/review.',
      },
    );
  }
  if (scope === 'global' && !isAllowed(principal, 'global.write')) checkGlobal({ scope: 3 }, principal);
  const kind = scope === 'team' ? 'team' : 'organization';
  const id = scope === 'team' ? team_id : organization_id;
  if (scope === 'global' || principal.userId === null) {
    if (scope !== 'global' && id === null)
      throw problemAt('invalid_scope', `/${kind}_id`, `The scope ${scope} needs ${kind}_id.`);
    return;
  }
  const refs = id === null ? [] : await people.findEntities(db, kind, id);
  const own = kind === 'team' ? principal.teamRefs : principal.organizationRefs;
  if (!refs.some((ref) => own.includes(ref)))
    throw problem('forbidden', `The person of this key does not belong to that ${kind}.`);
};

/**
 * The approved memory is written anew where more people see it, with the first as its evidence and no more trust than that
 * has. `settle` decides the review in the same transaction.
 */
export const promote = async <T>(
  deps: MemoryServiceDeps,
  caller: Caller,
  review: ReviewRow,
  memory: Memory,
  row: MemoryRow,
  settle: Parameters<typeof writeRows<T>>[3],
): Promise<T> => {
  const now = new Date();
  if (!review.sealed_detail) throw new Error(`The review ${review.id} is a promotion without a target`);
  const { scope, team_id, organization_id } = deps.vault.openJson(placeOf(review), review.sealed_detail) as Promotion;
  const { kind: _, ...source } = memory.source;
  const { content, subject, predicate, object, metadata, confidence, importance, expires_at, valid_from, valid_to } =
    memory;
  const said = {
    content,
    subject,
    predicate,
    object,
    metadata,
    confidence,
    importance,
    expires_at,
    valid_from,
    valid_to,
  };
  const draft = { ...said, source, scope, team_id, organization_id };
  const planned = planChecked(deps, planContext(deps, caller, now), draft);
  if (planned.kind === 'dropped') throw problemAt('invalid_request', '/decision', planned.reason);
  const lineage = { supersedes: [], evidence: [row.id], trust: [row] };
  const context = writeContext(deps, caller, now);
  const [prepared] = await prepareRows(context, [{ ...planned, lineage }]);
  if (!prepared) throw new Error('A planned draft was not prepared');
  checkMembership(caller.principal, prepared.row);
  return countRefusals(deps, () => writeRows(context, [prepared], false, settle));
};
