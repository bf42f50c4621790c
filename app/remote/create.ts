import type { Transaction } from '../db/pool.js';
import { type FieldError, Problem, problem } from '../http/errors.js';
import type { ApiResponse, Remember } from '../http/route.js';
import type { KeepElsewhere } from '../ingest/ingest.js';
import type { DroppedDraft, PlannedDraft } from '../memories/plan.js';
import type { Memory } from '../memories/schema.js';
import { type Caller, type MemoryServiceDeps, observeDropped, planChecked, planContext } from '../memories/service.js';
import { RESULT_STATUSES, type Summary, summarize, type WriteResult } from '../memories/write-schema.js';
import { toProblem } from './refusals.js';
import type { RemoteDeps } from './remote-deps.js';
import { addRemote, checkDraft, type Ready, takeBack, tellAdded, type Written } from './write.js';

/** Each is a request to the provider, which is asked for so many at once; a batch must end before its caller gives up. */
const AT_ONCE = 4;
export const MAX_REMOTE_BATCH = 100;

type Plan = Ready | DroppedDraft;

export type RemoteCreated = { readonly kind: 'created'; readonly memory: Memory } | DroppedDraft;

export interface Remembering {
  readonly remember: Remember;
  readonly answer: (memory: Memory) => ApiResponse;
}

export const createRemote = async (
  deps: RemoteDeps,
  local: MemoryServiceDeps,
  caller: Caller,
  body: unknown,
  { remember, answer }: Remembering,
): Promise<RemoteCreated> => {
  const plan = planOne(deps, local, caller, body);
  if (isDropped(plan)) {
    deps.metrics.ingested('dropped', 1);
    await observeDropped(deps, [plan]);
    return plan;
  }
  const auditEvent = deps.newId();
  const written = await addRemote(deps, caller.channel ?? 'api', plan, auditEvent);
  await tellAdded(deps, auditEvent, [written], (transaction, slot) =>
    remember(transaction, slot, answer(written.memory)),
  );
  deps.metrics.ingested('created', 1);
  return { kind: 'created', memory: written.memory };
};

/** The same rules as for memories that are kept here; what the provider has no place for is refused before it is asked. */
const planOne = (deps: RemoteDeps, local: MemoryServiceDeps, caller: Caller, body: unknown): Plan => {
  const context = planContext(local, caller, new Date());
  // The planner knows vectors of a model; there is none here, and a vector is refused with its own words.
  const planned: PlannedDraft | DroppedDraft = planChecked(local, context, body);
  return planned.kind === 'dropped' ? planned : checkDraft(deps, caller, planned);
};

const isDropped = (plan: Plan | Problem): plan is DroppedDraft => 'kind' in plan && plan.kind === 'dropped';

export interface RemoteBatch {
  readonly results: readonly WriteResult[];
  readonly summary: Summary;
}

export interface RemoteBatchOptions {
  /** What a draft that cannot be taken does to the others. */
  readonly onError: 'abort' | 'continue';
  /** What a provider that fails does to what it has taken already. @default as onError */
  readonly onFailure?: 'abort' | 'continue';
  readonly remember: (written: RemoteBatch, transaction: Transaction, slot: number) => Promise<void>;
}

/**
 * Everything is checked before anything goes out. With `abort`, what the provider has taken is taken back when it does not
 * take the rest; with `continue` each answers for itself.
 */
export const createRemoteBatch = async (
  deps: RemoteDeps,
  local: MemoryServiceDeps,
  caller: Caller,
  drafts: readonly unknown[],
  { onError, onFailure = onError, remember }: RemoteBatchOptions,
): Promise<RemoteBatch> => {
  const plans = drafts.map((draft) => settled(() => planOne(deps, local, caller, draft)));
  if (onError === 'abort') reject(plans);
  const auditEvent = deps.newId();
  const outcomes = await inOrder(plans, async (plan): Promise<Written | DroppedDraft | Problem> => {
    if (plan instanceof Problem || isDropped(plan)) return plan;
    return settledLater(() => addRemote(deps, caller.channel ?? 'api', plan, auditEvent));
  });
  const written = outcomes.flatMap((outcome) => ('record' in outcome ? [outcome] : []));
  const failed = outcomes.find((outcome, index) => outcome instanceof Problem && !(plans[index] instanceof Problem));
  if (onFailure === 'abort' && failed) {
    await takeBack(deps, written);
    throw failed;
  }
  const results = outcomes.map(toResult);
  const batch = { results, summary: summarize(results) };
  if (written.length > 0)
    await tellAdded(deps, auditEvent, written, (transaction, slot) => remember(batch, transaction, slot));
  for (const status of RESULT_STATUSES) deps.metrics.ingested(status, batch.summary[status]);
  await observeDropped(
    deps,
    outcomes.flatMap((outcome) => ('kind' in outcome && isDropped(outcome) ? [outcome] : [])),
  );
  return batch;
};

export const requireRoom = ({ provider }: RemoteDeps, count: number): void => {
  if (count <= MAX_REMOTE_BATCH) return;
  const detail = `/memories has ${count} drafts; ${provider.name} is given at most ${MAX_REMOTE_BATCH} at once`;
  throw problem('limit_too_large', `${detail}.`, {
    errors: [{ pointer: '/memories', code: 'maxItems', detail }],
    remedy: `Send at most ${MAX_REMOTE_BATCH} in one request.`,
  });
};

/** The facts of a conversation: one that cannot be taken is told of, a provider that fails leaves nothing behind. */
export const keepRemotely =
  (deps: RemoteDeps, local: MemoryServiceDeps): KeepElsewhere =>
  async (caller, drafts, settle) => {
    const { results } = await createRemoteBatch(deps, local, caller, drafts, {
      onError: 'continue',
      onFailure: 'abort',
      remember: (written, transaction) => settle(transaction, written.results),
    });
    return results;
  };

const settled = (plan: () => Plan): Plan | Problem => {
  try {
    return plan();
  } catch (cause) {
    if (cause instanceof Problem) return cause;
    throw cause;
  }
};

const settledLater = async <T>(work: () => Promise<T>): Promise<T | Problem> => {
  try {
    return await work();
  } catch (thrown) {
    const cause = toProblem(thrown);
    if (cause instanceof Problem) return cause;
    throw cause;
  }
};

const reject = (plans: readonly (Plan | Problem)[]): void => {
  const errors = plans.flatMap((plan, index) => (plan instanceof Problem ? errorsOf(index, plan) : []));
  if (errors.length === 0) return;
  throw problem('batch_rejected', `${errors.length} of the drafts' fields are not acceptable; nothing was written.`, {
    errors,
  });
};

const errorsOf = (index: number, { code, message, options }: Problem): readonly FieldError[] =>
  (options.errors ?? [{ pointer: '', code, detail: message }]).map((error) => ({
    ...error,
    index,
    pointer: `/memories/${index}${error.pointer}`,
  }));

const toResult = (outcome: Written | DroppedDraft | Problem, index: number): WriteResult => {
  if (outcome instanceof Problem) {
    const { code, message: detail, options } = outcome;
    return { index, status: 'rejected', error: { code, detail, errors: options.errors ?? [] } };
  }
  if ('record' in outcome) return { index, status: 'created', id: outcome.memory.id };
  return { index, status: 'dropped', reason: outcome.reason };
};

/** A few at a time, answered in the order that they were given. */
const inOrder = async <T, U>(items: readonly T[], work: (item: T) => Promise<U>): Promise<readonly U[]> => {
  const done: U[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE)
    done.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  return done;
};
