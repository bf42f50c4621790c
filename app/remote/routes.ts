import { Type } from '@sinclair/typebox';
import type { Maybe } from '../http/maybe.js';
import { type ApiRequest, type ApiResponse, defineRoute, type Route } from '../http/route.js';
import { compileCheck, requireValid } from '../http/validate.js';
import { buildCreatedAnswer, buildReadAnswer } from '../memories/answers.js';
import { problemAt } from '../memories/plan.js';
import type { ListQuery, Scope } from '../memories/schema.js';
import type { MemoryServiceDeps } from '../memories/service.js';
import { BatchSchema } from '../memories/write-schema.js';
import type { ContextRequest, Search } from '../search/schema.js';
import { deleteRemote, deleteRemotePerson, updateRemote } from './change.js';
import { buildRemoteContext } from './context.js';
import { createRemote, createRemoteBatch, MAX_REMOTE_BATCH, requireRoom } from './create.js';
import { listRemote, readRemote, searchRemote } from './read.js';
import { notSupportedThere } from './refusals.js';
import type { RemoteDeps } from './remote-deps.js';

type Asked = ApiRequest<Readonly<Record<string, never>>, unknown>;
export type Serve = (request: ApiRequest<unknown, unknown>) => Maybe<ApiResponse>;

/** By operation, who answers in place of the handler that looks into our own tables. */
export const remoteHandlers = (deps: RemoteDeps, local: MemoryServiceDeps): Readonly<Record<string, Serve>> => ({
  createMemories: (request) => create(deps, local, request),
  listMemories: async (request) => ({ status: 200, body: await listRemote(deps, request, request.query as ListQuery) }),
  listOfPerson: async (request) => {
    const query = { ...(request.query as ListQuery), user_id: personOf(request) };
    return { status: 200, body: await listRemote(deps, request, query) };
  },
  getMemory: (request) => read(deps, request),
  updateMemory: async (request) => {
    const memory = await updateRemote(deps, request, idOf(request), request.body, changeOf(request));
    return { status: 200, body: memory, headers: { ETag: `"${memory.version}"` } };
  },
  deleteMemory: async (request) => {
    const { linked = false } = request.query as { readonly linked?: boolean };
    return { status: 200, body: await deleteRemote(deps, request, idOf(request), { ...changeOf(request), linked }) };
  },
  deleteOfPerson: async (request) => {
    const { scope, reason = null } = request.query as { readonly scope?: Scope; readonly reason?: string };
    return { status: 200, body: await deleteRemotePerson(deps, request, personOf(request), { scope, reason }) };
  },
  searchMemories: async (request) => ({ status: 200, body: await searchRemote(deps, request, request.body as Search) }),
  buildContext: async (request) => ({
    status: 200,
    body: await buildRemoteContext(deps, request, request.body as ContextRequest),
  }),
});

const idOf = ({ params }: ApiRequest<unknown, unknown>): string => (params.id as string).toLowerCase();

const PERSON = /^\P{Cc}{1,256}$/u;

const personOf = ({ params }: ApiRequest<unknown, unknown>): string => {
  const id = params.user_id ?? '';
  if (PERSON.test(id)) return id;
  throw problemAt('invalid_request', '/path/user_id', 'user_id has 1 to 256 printable characters.');
};

const changeOf = ({ headers, query }: ApiRequest<unknown, unknown>) => ({
  ifMatch: headers['if-match'],
  reason: (query as { readonly reason?: string }).reason ?? null,
});

const checkBatch = compileCheck(BatchSchema);

/** What is there when the answer comes is found as well: `wait` needs no waiting here. */
const create = async (
  deps: RemoteDeps,
  local: MemoryServiceDeps,
  request: ApiRequest<unknown, unknown>,
): Promise<ApiResponse> => {
  const { body, remember } = request;
  if (typeof body !== 'object' || body === null || !('memories' in body)) {
    const done = await createRemote(deps, local, request, body, { remember, answer: buildCreatedAnswer });
    if (done.kind === 'created') return buildCreatedAnswer(done.memory);
    return { status: 200, body: { index: 0, status: 'dropped', reason: done.reason } };
  }
  const { memories, on_error: onError = 'abort', dedupe = 'off' } = requireValid(checkBatch, body, 'The batch');
  if (dedupe !== 'off') throw notSupportedThere(deps.provider.name, ['/dedupe']);
  requireRoom(deps, memories.length);
  const batch = await createRemoteBatch(deps, local, request, memories, {
    onError,
    remember: (written, db, slot) => remember(db, slot, { status: 200, body: written }),
  });
  return { status: 200, body: batch };
};

const read = async (deps: RemoteDeps, request: ApiRequest<unknown, unknown>): Promise<ApiResponse> => {
  const { query } = request as Asked;
  return buildReadAnswer(request, await readRemote(deps, request, idOf(request), query));
};

const CapabilitiesSchema = Type.Object({
  provider: Type.String({ description: 'builtin, or who keeps the memories of this tenant' }),
  status: Type.Union([Type.Literal('ok'), Type.Literal('degraded'), Type.Literal('down')]),
  scopes: Type.Array(Type.String()),
  search_modes: Type.Array(Type.String()),
  update: Type.Boolean(),
  get_of_anybody: Type.Boolean({ description: 'reading one memory without naming whose it is' }),
  scores: Type.Boolean({ description: 'whether a score says how near, or only which is nearer' }),
  rerank: Type.Boolean(),
  count: Type.Boolean(),
  max_batch: Type.Integer(),
  operations: Type.Array(Type.String(), { description: 'what this tenant can be asked for' }),
  not_supported: Type.Array(Type.String(), { description: 'what is answered 501' }),
});

export interface Described {
  readonly deps: RemoteDeps | undefined;
  readonly operations: readonly string[];
  readonly refused: readonly string[];
}

/** The same question whoever keeps the memories, so that a client can ask before it tries. */
export const capabilitiesRoute = ({ deps, operations, refused }: Described): Route =>
  defineRoute({
    ...{ method: 'GET', path: '/api/v1/memory/capabilities', operation: 'memoryCapabilities' },
    ...{ permission: 'any', writes: false },
    summary: 'Who keeps the memories of this tenant, and what can be asked for',
    responses: { 200: CapabilitiesSchema },
    handle: () => ({
      status: 200,
      body: {
        ...(deps === undefined ? BUILTIN : describe(deps)),
        operations: [...operations].sort(),
        not_supported: [...refused].sort(),
      },
    }),
  });

const BUILTIN = {
  provider: 'builtin',
  status: 'ok',
  scopes: ['user', 'team', 'organization', 'global'],
  search_modes: ['hybrid', 'semantic', 'keyword'],
  ...{ update: true, get_of_anybody: true, scores: true, rerank: true, count: true, max_batch: 1_000 },
} as const;

const describe = ({ provider, state }: RemoteDeps) => ({
  provider: provider.name,
  status: state().status,
  scopes: ['user'],
  ...provider.capabilities,
  max_batch: MAX_REMOTE_BATCH,
});
