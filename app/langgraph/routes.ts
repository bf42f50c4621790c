import { Type } from '@sinclair/typebox';
import { problem } from '../http/errors.js';
import { defineRoute, type Route } from '../http/route.js';
import type { SearchDeps } from '../search/search.js';
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

const ITEMS = '/store/items';
const DONE = { 204: Type.Null() };

/** What `client.store` of LangGraph's SDK calls: items are memories with a key, of the person who is named or of the tenant. */
export const storeRoutes = (deps: SearchDeps): readonly Route[] => [
  defineRoute({
    ...{ method: 'PUT', path: ITEMS, operation: 'putItem', permission: 'ingest', writes: true, responses: DONE },
    summary: "LangGraph's store: write an item",
    body: PutSchema,
    handle: async (request) => {
      await putItem(deps, request, request.body);
      return { status: 204 };
    },
  }),
  defineRoute({
    ...{ method: 'GET', path: ITEMS, operation: 'getItem', permission: 'retrieve', writes: false },
    summary: "LangGraph's store: read an item; null when there is none",
    query: GetQuerySchema,
    responses: { 200: GetResultSchema },
    handle: async (request) => {
      const { namespace = '', key, refresh_ttl } = request.query;
      demandNoRefresh(refresh_ttl, '/query/refresh_ttl');
      const name = { namespace: namespace === '' ? [] : namespace.split('.'), key };
      return { status: 200, body: await getItem(deps, request, name) };
    },
  }),
  defineRoute({
    ...{ method: 'DELETE', path: ITEMS, operation: 'deleteItem', permission: 'delete', writes: true, responses: DONE },
    summary: "LangGraph's store: delete an item",
    body: NameSchema,
    handle: async (request) => {
      await deleteItem(deps, request, request.body);
      return { status: 204 };
    },
  }),
  defineRoute({
    ...{ method: 'POST', path: `${ITEMS}/search`, operation: 'searchItems', permission: 'retrieve', writes: false },
    summary: "LangGraph's store: find items below a namespace",
    body: SearchSchema,
    responses: { 200: SearchResultSchema },
    handle: async (request) => {
      demandNoRefresh(request.body.refresh_ttl, '/refresh_ttl');
      return { status: 200, body: { items: await searchItems(deps, request, request.body) } };
    },
  }),
  defineRoute({
    ...{
      method: 'POST',
      path: '/store/namespaces',
      operation: 'listNamespaces',
      permission: 'retrieve',
      writes: false,
    },
    summary: "LangGraph's store: the namespaces that hold items",
    body: NamespacesSchema,
    responses: { 200: NamespacesResultSchema },
    handle: async (request) => ({
      status: 200,
      body: { namespaces: await listNamespaces(deps, request, request.body) },
    }),
  }),
];

/** Reading writes nothing here: said, rather than letting an item expire that its reader thinks refreshed. */
const demandNoRefresh = (asked: boolean | null | undefined, pointer: string): void => {
  if (!asked) return;
  throw problem('not_supported', 'Reading does not put off when an item expires.', {
    remedy: 'Leave refresh_ttl out, and put the item again to give it more time.',
    errors: [{ pointer, code: 'not_supported', detail: `${pointer} can only be false` }],
  });
};
