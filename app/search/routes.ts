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
import { searchAsText } from './search.js';
import type { SearchDeps } from './search-deps.js';

export const searchRoutes = (deps: SearchDeps): readonly Route[] => [
  defineRoute({
    ...SEARCH,
    handle: async (request) => ({ status: 200, text: await searchAsText(deps, request, request.body) }),
  }),
  defineRoute({
    ...CONTEXT,
    handle: async (request) => ({ status: 200, body: await buildContext(deps, request, request.body) }),
  }),
  defineRoute({
    ...CLUSTERS,
    handle: async (request) => ({ status: 200, body: await clusterMemories(deps, request, request.query) }),
  }),
  defineRoute({
    ...CONTRADICTIONS,
    handle: async (request) => ({ status: 200, body: await listContradictions(deps, request, request.query) }),
  }),
];

const READS = { permission: 'retrieve', writes: false } as const;

const SEARCH = {
  ...READS,
  method: 'POST',
  path: '/api/v1/memories/search',
  operation: 'searchMemories',
  hot: true,
  summary: 'Find memories by meaning, by words, or by both',
  body: SearchSchema,
  responses: { 200: SearchResultSchema },
} as const;

const CONTEXT = {
  ...READS,
  method: 'POST',
  path: '/api/v1/context',
  operation: 'buildContext',
  summary: 'A text for a prompt, made of the memories that matter, within a budget of tokens',
  body: ContextSchema,
  responses: { 200: ContextResultSchema },
} as const;

const CLUSTERS = {
  ...READS,
  method: 'GET',
  path: '/api/v1/memories/clusters',
  operation: 'clusterMemories',
  summary: 'What memories are about: groups of those that are near each other',
  query: ClustersQuerySchema,
  responses: { 200: ClustersSchema },
} as const;

const CONTRADICTIONS = {
  ...READS,
  method: 'GET',
  path: '/api/v1/contradictions',
  operation: 'listContradictions',
  summary: 'Memories that say of a subject what others deny',
  query: ContradictionsQuerySchema,
  responses: { 200: ContradictionsSchema },
} as const;
