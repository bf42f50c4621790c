import { Type } from '@sinclair/typebox';
import type { Core, Feature } from '../core.js';
import type { Succession } from '../embeddings/succession.js';
import type { FieldError } from '../http/errors.js';
import { problem } from '../http/errors.js';
import type { Json } from '../http/json.js';
import { defineRoute } from '../http/route.js';
import { JobSchema } from '../jobs/routes.js';
import { measureQuality, QualitySchema } from './quality.js';
import { reembed } from './reembed.js';
import { succeed } from './succession.js';

const REEMBED_JOB = 'reembed';
const SUCCEED_JOB = 'reembed.dual';

const ReembedSchema = Type.Object(
  {
    model: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Unset: the deployment’s own' })),
    dimensions: Type.Optional(Type.Integer({ minimum: 1, maximum: 4096 })),
    dual_write: Type.Optional(
      Type.Boolean({
        description:
          'the model that the deployment names as its next one embeds beside the present one, and takes over when nothing lacks its vector',
      }),
    ),
  },
  { additionalProperties: false },
);

export const createQualityFeature = (core: Core): Feature => {
  core.jobs.register({
    kind: REEMBED_JOB,
    run: async (_input, tools) => {
      const { total, ...result } = await reembed(
        { ...core.memories, embedder: core.embedder.current?.() ?? core.embedder },
        tools,
      );
      const done = result.memories;
      await core.audit.record(core.db, { type: 'data.reembed', code: 'finished', detail: { ...result } });
      return { result: result as unknown as Json, progress: { total, done, failed: 0 } };
    },
  });
  if (core.succession) registerSuccession(core, core.succession);
  return { routes: [quality(core), reembedRoute(core)] };
};

const registerSuccession = (core: Core, succession: Succession): void =>
  core.jobs.register({
    kind: SUCCEED_JOB,
    run: async (_input, tools) => {
      const { total, ...result } = await succeed({ ...core.memories, succession }, tools);
      await core.audit.record(core.db, { type: 'data.reembed', code: 'finished', detail: { ...result } });
      return { result: result as unknown as Json, progress: { total, done: total, failed: 0 } };
    },
  });

const quality = (core: Core) =>
  defineRoute({
    ...{ method: 'GET', path: '/api/v1/quality', operation: 'getQuality', permission: 'retrieve', writes: false },
    summary: 'How much of what is remembered is junk, contradicted, untrusted, in quarantine, without a vector',
    responses: { 200: QualitySchema },
    handle: async (request) => ({ status: 200, body: await measureQuality(core.memories, request) }),
  });

const reembedRoute = (core: Core) =>
  defineRoute({
    ...{ method: 'POST', path: '/api/v1/reembed', operation: 'reembed', permission: 'jobs.manage', writes: true },
    optional: true,
    summary: 'Bring every memory to the embedding model of this deployment, as a job',
    body: ReembedSchema,
    responses: { 202: JobSchema },
    handle: async ({ principal, body }) => {
      if (body.dual_write) demandNext(core, body);
      else demandOurs(core, body);
      const job = await core.jobs.enqueue(core.db, {
        ...{ kind: body.dual_write ? SUCCEED_JOB : REEMBED_JOB, principal, slot: 0, userRef: null, input: {} },
      });
      return { status: 202, body: job, headers: { Location: `/api/v1/jobs/${job.id}` } };
    },
  });

type Asked = { readonly model?: string; readonly dimensions?: number };

/** Two models at once are the deployment's to name: it has to reach both. */
const demandNext = ({ succession }: Core, asked: Asked): void => {
  const refuse = (pointer: string, detail: string) =>
    problem('not_supported', 'This deployment cannot embed so.', {
      errors: [{ pointer, code: 'not_supported', detail }],
      remedy:
        'Set EMBEDDING_NEXT_PROVIDER, EMBEDDING_NEXT_MODEL and EMBEDDING_NEXT_DIMENSIONS, then ask for the next model here.',
    });
  if (!succession) throw refuse('/dual_write', 'this deployment names no next model');
  const { model, dimensions } = succession.heir;
  if (asked.model !== undefined && asked.model !== model) throw refuse('/model', `its next model is ${model}`);
  if (asked.dimensions !== undefined && asked.dimensions !== dimensions)
    throw refuse('/dimensions', `the vectors of its next model have ${dimensions} dimensions`);
};

/** One deployment has one model: another is its operator's to configure, and is asked for afterwards. */
const demandOurs = ({ embedder }: Core, asked: Asked): void => {
  const errors: FieldError[] = [];
  const refuse = (pointer: string, detail: string) => errors.push({ pointer, code: 'not_supported', detail });
  if (embedder.state() === 'none') refuse('/model', 'this deployment makes no vectors: EMBEDDING_PROVIDER is none');
  else if (asked.model !== undefined && asked.model !== embedder.model) {
    refuse('/model', `this deployment embeds with ${embedder.model}`);
  }
  if (asked.dimensions !== undefined && asked.dimensions !== embedder.dimensions) {
    refuse('/dimensions', `its vectors have ${embedder.dimensions} dimensions`);
  }
  if (errors.length === 0) return;
  throw problem('not_supported', 'This deployment cannot embed so.', {
    errors,
    remedy:
      'Set EMBEDDING_PROVIDER, EMBEDDING_MODEL and VECTOR_DIMENSIONS (spec.providers of the MemoryTenant), then ask for the new model here.',
  });
};
