import { inTransaction } from '../db/pool.js';
import { problem } from '../http/errors.js';
import type { Json, JsonObject } from '../http/json.js';
import type { ApiRequest, ApiResponse } from '../http/route.js';
import { isUuid } from '../http/validate.js';
import type { JobHandler, Jobs } from '../jobs/jobs.js';
import type { SearchDeps } from '../search/search-deps.js';
import { createMemories, planDrafts } from './batch.js';
import { TENANT_SLOT } from './prepare.js';
import { createSemantics } from './semantics.js';
import type { MemoryServiceDeps } from './service.js';
import { selectExistingIds } from './store.js';
import { type Dedupe, summarize, type WriteResult } from './write-schema.js';

export const WRITE_JOB = 'write';

interface Asked {
  readonly memories: readonly unknown[];
  readonly on_error?: 'abort' | 'continue';
  readonly dedupe?: Dedupe;
}
/** As it waits: each draft that can be written has the id that it will be written under. */
interface Waiting extends Asked {
  readonly memories: readonly Json[];
}

/**
 * Checked now, written as a job. Only when at most one person is named: what waits is sealed for them, so that their erasure
 * takes it too. `undefined`: several are, and it is for the caller to write it now, which a preference allows.
 */
export const writeLater = async (
  deps: MemoryServiceDeps,
  jobs: Jobs,
  request: ApiRequest<unknown, unknown>,
  { memories, on_error = 'abort', dedupe = 'off' }: Asked,
): Promise<ApiResponse | undefined> => {
  const { db, people } = deps;
  const plans = planDrafts(deps, request, memories, on_error);
  const persons = [...new Set(plans.flatMap((plan) => plan?.userId ?? []))];
  if (persons.length > 1) return undefined;
  await demandFreeIds(deps, memories);
  const [userId] = persons;
  const person = userId === undefined ? undefined : (await people.ensure(db, [userId])).get(userId);
  const slot = person?.slot ?? TENANT_SLOT;
  const drafts = memories.map((draft, index) => {
    const plan = plans[index];
    // The headers that named the person are gone when the job is done.
    const own = plan && { id: plan.id, ...(plan.userId === null ? {} : { user_id: plan.userId }) };
    return { ...(draft as JsonObject), ...own };
  });
  return inTransaction(db, async (transaction) => {
    const input: Json = { memories: drafts, on_error, dedupe };
    const asked = { kind: WRITE_JOB, principal: request.principal, slot, userRef: person?.ref ?? null, input };
    const job = await jobs.enqueue(transaction, { ...asked, total: drafts.length });
    const answer = { status: 202, body: job, headers: { Location: `/api/v1/jobs/${job.id}` } };
    await request.remember(transaction, slot, answer);
    return answer;
  });
};

/** An id that is there when the job begins was written by an earlier try of it: so it may not be there now. */
const demandFreeIds = async (deps: MemoryServiceDeps, drafts: readonly unknown[]): Promise<void> => {
  const chosen = drafts.map((draft) => (draft as { readonly id?: unknown } | null)?.id ?? null);
  const there = await selectExistingIds(
    deps.db,
    chosen.flatMap((id) => (typeof id === 'string' && isUuid(id) ? id : [])),
  );
  const errors = chosen.flatMap((id, index) => {
    const detail = `There is a memory ${String(id)} already.`;
    return there.has(String(id).toLowerCase())
      ? [{ index, pointer: `/memories/${index}/id`, code: 'key_exists', detail }]
      : [];
  });
  if (errors.length > 0) throw problem('key_exists', errors[0]?.detail ?? '', { errors });
};

/** All drafts are one transaction, so an earlier try has written every one that could be, or none. */
export const writeJob = (deps: SearchDeps): JobHandler => ({
  kind: WRITE_JOB,
  run: async (input, { principal }) => {
    const { memories, on_error: onError = 'abort', dedupe = 'off' } = input as unknown as Waiting;
    const idOf = (draft: Json): string => String((draft as JsonObject | null)?.id).toLowerCase();
    const done = await selectExistingIds(deps.db, memories.map(idOf).filter(isUuid));
    const left = memories.filter((draft) => !done.has(idOf(draft)));
    const options = {
      ...{ onError: done.size > 0 ? ('continue' as const) : onError, dedupe },
      semantics: createSemantics(deps),
    };
    const written = await createMemories(deps, { principal, headers: {} }, left, options, async () => undefined);
    const rest = written.results.values();
    const results = memories.map((draft, index): WriteResult => {
      if (done.has(idOf(draft))) return { index, status: 'created', id: idOf(draft) };
      return { ...(rest.next().value as WriteResult), index };
    });
    const failed = results.filter(({ status }) => status === 'rejected').length;
    return {
      result: { results, summary: summarize(results) } as unknown as Json,
      progress: { total: results.length, done: results.length - failed, failed },
    };
  },
});
