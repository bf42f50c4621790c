import { defineRoute, type Route } from '../http/route.js';
import { SearchResultSchema, SearchSchema } from './schema.js';
import { type SearchDeps, searchMemories } from './search.js';

export const searchRoutes = (deps: SearchDeps): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: '/api/v1/memories/search',
    operation: 'searchMemories',
    summary: 'Find memories by meaning, by words, or by both',
    permission: 'retrieve',
    writes: false,
    body: SearchSchema,
    responses: { 200: SearchResultSchema },
    handle: async (request) => ({ status: 200, body: await searchMemories(deps, request, request.body) }),
  }),
];
