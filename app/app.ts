import express, { type Express } from 'express';
import type { Logger } from 'pino';
import type { Guard } from './access/guard.js';
import type { Feature } from './core.js';
import type { Metrics } from './health/metrics.js';
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
import type { Policies } from './policies/schema.js';

export interface AppDeps {
  readonly log: Logger;
  readonly corsOrigins: readonly string[];
  readonly publicUrl: string | undefined;
  readonly guard: Guard;
  readonly idempotency: Idempotency;
  readonly health: HealthRouterOptions;
  readonly metrics: Metrics;
  readonly policies: () => Policies;
  readonly features: readonly Feature[];
}

/** The order of the middleware and the whole table of routes. */
export const createApp = (deps: AppDeps): Express => {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).set('case sensitive routing', true);
  const routes = deps.features.flatMap((feature) => feature.routes ?? []);
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
  app.use(observeRequests(deps.log, deps.metrics));
  app.use(deps.guard.middleware);
  for (const feature of deps.features) feature.mount?.(app);
  mountRoutes(app, routes, { policies: deps.policies, idempotency: deps.idempotency });
  app.use(notFound);
  app.use(errorHandler(deps.log));
  return app;
};
