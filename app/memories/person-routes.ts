import { Type } from '@sinclair/typebox';
import type { Cache } from '../cache/cache.js';
import { type ApiRequest, defineRoute, type Route } from '../http/route.js';
import type { SearchDeps } from '../search/search-deps.js';
import { listEntities } from './entities.js';
import { EntityListSchema, EntityQuerySchema, PersonDeletedSchema, PersonQuerySchema } from './life-schema.js';
import { listMemories } from './list.js';
import { deleteOfPerson } from './person.js';
import { problemAt } from './plan.js';
import { ListQuerySchema, ListSchema } from './schema.js';

/** A person by the id that the application gave them. */
export const personRoutes = (deps: SearchDeps, cache: Cache): readonly Route[] => [
  listOfPerson(deps),
  deletePerson(deps, cache),
  entities(deps),
];

const listOfPerson = (deps: SearchDeps): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/memory/{user_id}',
    textParams: ['user_id'],
    operation: 'listOfPerson',
    summary: 'What a person sees, newest first',
    permission: 'retrieve',
    writes: false,
    query: Type.Omit(ListQuerySchema, ['user_id'], { additionalProperties: false }),
    responses: { 200: ListSchema },
    handle: async (request) => ({
      status: 200,
      body: await listMemories(deps, request, { ...request.query, user_id: personOf(request) }),
    }),
  });

const deletePerson = (deps: SearchDeps, cache: Cache): Route =>
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/memory/{user_id}',
    textParams: ['user_id'],
    operation: 'deleteOfPerson',
    summary: 'Delete what is a person’s own; no erasure: the person and their key stay',
    permission: 'delete',
    writes: true,
    query: PersonQuerySchema,
    responses: { 200: PersonDeletedSchema },
    handle: async (request) => {
      const { scope, reason = null } = request.query;
      return { status: 200, body: await deleteOfPerson(deps, cache, request, personOf(request), { scope, reason }) };
    },
  });

const entities = (deps: SearchDeps): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/entities',
    operation: 'listEntities',
    summary: 'The people, agents, sessions, applications, teams and organizations that memories name',
    permission: 'retrieve',
    writes: false,
    query: EntityQuerySchema,
    responses: { 200: EntityListSchema },
    handle: async (request) => ({ status: 200, body: await listEntities(deps, request, request.query) }),
  });

const ID = /^\P{Cc}{1,256}$/u;

const personOf = ({ params }: Pick<ApiRequest<unknown, unknown>, 'params'>): string => {
  const id = params.user_id ?? '';
  if (ID.test(id)) return id;
  throw problemAt('invalid_request', '/path/user_id', 'user_id has 1 to 256 printable characters.');
};
