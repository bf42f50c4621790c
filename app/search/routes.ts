import { defineRoute, type Route } from '../http/route.js';
import { clusterMemories } from './clusters.js';
import { buildContext } from './context.js';
import { listContradictions } from './contradictions.js';
import {
  ClustersQuerySchema,
  ClustersSchema,
  ContextResultSchema,
  ContextSchema,
  ContradictionsQuerySchema,
  ContradictionsSchema,
  SearchResultSchema,
  SearchSchema,
} from './schema.js';
import { type SearchDeps, searchMemories } from './search.js';

export const searchRoutes = (deps: SearchDeps): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: '/api/v1/memories/search',
    operation: 'searchMemories',
    hot: true,
    summary: 'Find memories by meaning, by words, or by both',
    permission: 'retrieve',
    writes: false,
    body: SearchSchema,
    responses: { 200: SearchResultSchema },
    handle: async (request) => ({ status: 200, body: await searchMemories(deps, request, request.body) }),
  }),
  defineRoute({
    method: 'POST',
    path: '/api/v1/context',
    operation: 'buildContext',
    summary: 'A text for a prompt, made of the memories that matter, within a budget of tokens',
    permission: 'retrieve',
    writes: false,
    body: ContextSchema,
    responses: { 200: ContextResultSchema },
    handle: async (request) => ({ status: 200, body: await buildContext(deps, request, request.body) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/memories/clusters',
    operation: 'clusterMemories',
    summary: 'What memories are about: groups of those that are near each other',
    permission: 'retrieve',
    writes: false,
    query: ClustersQuerySchema,
    responses: { 200: ClustersSchema },
    handle: async (request) => ({ status: 200, body: await clusterMemories(deps, request, request.query) }),
  }),
  defineRoute({
    method: 'GET',
    path: '/api/v1/contradictions',
    operation: 'listContradictions',
    summary: 'Memories that say of a subject what others deny',
    permission: 'retrieve',
    writes: false,
    query: ContradictionsQuerySchema,
    responses: { 200: ContradictionsSchema },
    handle: async (request) => ({ status: 200, body: await listContradictions(deps, request, request.query) }),
  }),
];
