import { type FieldError, Problem, problem } from '../http/errors.js';
import type { WriteOutcome } from './admit.js';
import type { DroppedDraft, PlanContext, PlannedDraft } from './plan.js';
import { prepareRows, TENANT_SLOT } from './prepare.js';
import {
  type Caller,
  countRefusals,
  type MemoryServiceDeps,
  planChecked,
  planContext,
  type Witness,
  writeContext,
} from './service.js';
import { writeRows } from './write.js';
import type { WriteResult } from './write-schema.js';

export interface BatchOutcome {
  readonly results: readonly WriteResult[];
  readonly summary: { readonly created: number; readonly dropped: number; readonly rejected: number };
}

type Item = { readonly index: number; readonly plan: PlannedDraft | DroppedDraft | Problem };

/** Everything is checked before anything is written. With `abort` one bad draft refuses all; with `continue` each answers for itself. */
export const createMemories = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  drafts: readonly unknown[],
  onError: 'abort' | 'continue',
  witness: Witness<BatchOutcome>,
): Promise<BatchOutcome> => {
  const now = new Date();
  const items = planBatch(deps, planContext(deps, caller, now), drafts);
  if (onError === 'abort') rejectBatch(deps, items);
  const planned = items.flatMap(({ index, plan }) => (isPlanned(plan) ? [{ index, plan }] : []));
  const context = writeContext(deps, caller, now);
  const prepared = await prepareRows(
    context,
    planned.map(({ plan }) => plan),
  );
  const outcome =
    prepared.length === 0
      ? summarize(items, planned, [])
      : await countRefusals(deps, () =>
          writeRows(context, prepared, onError === 'continue', async (transaction, outcomes) => {
            const written = summarize(items, planned, outcomes);
            await witness(transaction, TENANT_SLOT, written);
            return written;
          }),
        );
  if (planned.some(({ plan }) => !plan.vector)) deps.onPending();
  for (const status of ['created', 'dropped', 'rejected'] as const)
    deps.metrics.ingested(status, outcome.summary[status]);
  return outcome;
};

const summarize = (
  items: readonly Item[],
  planned: readonly { readonly index: number }[],
  outcomes: readonly WriteOutcome[],
): BatchOutcome => {
  const refusals = new Map(
    outcomes.flatMap((outcome, at) =>
      outcome.kind === 'refused' ? [[planned[at]?.index, outcome.problem] as const] : [],
    ),
  );
  const results = items.map(({ index, plan }) => toResult(index, refusals.get(index) ?? plan));
  const count = (status: WriteResult['status']): number => results.filter((result) => result.status === status).length;
  return {
    results,
    summary: { created: count('created'), dropped: count('dropped'), rejected: count('rejected') },
  };
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

const toResult = (index: number, plan: Item['plan']): WriteResult => {
  if (plan instanceof Problem) {
    return {
      index,
      status: 'rejected',
      error: { code: plan.code, detail: plan.message, errors: plan.options.errors ?? [] },
    };
  }
  if (plan.kind === 'dropped') return { index, status: 'dropped', reason: plan.reason };
  return { index, status: 'created', id: plan.id };
};
