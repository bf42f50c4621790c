import { Type } from '@sinclair/typebox';
import { defineRoute, type Route } from '../http/route.js';
import type { SearchDeps } from '../search/search-deps.js';
import { listNamespaces } from './namespaces.js';
import {
  GetQuerySchema,
  GetResultSchema,
  NameSchema,
  NamespacesResultSchema,
  NamespacesSchema,
  PutSchema,
  SearchResultSchema,
  SearchSchema,
} from './schema.js';
import { deleteItem, getItem, putItem, searchItems } from './store.js';

/** What `client.store` of LangGraph's SDK calls: items are memories with a key, of the person who is named or of the tenant. */
export const storeRoutes = (deps: SearchDeps): readonly Route[] => [
  defineRoute({
    ...PUT_ITEM,
    handle: async (request) => {
      await putItem(deps, request, request.body);
      return { status: 204 };
    },
  }),
  defineRoute({
    ...GET_ITEM,
    handle: async (request) => {
      const { namespace = '', key, refresh_ttl } = request.query;
      const name = { namespace: namespace === '' ? [] : namespace.split('.'), key };
      return { status: 200, body: await getItem(deps, request, name, refresh_ttl) };
    },
  }),
  defineRoute({
    ...DELETE_ITEM,
    handle: async (request) => {
      await deleteItem(deps, request, request.body);
      return { status: 204 };
    },
  }),
  defineRoute({
    ...SEARCH_ITEMS,
    handle: async (request) => {
      return { status: 200, body: { items: await searchItems(deps, request, request.body) } };
    },
  }),
  defineRoute({
    ...LIST_NAMESPACES,
    handle: async (request) => {
      const namespaces = await listNamespaces(deps, request, request.body);
      return { status: 200, body: { namespaces } };
    },
  }),
];

const ITEMS = '/store/items';
const WRITES = { path: ITEMS, writes: true, responses: { 204: Type.Null() } } as const;
const READS = { permission: 'retrieve', writes: false } as const;

const PUT_ITEM = {
  ...WRITES,
  method: 'PUT',
  operation: 'putItem',
  summary: "LangGraph's store: write an item",
  permission: 'ingest',
  body: PutSchema,
} as const;

const GET_ITEM = {
  ofRow: true,
  ...READS,
  method: 'GET',
  path: ITEMS,
  operation: 'getItem',
  summary: "LangGraph's store: read an item; null when there is none",
  query: GetQuerySchema,
  responses: { 200: GetResultSchema },
} as const;

const DELETE_ITEM = {
  ...WRITES,
  method: 'DELETE',
  operation: 'deleteItem',
  summary: "LangGraph's store: delete an item",
  permission: 'delete',
  body: NameSchema,
} as const;

const SEARCH_ITEMS = {
  ...READS,
  method: 'POST',
  path: `${ITEMS}/search`,
  operation: 'searchItems',
  summary: "LangGraph's store: find items below a namespace",
  body: SearchSchema,
  responses: { 200: SearchResultSchema },
} as const;

const LIST_NAMESPACES = {
  ...READS,
  method: 'POST',
  path: '/store/namespaces',
  operation: 'listNamespaces',
  summary: "LangGraph's store: the namespaces that hold items",
  body: NamespacesSchema,
  responses: { 200: NamespacesResultSchema },
} as const;
