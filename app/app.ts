import express, { type Express } from 'express';
import type { Logger } from 'pino';
import type { Guard } from './access/guard.js';
import { type AccessRouteDeps, accessRoutes } from './access/routes.js';
import { type HealthRouterOptions, healthRouter } from './health/router.js';
import { cors } from './http/cors.js';
import { buildDocsPage } from './http/docs.js';
import { errorHandler, notFound } from './http/error-handler.js';
import { mountRoutes } from './http/mount.js';
import { observeRequests } from './http/observe.js';
import { buildOpenApi } from './http/openapi.js';
import { requestContext } from './http/request-context.js';
import { stripPrefix } from './http/strip-prefix.js';
import type { Idempotency } from './idempotency/idempotency.js';
import { memoryRoutes } from './memories/routes.js';
import type { SearchDeps } from './memories/search.js';

export interface AppDeps {
  readonly log: Logger;
  readonly corsOrigins: readonly string[];
  readonly publicUrl: string | undefined;
  readonly guard: Guard;
  readonly idempotency: Idempotency;
  readonly health: HealthRouterOptions;
  readonly access: AccessRouteDeps;
  readonly memories: SearchDeps;
}

/** The order of the middleware and the whole table of routes. */
export const createApp = (deps: AppDeps): Express => {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).set('case sensitive routing', true);
  const routes = [...memoryRoutes(deps.memories), ...accessRoutes(deps.access)];
  const openApi = JSON.stringify(
    buildOpenApi(routes, { version: deps.health.service.version, publicUrl: deps.publicUrl }),
  );
  const docs = buildDocsPage(routes);

  app.use(requestContext());
  app.use(stripPrefix(['/api/memory', '/api/knowledge', '/api/sync']));
  app.use(cors(deps.corsOrigins));
  // Public: probes and descriptions, without a key, a limit or a line in the log.
  app.use(healthRouter(deps.health));
  app.get('/openapi.json', (_request, response) => void response.type('application/json').end(openApi));
  app.get('/docs', (_request, response) => void response.type('text/html').end(docs));
  app.use(observeRequests(deps.log, deps.memories.metrics));
  app.use(deps.guard.middleware);
  mountRoutes(app, routes, { policies: deps.memories.policies, idempotency: deps.idempotency });
  app.use(notFound);
  app.use(errorHandler(deps.log));
  return app;
};
