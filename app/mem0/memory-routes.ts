import { type Static, Type } from '@sinclair/typebox';
import type { Queryable } from '../db/pool.js';
import { type ApiRequest, type ApiResponse, defineRoute, type Route } from '../http/route.js';
import { AddedSchema, type AddOutcome, addMemories, type Mem0Deps } from './add.js';
import { isV11, readListing, readSearching } from './asking.js';
import { change, changeBatch, feedBack, remove, removeBatch } from './change.js';
import { MEM0 } from './dialect.js';
import { readNames } from './entity.js';
import { HistoryEntrySchema, history } from './history.js';
import { get, type Listing, listAll, listPage, search } from './read.js';
import * as schema from './schema.js';
import { buildPage, M0Schema, pageSchema } from './shape.js';
import { sweepEntities, toldOf } from './sweep.js';

const READS = { dialect: MEM0, permission: 'retrieve', writes: false } as const;
/** Of one memory: what was changed behind the service is told, not shown. */
const READS_ONE = { ...READS, ofRow: true } as const;
const WRITES = { dialect: MEM0, permission: 'ingest', writes: true } as const;
const DELETES = { dialect: MEM0, permission: 'delete', writes: true } as const;

const Found = Type.Array(Type.Partial(M0Schema));
const Results = <T extends Parameters<typeof Type.Array>[0]>(item: T) =>
  Type.Object({ results: Type.Array(item), relations: Type.Optional(Type.Array(Type.Unknown())) });
const AddAnswer = Type.Object({
  message: Type.String(),
  status: Type.String(),
  event_id: Type.String(),
  results: Type.Array(AddedSchema),
});

/** What the clients of mem0's platform do with memories, in both their generations. */
export const hostedMemoryRoutes = (deps: Mem0Deps): readonly Route[] => [
  ...addRoutes(deps),
  ...searchRoutes(deps),
  ...listRoutes(deps),
  ...oneRoutes(deps),
  ...batchRoutes(deps),
];

type Add = Static<typeof schema.AddBody>;
const add = async (
  deps: Mem0Deps,
  request: ApiRequest<unknown, Add>,
  answer: (outcome: AddOutcome) => ApiResponse,
): Promise<ApiResponse> => {
  const adding = { ...request.body, names: readNames(request.body) };
  const remember = (db: Queryable, outcome: AddOutcome) => request.remember(db, TENANT_SLOT, answer(outcome));
  return answer(await addMemories(deps, request, adding, remember));
};
/** What is told may be of several people. */
const TENANT_SLOT = 0;
const ok = (body: unknown): ApiResponse => ({ status: 200, body });

const addRoutes = (deps: Mem0Deps): readonly Route[] => [
  defineRoute({
    ...{ ...WRITES, method: 'POST', path: '/v3/memories/add', operation: 'mem0AddV3', idempotencyKey: 'honoured' },
    summary: 'mem0: find in messages what is worth remembering, and store it',
    body: schema.AddBody,
    responses: { 200: AddAnswer },
    handle: (request) => add(deps, request, (outcome) => ok(tellAdded(outcome))),
  }),
  defineRoute({
    ...{ ...WRITES, method: 'POST', path: '/v1/memories', operation: 'mem0AddV1', idempotencyKey: 'honoured' },
    summary: 'mem0: as clients up to 2.4 add',
    body: schema.AddBody,
    responses: { 200: Type.Union([Type.Array(AddedSchema), Results(AddedSchema)]) },
    handle: (request) =>
      add(deps, request, ({ results }) => ok(isV11(request.body) ? { results, relations: [] } : results)),
  }),
];

/** Nothing that could not be stored goes by the name of success. */
const tellAdded = ({ results, event_id, refused }: AddOutcome) => {
  const stored = results.length === 0 ? 'Nothing was found that is worth remembering.' : `${results.length} memories.`;
  if (refused.length === 0) return { message: stored, status: 'SUCCEEDED', event_id, results };
  const message = `${results.length} memories stored, ${refused.length} refused: ${refused[0]}`;
  return { message, status: 'FAILED', event_id, results };
};

const searchRoutes = (deps: Mem0Deps): readonly Route[] => [
  defineRoute({
    ...{ ...READS, method: 'POST', path: '/v3/memories/search', operation: 'mem0SearchV3' },
    summary: 'mem0: search within filters',
    body: schema.SearchBody,
    responses: { 200: Type.Object({ results: Found }) },
    handle: async (request) => ok({ results: await search(deps, request, readSearching(request.body)) }),
  }),
  ...(['v1', 'v2'] as const).map((version) =>
    defineRoute({
      ...{
        ...READS,
        method: 'POST',
        path: `/${version}/memories/search`,
        operation: `mem0Search${version.toUpperCase()}`,
      },
      summary: 'mem0: as clients up to 2.4 search',
      body: schema.SearchBody,
      responses: { 200: Type.Union([Found, Results(Type.Partial(M0Schema))]) },
      handle: async (request) => {
        const results = await search(deps, request, readSearching(request.body));
        return ok(isV11(request.body) ? { results, relations: [] } : results);
      },
    }),
  ),
];

const PAGE_SIZE = 100;
type Paged = Static<typeof schema.PageQuery>;

const answerPage = async (deps: Mem0Deps, request: ApiRequest<Paged, unknown>, listing: Listing, path: string) => {
  const asked = { page: request.query.page ?? 1, size: request.query.page_size ?? PAGE_SIZE };
  const { count, results } = await listPage(deps, request, listing, asked);
  return buildPage(`${deps.core.config.MEMPLANE_PUBLIC_URL ?? ''}${path}`, asked, count, results);
};

const listRoutes = (deps: Mem0Deps): readonly Route[] => [
  defineRoute({
    ...{ ...READS, method: 'POST', path: '/v3/memories', operation: 'mem0ListV3' },
    summary: 'mem0: all memories that filters let through, by pages',
    query: schema.PageQuery,
    body: schema.ListBody,
    responses: { 200: pageSchema(M0Schema) },
    handle: async (request) => ok(await answerPage(deps, request, readListing(request.body), '/v3/memories/')),
  }),
  defineRoute({
    ...{ ...READS, method: 'GET', path: '/v1/memories', operation: 'mem0ListV1' },
    summary: 'mem0: all memories of an entity; by pages when both parameters of a page are there',
    query: schema.ListQuery,
    responses: { 200: Type.Union([Type.Array(M0Schema), pageSchema(M0Schema)]) },
    handle: async (request) => {
      const listing = readListing(request.query);
      const { page, page_size } = request.query;
      const paged = page !== undefined && page_size !== undefined;
      return ok(await (paged ? answerPage(deps, request, listing, '/v1/memories/') : listAll(deps, request, listing)));
    },
  }),
  defineRoute({
    ...{ ...READS, method: 'POST', path: '/v2/memories', operation: 'mem0ListV2' },
    summary: 'mem0: all memories that filters let through',
    query: schema.PageQuery,
    body: schema.ListBody,
    responses: { 200: Type.Array(M0Schema) },
    handle: async (request) => {
      const listing = readListing(request.body);
      const { page, page_size: size } = request.query;
      if (page === undefined || size === undefined) return ok(await listAll(deps, request, listing));
      return ok((await listPage(deps, request, listing, { page, size })).results);
    },
  }),
];

const ONE = { path: '/v1/memories/{id}', textParams: ['id'] } as const;

const oneRoutes = (deps: Mem0Deps): readonly Route[] => [
  defineRoute({
    ...{ ...READS_ONE, ...ONE, method: 'GET', operation: 'mem0Get', summary: 'mem0: one memory' },
    responses: { 200: M0Schema },
    handle: async (request) => ok(await get(deps, request, request.params.id)),
  }),
  defineRoute({
    ...{ ...WRITES, ...ONE, method: 'PUT', operation: 'mem0Update', summary: 'mem0: change one memory' },
    body: schema.ChangeBody,
    responses: { 200: M0Schema },
    handle: async (request) => ok(await change(deps, request, request.params.id, request.body)),
  }),
  defineRoute({
    ...{ ...DELETES, ...ONE, method: 'DELETE', operation: 'mem0Delete', summary: 'mem0: delete one memory' },
    query: schema.DeleteQuery,
    responses: { 200: schema.Told },
    handle: async (request) => ok(await remove(deps, request, request.params.id, request.query.delete_linked ?? false)),
  }),
  defineRoute({
    ...{ ...READS_ONE, ...ONE, method: 'GET', path: `${ONE.path}/history`, operation: 'mem0History' },
    summary: 'mem0: what happened to one memory',
    responses: { 200: Type.Array(HistoryEntrySchema) },
    handle: async (request) => ok(await history(deps.core, request, request.params.id)),
  }),
  defineRoute({
    ...{ ...DELETES, method: 'DELETE', path: '/v1/memories', operation: 'mem0DeleteAll' },
    summary: 'mem0: delete all memories of an entity',
    query: schema.NamesQuery,
    responses: { 200: schema.ToldEvent },
    handle: async (request) =>
      ok(toldOf('Memories deleted successfully!', await sweepEntities(deps, request, readNames(request.query)))),
  }),
];

const batchRoutes = (deps: Mem0Deps): readonly Route[] => [
  defineRoute({
    ...{ ...WRITES, method: 'PUT', path: '/v1/batch', operation: 'mem0BatchUpdate' },
    summary: 'mem0: change up to 1,000 memories, all or none',
    body: schema.BatchChangeBody,
    responses: { 200: schema.Told },
    handle: async (request) => ok(await changeBatch(deps, request, request.body.memories)),
  }),
  defineRoute({
    ...{ ...DELETES, method: 'DELETE', path: '/v1/batch', operation: 'mem0BatchDelete' },
    summary: 'mem0: delete up to 1,000 memories',
    body: schema.BatchRemoveBody,
    responses: { 200: schema.Told },
    handle: async (request) => {
      const ids = request.body.memories.map(({ memory_id }) => memory_id);
      return ok(await removeBatch(deps, request, ids));
    },
  }),
  defineRoute({
    ...{ ...WRITES, method: 'POST', path: '/v1/feedback', operation: 'mem0Feedback' },
    summary: 'mem0: say whether a memory was of use',
    body: schema.FeedbackBody,
    responses: {
      200: Type.Object({
        id: Type.String(),
        feedback: Type.Unknown(),
        feedback_reason: Type.Unknown(),
        message: Type.String(),
      }),
    },
    handle: async (request) => ok(await feedBack(deps, request, request.body)),
  }),
];
