import { Type } from '@sinclair/typebox';
import { Problem } from '../http/errors.js';
import { type ApiResponse, defineRoute, type Route } from '../http/route.js';
import { AddedSchema, type AddOutcome, addMemories, type Mem0Deps } from './add.js';
import { readListing, readSearching } from './asking.js';
import { change, remove } from './change.js';
import { MEM0 } from './dialect.js';
import { allEntities, PlainEntitySchema } from './entities.js';
import { readNames } from './entity.js';
import { HistoryEntrySchema, history } from './history.js';
import { get, listAll, search } from './read.js';
import * as schema from './schema.js';
import { M0Schema } from './shape.js';
import { readEntity, sweepEntities } from './sweep.js';

const READS = { dialect: MEM0, permission: 'retrieve', writes: false } as const;
/** Of one memory: what was changed behind the service is told, not shown. */
const READS_ONE = { ...READS, ofRow: true } as const;
const WRITES = { dialect: MEM0, permission: 'ingest', writes: true } as const;
const DELETES = { dialect: MEM0, permission: 'delete', writes: true } as const;
const ONE = { path: '/memories/{id}', textParams: ['id'] } as const;
/** What is told may be of several people. */
const TENANT_SLOT = 0;
const ok = (body: unknown): ApiResponse => ({ status: 200, body });
const Results = Type.Object({ results: Type.Array(Type.Partial(M0Schema)) });

/** The routes of the server that mem0 lets people run themselves. */
export const serverRoutes = (deps: Mem0Deps): readonly Route[] => [
  ...collectionRoutes(deps),
  ...oneRoutes(deps),
  ...entityRoutes(deps),
];

const collectionRoutes = (deps: Mem0Deps): readonly Route[] => [
  defineRoute({
    ...{ ...WRITES, method: 'POST', path: '/memories', operation: 'mem0ServerAdd', idempotencyKey: 'honoured' },
    summary: "mem0's server: find in messages what is worth remembering, and store it",
    body: schema.AddBody,
    responses: { 200: Type.Object({ results: Type.Array(AddedSchema) }) },
    handle: async (request) => {
      const adding = { ...request.body, names: readNames(request.body) };
      const answer = ({ results }: AddOutcome) => ok({ results });
      return answer(
        await addMemories(deps, request, adding, (db, outcome) => request.remember(db, TENANT_SLOT, answer(outcome))),
      );
    },
  }),
  defineRoute({
    ...{ ...READS, method: 'GET', path: '/memories', operation: 'mem0ServerList' },
    summary: "mem0's server: the memories of an entity",
    query: schema.ServerListQuery,
    responses: { 200: Results },
    handle: async (request) => {
      const { top_k, limit = top_k } = request.query;
      return ok({ results: await listAll(deps, request, readListing(request.query), limit) });
    },
  }),
  defineRoute({
    ...{ ...DELETES, method: 'DELETE', path: '/memories', operation: 'mem0ServerDeleteAll' },
    summary: "mem0's server: delete all memories of an entity",
    query: schema.NamesQuery,
    responses: { 200: schema.Told },
    handle: async (request) => {
      await sweepEntities(deps, request, readNames(request.query));
      return ok({ message: 'All relevant memories deleted' });
    },
  }),
  searchRoute(deps),
];

const searchRoute = (deps: Mem0Deps): Route =>
  defineRoute({
    ...{ ...READS, method: 'POST', path: '/search', operation: 'mem0ServerSearch' },
    summary: "mem0's server: search; a filter's other keys are keys of the metadata",
    body: schema.SearchBody,
    responses: { 200: Results },
    handle: async (request) => ok({ results: await search(deps, request, readSearching(request.body, true)) }),
  });

const oneRoutes = (deps: Mem0Deps): readonly Route[] => [
  defineRoute({
    ...{ ...READS_ONE, ...ONE, method: 'GET', operation: 'mem0ServerGet' },
    summary: "mem0's server: one memory, or null",
    responses: { 200: Type.Union([M0Schema, Type.Null()]) },
    handle: async (request) => {
      try {
        return ok(await get(deps, request, request.params.id));
      } catch (cause) {
        if (cause instanceof Problem && cause.code === 'not_found') return ok(null);
        throw cause;
      }
    },
  }),
  defineRoute({
    ...{ ...WRITES, ...ONE, method: 'PUT', operation: 'mem0ServerUpdate', summary: "mem0's server: change one memory" },
    body: schema.ServerChangeBody,
    responses: { 200: schema.Told },
    handle: async (request) => {
      const { data, text = data, ...rest } = request.body;
      await change(deps, request, request.params.id, { text, ...rest });
      return ok({ message: 'Memory updated successfully!' });
    },
  }),
  defineRoute({
    ...{ ...DELETES, ...ONE, method: 'DELETE', operation: 'mem0ServerDelete' },
    summary: "mem0's server: delete one memory",
    responses: { 200: schema.Told },
    handle: async (request) => {
      await remove(deps, request, request.params.id, false);
      return ok({ message: 'Memory deleted successfully' });
    },
  }),
  defineRoute({
    ...{ ...READS_ONE, ...ONE, method: 'GET', path: `${ONE.path}/history`, operation: 'mem0ServerHistory' },
    summary: "mem0's server: what happened to one memory",
    responses: { 200: Type.Array(HistoryEntrySchema) },
    handle: async (request) => ok(await history(deps.core, request, request.params.id)),
  }),
];

const entityRoutes = (deps: Mem0Deps): readonly Route[] => [
  defineRoute({
    ...{ ...READS, method: 'GET', path: '/entities', operation: 'mem0ServerEntities' },
    summary: "mem0's server: users, agents, applications and runs",
    responses: { 200: Type.Array(PlainEntitySchema) },
    handle: async (request) => ok(await allEntities(deps.core, request)),
  }),
  defineRoute({
    ...{ ...DELETES, method: 'DELETE', path: '/entities/{type}/{name}', textParams: ['type', 'name'] },
    operation: 'mem0ServerDeleteEntity',
    summary: "mem0's server: delete all memories of one entity",
    responses: { 200: schema.Told },
    handle: async (request) => {
      await sweepEntities(deps, request, readEntity(request.params.type, request.params.name));
      return ok({ message: 'Entity deleted' });
    },
  }),
];
