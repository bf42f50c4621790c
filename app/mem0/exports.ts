import { problem } from '../http/errors.js';
import type { Json } from '../http/json.js';
import { isUuid } from '../http/validate.js';
import type { Job } from '../jobs/jobs.js';
import type { Memory } from '../memories/schema.js';
import type { Caller } from '../memories/service.js';
import { jcs } from '../sealing/index.js';
import type { Mem0Deps } from './add.js';
import { fillSchema } from './export-schema.js';
import { type Asked, resolveAsked } from './filters.js';
import { walkMemories } from './read.js';

export const EXPORT_JOB = 'mem0.export';

export interface Exporting {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly filters: unknown;
}

interface Input {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly asked: { readonly filters: Asked['filters']; readonly user_id: string | null };
}
interface Result {
  /** What was asked for, so that who knows no id finds the newest export of it. */
  readonly asked: string;
  readonly document: Json;
}

const TENANT_SLOT = 0;
/** A document larger than this is an export of another kind: POST /api/v1/export. */
const MAX_MEMORIES = 20_000;

export const registerExport = (deps: Mem0Deps): void =>
  deps.core.jobs.register({
    kind: EXPORT_JOB,
    run: async (input, { principal, progress }) => {
      const { schema, asked } = input as unknown as Input;
      const memories: Memory[] = [];
      const about = { filters: asked.filters, user_id: asked.user_id ?? undefined };
      for await (const memory of walkMemories(deps, { principal, headers: {} }, about)) {
        if (memories.length === MAX_MEMORIES) throw tooMany();
        memories.push(memory);
        if (memories.length % 1_000 === 0) await progress({ total: 0, done: memories.length, failed: 0 });
      }
      const result: Result = { asked: jcs(asked), document: fillSchema(schema, memories) };
      const { length } = memories;
      return { result: result as unknown as Json, progress: { total: length, done: length, failed: 0 } };
    },
  });

const tooMany = () =>
  problem('limit_too_large', `The export is about more than ${MAX_MEMORIES} memories.`, {
    remedy: 'Narrow the filters, or export everything by POST /api/v1/export.',
  });

export const createExport = async ({ core }: Mem0Deps, caller: Caller, { schema, filters }: Exporting) => {
  const asked = resolveAsked(caller, { filters, names: {} });
  const about = { filters: asked.filters, user_id: asked.user_id ?? null };
  const person = asked.user_id === undefined ? undefined : await core.people.find(core.db, asked.user_id);
  const { id } = await core.jobs.enqueue(core.db, {
    kind: EXPORT_JOB,
    principal: caller.principal,
    slot: person?.slot ?? TENANT_SLOT,
    userRef: person?.ref ?? caller.principal.userRef,
    input: { schema, asked: about } as unknown as Json,
  });
  return { message: 'Memory export request received. The export will be ready in a few seconds.', id };
};

/** Whoever asks at once gets the document rather than an excuse. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 50;
const RECENT = 200;

export const getExport = async (
  deps: Mem0Deps,
  caller: Caller,
  asked: { readonly memory_export_id?: string | null; readonly filters?: unknown },
): Promise<Json> => {
  const first = await findExport(deps, caller, asked);
  const deadline = Date.now() + PATIENCE_MS;
  let job = first;
  while (['pending', 'running'].includes(job.status) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    job = await deps.core.jobs.find(caller.principal, job.id);
  }
  if (job.status === 'succeeded') return resultOf(job)?.document ?? null;
  if (job.error)
    throw problem('invalid_request', `The export failed: ${job.error.detail}`, { remedy: job.error.remedy });
  return { message: 'The export is not ready yet.', status: job.status.toUpperCase(), id: job.id };
};

const resultOf = (job: Job): Result | undefined => job.result as unknown as Result | undefined;

const findExport = async (
  { core }: Mem0Deps,
  caller: Caller,
  { memory_export_id: id, filters }: Parameters<typeof getExport>[2],
): Promise<Job> => {
  if (id) {
    const job = isUuid(id) ? await core.jobs.find(caller.principal, id).catch(unlessMissing) : undefined;
    if (job?.kind !== EXPORT_JOB) throw noExport();
    return job;
  }
  const about = resolveAsked(caller, { filters, names: {} });
  const wanted = jcs({ filters: about.filters, user_id: about.user_id ?? null } as unknown as Json);
  const recent = await core.jobs.list(caller.principal, { status: null, after: null, limit: RECENT });
  const found = recent.find((job) => job.kind === EXPORT_JOB && (resultOf(job)?.asked ?? wanted) === wanted);
  if (!found) throw noExport();
  return found;
};

const unlessMissing = (cause: unknown): undefined => {
  if ((cause as { readonly code?: unknown }).code !== 'not_found') throw cause;
  return undefined;
};

const noExport = () =>
  problem('not_found', 'There is no such memory export.', { remedy: 'Create one by POST /v1/exports/ first.' });
