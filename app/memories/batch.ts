import type { Transaction } from '../db/pool.js';
import { type FieldError, Problem, problem } from '../http/errors.js';
import type { WriteOutcome } from './admit.js';
import { createMatching } from './matching.js';
import type { DroppedDraft, PlanContext, PlannedDraft } from './plan.js';
import { prepareRows, TENANT_SLOT } from './prepare.js';
import type { Semantics } from './semantics.js';
import {
  bearWitness,
  type Caller,
  countRefusals,
  countRejected,
  type Keeper,
  type MemoryServiceDeps,
  observeDropped,
  planChecked,
  planContext,
  type Witness,
  writeContext,
} from './service.js';
import { writeRows, writeTogether } from './write.js';
import type { PreparedRow } from './write-context.js';
import { type Dedupe, RESULT_STATUSES, type Summary, summarize, type WriteResult } from './write-schema.js';

export interface BatchOutcome {
  readonly results: readonly WriteResult[];
  readonly summary: Summary;
}

type Item = { readonly index: number; readonly plan: PlannedDraft | DroppedDraft | Problem };

export interface BatchOptions {
  readonly onError: 'abort' | 'continue';
  /** @default off */
  readonly dedupe?: Dedupe;
  /** Needed by `semantic`. */
  readonly semantics?: Semantics;
}

/** Everything is checked before anything is written. With `abort` one bad draft refuses all; with `continue` each answers for itself. */
export const createMemories = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  drafts: readonly unknown[],
  options: BatchOptions,
  witness: Witness<BatchOutcome> | Keeper<BatchOutcome>,
): Promise<BatchOutcome> => {
  const { onError, dedupe = 'off' } = options;
  const now = new Date();
  const items = planBatch(deps, planContext(deps, caller, now), drafts);
  if (onError === 'abort') rejectBatch(deps, items);
  const semantics = dedupe === 'semantic' ? options.semantics : undefined;
  const plans = items.flatMap(({ plan }) => (isPlanned(plan) ? [plan] : []));
  const context = writeContext(deps, caller, now);
  const prepared = await prepareRows(context, semantics ? await semantics.embed(plans) : plans);
  const near = (await semantics?.near(prepared)) ?? new Map();
  const conclude = (outcomes: readonly WriteOutcome[]): BatchOutcome => buildOutcome(items, prepared, outcomes);
  const settle = async (transaction: Transaction, outcomes: readonly WriteOutcome[]): Promise<BatchOutcome> => {
    const written = conclude(outcomes);
    await bearWitness(witness, transaction, TENANT_SLOT, written);
    return written;
  };
  const matching = createMatching(deps, caller, dedupe, near);
  const write = () => writeRows(context, prepared, onError === 'continue', settle, matching);
  const keeping = {
    told: () => conclude(prepared.map(() => CREATED)),
    steps: (told: BatchOutcome) => (typeof witness === 'function' ? [] : witness.keep(TENANT_SLOT, told)),
  };
  const together = () => writeTogether(context, prepared, keeping, write, matching);
  const chosen = typeof witness === 'function' ? write : together;
  const counted = () => countRejected(deps, items.length, countRefusals(deps, chosen));
  const outcome = prepared.length === 0 ? conclude([]) : await counted();
  if (prepared.some(({ vector }) => !vector)) deps.onPending();
  for (const status of RESULT_STATUSES) deps.metrics.ingested(status, outcome.summary[status]);
  if (outcome.results.some(({ error }) => error?.code === 'quota_exceeded')) deps.metrics.quotaRefused();
  await observeDropped(deps, droppedOf(items));
  return outcome;
};

const droppedOf = (items: readonly Item[]): readonly DroppedDraft[] =>
  items.flatMap(({ plan }) => ('kind' in plan && plan.kind === 'dropped' ? [plan] : []));

const CREATED: WriteOutcome = { kind: 'created' };

/** The prepared rows are the planned items, in their order. */
const buildOutcome = (
  items: readonly Item[],
  prepared: readonly PreparedRow[],
  outcomes: readonly WriteOutcome[],
): BatchOutcome => {
  let at = 0;
  const results = items.map(({ index, plan }): WriteResult => {
    if (!isPlanned(plan)) return toResult(index, plan);
    const row = prepared[at];
    const outcome = outcomes[at++];
    if (outcome?.kind === 'refused') return toResult(index, outcome.problem);
    if (outcome?.kind === 'matched') return { index, status: outcome.matched.as, id: outcome.matched.id };
    const reasons = row?.quarantine ?? [];
    return reasons.length === 0
      ? { index, status: 'created', id: plan.id }
      : { index, status: 'quarantined', id: plan.id, reason: reasons.join(', ') };
  });
  return { results, summary: summarize(results) };
};

/** What can be refused before anything is written, and who each draft would be of. */
export const planDrafts = (
  deps: MemoryServiceDeps,
  caller: Caller,
  drafts: readonly unknown[],
  onError: BatchOptions['onError'],
): readonly (PlannedDraft | undefined)[] => {
  const items = planBatch(deps, planContext(deps, caller, new Date()), drafts);
  if (onError === 'abort') rejectBatch(deps, items);
  return items.map(({ plan }) => (isPlanned(plan) ? plan : undefined));
};

const isPlanned = (plan: Item['plan']): plan is PlannedDraft => 'kind' in plan && plan.kind === 'planned';

const planBatch = (deps: MemoryServiceDeps, context: PlanContext, drafts: readonly unknown[]): readonly Item[] => {
  const seen = new Set<string>();
  return drafts.map((draft, index) => {
    try {
      const plan = planChecked(deps, context, draft);
      if (plan.kind === 'planned' && seen.has(plan.id)) {
        const detail = `The id ${plan.id} appears twice in this batch.`;
        throw problem('key_exists', detail, { errors: [{ pointer: '/id', code: 'key_exists', detail }] });
      }
      if (plan.kind === 'planned') seen.add(plan.id);
      return { index, plan };
    } catch (cause) {
      if (cause instanceof Problem) return { index, plan: cause };
      throw cause;
    }
  });
};

const rejectBatch = (deps: MemoryServiceDeps, items: readonly Item[]): void => {
  const errors = items.flatMap(({ index, plan }) => (plan instanceof Problem ? errorsOf(index, plan) : []));
  if (errors.length === 0) return;
  deps.metrics.ingested('rejected', items.length);
  throw problem('batch_rejected', `${errors.length} of the drafts' fields are not acceptable; nothing was written.`, {
    errors,
  });
};

const errorsOf = (index: number, reason: Problem): readonly FieldError[] => {
  const errors = reason.options.errors ?? [{ pointer: '', code: reason.code, detail: reason.message }];
  return errors.map((error) => ({ ...error, index, pointer: `/memories/${index}${error.pointer}` }));
};

const toResult = (index: number, plan: DroppedDraft | Problem): WriteResult => {
  if (!(plan instanceof Problem)) return { index, status: 'dropped', reason: plan.reason };
  const error = { code: plan.code, detail: plan.message, errors: plan.options.errors ?? [] };
  return { index, status: 'rejected', error };
};
