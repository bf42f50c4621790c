import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from '../access/principal.js';
import type { AuditTrail } from '../audit/trail.js';
import type { Database, Transaction } from '../db/pool.js';
import type { Metrics } from '../health/metrics.js';
import { type FieldError, Problem, problem } from '../http/errors.js';
import type { Check } from '../http/validate.js';
import type { Policies } from '../policies/schema.js';
import { readUserHeader } from '../tenancy/identity.js';
import type { People } from '../tenancy/people.js';
import type { Vault } from '../tenancy/vault.js';
import { type DroppedDraft, type PlanContext, type PlannedDraft, planDraft } from './plan.js';
import type { Presenter } from './present.js';
import type { Draft, Memory, WriteResult } from './schema.js';
import { selectMemory } from './store.js';
import { missing } from './version.js';
import { EVERYTHING, resolveViewerOfOne } from './viewer.js';
import { prepareRows, TENANT_SLOT, type WriteContext, type WriteOutcome, writeRows } from './write.js';

export interface MemoryServiceDeps {
  readonly db: Database;
  readonly vault: Vault;
  readonly people: People;
  readonly presenter: Presenter;
  readonly policies: () => Policies;
  readonly metrics: Metrics;
  readonly audit: AuditTrail;
  readonly checkDraft: Check<Draft>;
  readonly newId: () => string;
  readonly embedder: { readonly model: string; readonly dimensions: number; state(): string };
  /** Called after a commit that owes vectors. */
  readonly onPending: () => void;
}

/** Who asks, and with which headers. */
export interface Caller {
  readonly principal: Principal;
  readonly headers: IncomingHttpHeaders;
}

export type Created = { readonly kind: 'created'; readonly memory: Memory } | DroppedDraft;

/** Told in the transaction what it is about to commit, and whose it is. */
export type Witness<T> = (transaction: Transaction, slot: number, written: T) => Promise<void>;

export const createMemory = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  body: unknown,
  witness: Witness<Memory>,
): Promise<Created> => {
  const now = new Date();
  const planned = planChecked(deps, planContext(deps, caller, now), body);
  if (planned.kind === 'dropped') {
    deps.metrics.ingested('dropped', 1);
    return planned;
  }
  const context = writeContext(deps, caller, now);
  const [prepared] = await prepareRows(context, [planned]);
  if (!prepared) throw new Error('A planned draft was not prepared');
  const memory = await countRefusals(deps, () =>
    writeRows(context, [prepared], false, async (transaction) => {
      const written = await readBack(deps, transaction, planned.id);
      await witness(transaction, prepared.row.slot, written);
      return written;
    }),
  );
  deps.metrics.ingested('created', 1);
  if (!planned.vector) deps.onPending();
  return { kind: 'created', memory };
};

/** As the database has it, with the times and defaults that it keeps. */
export const readBack = async (deps: MemoryServiceDeps, transaction: Transaction, id: string): Promise<Memory> => {
  const row = await selectMemory(transaction, EVERYTHING, id);
  const [memory] = row ? await deps.presenter.present(transaction, [row], { vector: false }) : [];
  if (!memory) throw problem('not_found', `The person whom ${id} belongs to was erased at this moment.`);
  return memory;
};

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

export const planChecked = (
  deps: MemoryServiceDeps,
  context: PlanContext,
  draft: unknown,
): PlannedDraft | DroppedDraft => {
  const checked = deps.checkDraft(draft);
  if (checked.ok) return planDraft(checked.value, context);
  throw problem('invalid_request', `The draft is not valid: ${checked.errors[0]?.detail ?? 'unknown reason'}`, {
    errors: checked.errors,
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

export const planContext = (deps: MemoryServiceDeps, { principal, headers }: Caller, now: Date): PlanContext => ({
  principal,
  headerUser: readUserHeader(headers),
  policies: deps.policies(),
  dimensions: deps.embedder.dimensions,
  model: deps.embedder.model,
  now,
  newId: deps.newId,
});

export const writeContext = (deps: MemoryServiceDeps, { principal }: Caller, now: Date): WriteContext => ({
  db: deps.db,
  vault: deps.vault,
  people: deps.people,
  principal,
  quotas: deps.policies().quotas,
  model: deps.embedder.model,
  embeds: deps.embedder.state() !== 'none',
  now,
});

export const countRefusals = async <T>(deps: MemoryServiceDeps, write: () => Promise<T>): Promise<T> => {
  try {
    return await write();
  } catch (cause) {
    if (cause instanceof Problem && cause.code === 'quota_exceeded') deps.metrics.quotaRefused();
    throw cause;
  }
};

export const getMemory = async (
  deps: MemoryServiceDeps,
  caller: Caller,
  id: string,
  include: { readonly vector: boolean },
): Promise<Memory> => {
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers);
  const row = await selectMemory(deps.db, viewer, id);
  const [memory] = row ? await deps.presenter.present(deps.db, [row], include) : [];
  if (!memory) throw missing(id);
  return memory;
};
