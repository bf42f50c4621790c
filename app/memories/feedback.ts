import { requireIn } from '../access/scoped.js';
import { inRetriedTransaction } from '../db/pool.js';
import { applyChange, openBefore } from './change.js';
import { contentOfState } from './history-record.js';
import { checkGlobal, type PlannedPatch } from './patch.js';
import type { MemoryRow } from './rows.js';
import { type Memory, scopeOf } from './schema.js';
import type { Caller, MemoryServiceDeps, Witness } from './service.js';
import { buildState, type MemoryState } from './state.js';
import { lockMemory, selectMemory } from './store.js';
import { recordWritten } from './told.js';
import { capConfidence } from './trust.js';
import { type ChangeOptions, checkChangeable, missing } from './version.js';
import { resolveViewerOfOne } from './viewer.js';

export const FEEDBACKS = ['positive', 'negative', 'very_negative'] as const;
export type Feedback = (typeof FEEDBACKS)[number];

interface Weight {
  readonly importance: number;
  readonly trust_score: number;
}

/** Pure. Praise makes a memory more important, never more trusted: that takes a review. `null` is on record and changes nothing. */
export const weigh = ({ importance, trust_score }: Weight, value: Feedback | null): Weight => {
  switch (value) {
    case 'positive':
      return { importance: importance + (1 - importance) * 0.2, trust_score };
    case 'negative':
      return { importance: importance * 0.7, trust_score };
    case 'very_negative':
      return { importance: importance * 0.4, trust_score: trust_score * 0.75 };
    default:
      return { importance, trust_score };
  }
};

export const giveFeedback = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  value: Feedback | null,
  { ifMatch, reason }: ChangeOptions,
  witness: Witness<Memory>,
): Promise<Memory> => {
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers, 'update');
  const seen = await selectMemory(deps.db, viewer, id);
  if (!seen) throw missing(id);
  requireIn(caller.principal, 'update', scopeOf(seen));
  checkGlobal(seen, caller.principal);
  await deps.vault.prepare([seen.slot]);
  return inRetriedTransaction(deps.db, async (transaction) => {
    const locked = await lockMemory(transaction, viewer, id);
    if (!locked) throw missing(id);
    await checkChangeable(deps, transaction, locked, ifMatch);
    const said = reason === null ? `feedback: ${value ?? 'withdrawn'}` : `feedback: ${value ?? 'withdrawn'}: ${reason}`;
    const deed = { actor: caller.principal.keyId, at: new Date(), reason: said, auditEvent: deps.newId() };
    const { planned, trust_score } = planFeedback(locked, openBefore(deps, locked), value);
    const change = { caller, deed, event: 'feedback', columns: { trust_score } } as const;
    const changed = await applyChange(deps, transaction, locked, planned, change);
    await recordWritten(deps, transaction, deed, 'feedback', [changed], { value });
    const [memory] = await deps.presenter.present(transaction, [changed.row], { vector: false });
    if (!memory) throw missing(id);
    await witness(transaction, changed.row.slot, memory);
    return memory;
  });
};

const planFeedback = (row: MemoryRow, before: MemoryState, value: Feedback | null) => {
  const { importance, trust_score } = weigh(row, value);
  const confidence = capConfidence(row.confidence, { ...row, trust_score });
  const { expires_at, valid_from, valid_to } = row;
  const columns = { confidence, importance, expires_at, valid_from, valid_to };
  const content = contentOfState(before);
  const after = buildState(columns, content);
  const planned: PlannedPatch = { before, after, content, columns, redactions: new Map(), vector: null };
  return { planned, trust_score };
};
