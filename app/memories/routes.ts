import { Type } from '@sinclair/typebox';
import type { ApiRequest, ApiResponse, Route } from '../http/route.js';
import { defineRoute } from '../http/route.js';
import { compileCheck, requireValid } from '../http/validate.js';
import { listMemories } from './list.js';
import {
  BatchResultSchema,
  BatchSchema,
  DeleteQuerySchema,
  DeleteResultSchema,
  DraftSchema,
  GetQuerySchema,
  ListQuerySchema,
  ListSchema,
  MemorySchema,
  SearchResultSchema,
  SearchSchema,
} from './schema.js';
import { type SearchDeps, searchMemories } from './search.js';
import { createMemories, createMemory, deleteMemory, getMemory, matchesVersion } from './service.js';

const checkBatch = compileCheck(BatchSchema);

export const memoryRoutes = (deps: SearchDeps): readonly Route[] => [
  defineRoute({ ...CREATE, handle: (request) => create(deps, request) }),
  defineRoute({
    ...LIST,
    handle: async (request) => ({ status: 200, body: await listMemories(deps, request, request.query) }),
  }),
  defineRoute({
    ...SEARCH,
    handle: async (request) => ({ status: 200, body: await searchMemories(deps, request, request.body) }),
  }),
  defineRoute({ ...GET, handle: (request) => read(deps, request) }),
  defineRoute({ ...DELETE, handle: (request) => remove(deps, request) }),
];

const CREATE = {
  method: 'POST',
  path: '/api/v1/memories',
  operation: 'createMemories',
  summary: 'Store one memory, or up to 1,000 at once',
  permission: 'ingest',
  writes: true,
  body: Type.Union([DraftSchema, BatchSchema]),
  bodyChecked: 'handler',
  responses: { 201: MemorySchema, 200: BatchResultSchema },
} as const;

const LIST = {
  method: 'GET',
  path: '/api/v1/memories',
  operation: 'listMemories',
  summary: 'List memories, newest first',
  permission: 'retrieve',
  writes: false,
  query: ListQuerySchema,
  responses: { 200: ListSchema },
} as const;

const SEARCH = {
  method: 'POST',
  path: '/api/v1/memories/search',
  operation: 'searchMemories',
  summary: 'Find memories by meaning',
  permission: 'retrieve',
  writes: false,
  body: SearchSchema,
  responses: { 200: SearchResultSchema },
} as const;

const GET = {
  method: 'GET',
  path: '/api/v1/memories/{id}',
  operation: 'getMemory',
  summary: 'Read one memory',
  permission: 'retrieve',
  writes: false,
  query: GetQuerySchema,
  responses: { 200: MemorySchema },
} as const;

const DELETE = {
  method: 'DELETE',
  path: '/api/v1/memories/{id}',
  operation: 'deleteMemory',
  summary: 'Delete one memory',
  permission: 'delete',
  writes: true,
  query: DeleteQuerySchema,
  responses: { 200: DeleteResultSchema },
} as const;

const remove = async (deps: SearchDeps, request: AnyRequest): Promise<ApiResponse> => {
  const id = request.params.id as string;
  await deleteMemory(deps, request, id, request.headers['if-match']);
  return { status: 200, body: { id, deleted: true, linked: [], audit_event: null } };
};

type AnyRequest = ApiRequest<unknown, unknown>;

const create = async (deps: SearchDeps, request: AnyRequest): Promise<ApiResponse> => {
  const { body } = request;
  if (typeof body === 'object' && body !== null && 'memories' in body) {
    const batch = requireValid(checkBatch, body, 'The batch');
    return { status: 200, body: await createMemories(deps, request, batch.memories, batch.on_error ?? 'abort') };
  }
  const created = await createMemory(deps, request, body);
  if (created.kind === 'dropped') return { status: 200, body: { index: 0, status: 'dropped', reason: created.reason } };
  const { memory } = created;
  return {
    status: 201,
    body: memory,
    headers: { ETag: `"${memory.version}"`, Location: `/api/v1/memories/${memory.id}` },
  };
};

const read = async (
  deps: SearchDeps,
  request: ApiRequest<{ readonly include?: string }, unknown>,
): Promise<ApiResponse> => {
  const memory = await getMemory(deps, request, request.params.id as string, {
    vector: request.query.include === 'vector',
  });
  const headers = { ETag: `"${memory.version}"` };
  const known = request.headers['if-none-match'];
  if (known !== undefined && matchesVersion(known.replaceAll('W/', ''), memory.version))
    return { status: 304, body: undefined, headers };
  return { status: 200, body: memory, headers };
};
