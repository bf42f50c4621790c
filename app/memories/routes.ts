import { Type } from '@sinclair/typebox';
import { problem } from '../http/errors.js';
import { after, type Maybe } from '../http/maybe.js';
import { prefersAsync } from '../http/prefer.js';
import type { ApiRequest, ApiResponse, Route } from '../http/route.js';
import { defineRoute } from '../http/route.js';
import { compileCheck, requireValid } from '../http/validate.js';
import type { Jobs } from '../jobs/jobs.js';
import { JobSchema } from '../jobs/routes.js';
import type { SearchDeps } from '../search/search-deps.js';
import { buildCreatedAnswer, buildReadAnswer } from './answers.js';
import { awaitVectors } from './await-vectors.js';
import { type BatchOutcome, createMemories } from './batch.js';
import { deleteMemory } from './delete.js';
import { HistoryQuerySchema, HistorySchema, listHistory } from './history.js';
import { writeLater } from './later.js';
import { listMemories } from './list.js';
import { PatchSchema } from './patch.js';
import { putMemory } from './put.js';
import { writtenOut } from './reader.js';
import {
  ChangeQuerySchema,
  DeleteQuerySchema,
  DeleteResultSchema,
  DraftSchema,
  GetQuerySchema,
  ListQuerySchema,
  ListSchema,
  MemorySchema,
  PutQuerySchema,
} from './schema.js';
import { createSemantics } from './semantics.js';
import { createMemory, getMemory, planChecked, planContext, readBack, readMemory } from './service.js';
import { readTime } from './time.js';
import { updateMemory } from './update.js';
import { BatchResultSchema, BatchSchema, WaitQuerySchema } from './write-schema.js';

const checkBatch = compileCheck(BatchSchema);

export const memoryRoutes = (deps: SearchDeps, jobs: Jobs): readonly Route[] => [
  defineRoute({ ...CREATE, handle: (request) => create(deps, jobs, request) }),
  defineRoute({
    ...LIST,
    handle: async (request) => ({ status: 200, body: await listMemories(deps, request, request.query) }),
  }),
  defineRoute({ ...GET, handle: (request) => read(deps, request) }),
  defineRoute({ ...PUT, handle: (request) => put(deps, request) }),
  defineRoute({ ...UPDATE, handle: (request) => update(deps, request) }),
  defineRoute({ ...DELETE, handle: (request) => remove(deps, request) }),
  defineRoute({
    ...HISTORY,
    handle: async (request) => ({
      status: 200,
      body: await listHistory(deps, request, request.params.id as string, request.query),
    }),
  }),
];

const CREATE = {
  method: 'POST',
  path: '/api/v1/memories',
  operation: 'createMemories',
  hot: true,
  summary: 'Store one memory, or up to 1,000 at once; Prefer: respond-async does it as a job',
  permission: 'ingest',
  writes: true,
  idempotencyKey: 'honoured',
  query: WaitQuerySchema,
  body: Type.Union([DraftSchema, BatchSchema]),
  bodyChecked: 'handler',
  responses: { 201: MemorySchema, 200: BatchResultSchema, 202: JobSchema },
} as const;

const LIST = {
  method: 'GET',
  path: '/api/v1/memories',
  operation: 'listMemories',
  hot: true,
  summary: 'List memories, newest first',
  permission: 'retrieve',
  writes: false,
  query: ListQuerySchema,
  responses: { 200: ListSchema },
} as const;

const GET = {
  method: 'GET',
  path: '/api/v1/memories/{id}',
  operation: 'getMemory',
  hot: true,
  ofRow: true,
  summary: 'Read one memory',
  permission: 'retrieve',
  writes: false,
  query: GetQuerySchema,
  conditions: ['If-None-Match'],
  responses: { 200: MemorySchema },
} as const;

const UPDATE = {
  method: 'PATCH',
  path: '/api/v1/memories/{id}',
  operation: 'updateMemory',
  summary: 'Change one memory by a merge patch (RFC 7396)',
  permission: 'update',
  writes: true,
  query: ChangeQuerySchema,
  body: PatchSchema,
  // The merged memory is what has to be valid.
  bodyChecked: 'handler',
  conditions: ['If-Match'],
  responses: { 200: MemorySchema },
} as const;

const PUT = {
  method: 'PUT',
  path: '/api/v1/memories/by-key/{key}',
  textParams: ['key'],
  operation: 'putMemory',
  summary: 'Write the memory of a key, or replace what it says',
  permission: 'ingest',
  writes: true,
  query: PutQuerySchema,
  body: DraftSchema,
  // Checked together with what the path and the query say.
  bodyChecked: 'handler',
  conditions: ['If-Match', 'If-None-Match'],
  responses: { 201: MemorySchema, 200: MemorySchema },
} as const;

const HISTORY = {
  method: 'GET',
  path: '/api/v1/memories/{id}/history',
  operation: 'memoryHistory',
  ofRow: true,
  summary: 'What happened to one memory, oldest first',
  permission: 'retrieve',
  writes: false,
  query: HistoryQuerySchema,
  responses: { 200: HistorySchema },
} as const;

const DELETE = {
  method: 'DELETE',
  path: '/api/v1/memories/{id}',
  operation: 'deleteMemory',
  summary: 'Delete one memory',
  permission: 'delete',
  writes: true,
  query: DeleteQuerySchema,
  conditions: ['If-Match'],
  responses: { 200: DeleteResultSchema },
} as const;

type ChangeRequest = ApiRequest<{ readonly reason?: string }, unknown>;

const changeOptions = ({ headers, query }: ChangeRequest) => ({
  ifMatch: headers['if-match'],
  reason: query.reason ?? null,
});

const update = async (deps: SearchDeps, request: ChangeRequest): Promise<ApiResponse> => {
  const memory = await updateMemory(deps, request, request.params.id as string, request.body, changeOptions(request));
  return { status: 200, body: memory, headers: { ETag: `"${memory.version}"` } };
};

const put = async (
  deps: SearchDeps,
  request: ApiRequest<{ readonly namespace?: string; readonly reason?: string }, unknown>,
): Promise<ApiResponse> => {
  const key = { key: request.params.key as string, namespace: request.query.namespace?.split('.') ?? [] };
  const createOnly = readCreateOnly(request.headers['if-none-match']);
  const done = await putMemory(deps, request, key, request.body, { ...changeOptions(request), createOnly });
  if (done.kind === 'dropped') return { status: 200, body: { index: 0, status: 'dropped', reason: done.reason } };
  const created = buildCreatedAnswer(done.memory);
  return done.kind === 'created'
    ? created
    : { status: 200, body: done.memory, headers: { ETag: `"${done.memory.version}"` } };
};

const readCreateOnly = (ifNoneMatch: string | undefined): boolean => {
  if (ifNoneMatch === undefined || ifNoneMatch.trim() === '*') return ifNoneMatch !== undefined;
  throw problem('invalid_request', 'Of If-None-Match only * is known here: write if there is none.', {
    errors: [{ pointer: '/header/if-none-match', code: 'pattern', detail: 'must be *; use If-Match for a version' }],
  });
};

const remove = async (
  deps: SearchDeps,
  request: ApiRequest<{ readonly reason?: string; readonly linked?: boolean }, unknown>,
): Promise<ApiResponse> => {
  const id = request.params.id as string;
  const linked = request.query.linked ?? false;
  return { status: 200, body: await deleteMemory(deps, request, id, { ...changeOptions(request), linked }) };
};

type CreateRequest = ApiRequest<{ readonly wait?: 'stored' | 'indexed' }, unknown>;

const create = async (deps: SearchDeps, jobs: Jobs, request: CreateRequest): Promise<ApiResponse> => {
  const { body, remember } = request;
  const isAwaited = request.query.wait === 'indexed';
  const isBatch = typeof body === 'object' && body !== null && 'memories' in body;
  const batch = isBatch ? requireValid(checkBatch, body, 'The batch') : undefined;
  if (prefersAsync(request.headers)) {
    if (!batch) planChecked(deps, planContext(deps, request, new Date()), body);
    const asked = batch ?? { memories: [body] };
    const later = await writeLater(deps, jobs, request, asked);
    if (later) return later;
  }
  if (batch) {
    const { on_error: onError = 'abort', dedupe = 'off' } = batch;
    const options = { onError, dedupe, semantics: createSemantics(deps) };
    const outcome = await createMemories(deps, request, batch.memories, options, {
      keep: (slot, written) => remember.steps(slot, buildBatchAnswer(written)),
    });
    if (isAwaited)
      await awaitVectors(
        deps.db,
        outcome.results.flatMap(({ id }) => id ?? []),
      );
    return buildBatchAnswer(outcome);
  }
  const created = await createMemory(deps, request, body, {
    keep: (slot, memory) => remember.steps(slot, buildCreatedAnswer(memory)),
  });
  if (created.kind === 'dropped') return { status: 200, body: { index: 0, status: 'dropped', reason: created.reason } };
  if (!isAwaited) return buildCreatedAnswer(created.memory);
  const { id } = created.memory;
  await awaitVectors(deps.db, [id]);
  return buildCreatedAnswer(await readBack(deps, deps.db, id));
};

const buildBatchAnswer = (outcome: BatchOutcome): ApiResponse => ({ status: 200, body: outcome });

type ReadRequest = ApiRequest<{ readonly include?: string; readonly as_of?: string }, unknown>;

const read = (deps: SearchDeps, request: ReadRequest): Maybe<ApiResponse> => {
  const id = request.params.id as string;
  const vector = request.query.include === 'vector';
  const asOf = readTime('/query/as_of', request.query.as_of);
  if (vector || asOf)
    return getMemory(deps, request, id, { vector, asOf }).then((memory) => buildReadAnswer(request, memory));
  return after(readMemory(deps, request, id), ({ memory }) => buildReadAnswer(request, memory, writtenOut));
};
