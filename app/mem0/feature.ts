import { Type } from '@sinclair/typebox';
import type { Express, RequestHandler } from 'express';
import type { Core, Feature } from '../core.js';
import { problem } from '../http/errors.js';
import type { Route } from '../http/route.js';
import type { IngestDeps } from '../ingest/ingest.js';
import { createWebhooks } from '../webhooks/webhooks.js';
import { hostedAccountRoutes } from './account-routes.js';
import type { Mem0Deps } from './add.js';
import { mem0Dialect } from './dialect.js';
import { registerExport } from './exports.js';
import { createHooks } from './hooks.js';
import { hostedMemoryRoutes } from './memory-routes.js';
import { serverRoutes } from './server-routes.js';

/** mem0's HTTP API over the same services as our own: its clients work here without a change. */
export const createMem0Feature = (core: Core, ingest: IngestDeps): Feature => {
  const deps: Mem0Deps = { core, ingest };
  registerExport(deps);
  const hooks = createHooks(core, createWebhooks(core));
  return {
    routes: [...hostedMemoryRoutes(deps), ...hostedAccountRoutes(deps, hooks), ...serverRoutes(deps)].map(
      ignoreOptions,
    ),
    mount,
    dialect: mem0Dialect,
  };
};

/** Clients up to 2.4 send the organization and the project along with everything. */
const ignoreOptions = (route: Route): Route => ({ query: Type.Object({}), ...route });

const mount = (app: Express): void => {
  app.use(['/reset', '/configure', '/auth'], refuse);
  app.use(routeHooks);
};

/** What mem0's own server lets anybody do who reaches it: no key should empty a tenant or point it at another model. */
const refuse: RequestHandler = () => {
  throw problem('not_found', 'This service has no such route.', {
    remedy:
      'Settings belong to the MemoryTenant, keys to /api/v1/keys; delete memories by DELETE /v1/memories/?user_id=, or the tenant.',
  });
};

/** Our own webhooks have the same path. mem0's clients always end it with a slash. */
const HOOK = /^\/api\/v1\/webhooks\/(?!projects\/)([^/?]+)\/(\?.*)?$/;

const routeHooks: RequestHandler = (request, _response, next) => {
  const [, id, query = ''] = ['PUT', 'DELETE'].includes(request.method) ? (HOOK.exec(request.url) ?? []) : [];
  if (id !== undefined) request.url = `/v1/webhooks/${id}${query}`;
  next();
};
