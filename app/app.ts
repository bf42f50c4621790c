import type { RequestListener } from 'node:http';
import express from 'express';
import type { Logger } from 'pino';
import type { Guard } from './access/guard.js';
import type { SecurityEvents } from './access/security-events.js';
import type { Feature } from './core.js';
import type { Metrics } from './health/metrics.js';
import { type HealthRouterOptions, healthRouter } from './health/router.js';
import { buildDocsPage } from './http/docs.js';
import { entry } from './http/entry.js';
import { errorHandler, notFound } from './http/error-handler.js';
import { createFront } from './http/front.js';
import { createServes, mountRoutes } from './http/mount.js';
import { observe } from './http/observe.js';
import { buildOpenApi } from './http/openapi.js';
import type { Idempotency } from './idempotency/idempotency.js';
import type { Policies } from './policies/schema.js';

export interface AppDeps {
  readonly log: Logger;
  readonly events: SecurityEvents;
  readonly corsOrigins: readonly string[];
  readonly requireHttps: boolean;
  /** Whether the hot routes are answered before Express. It changes what they cost, never what they say. */
  readonly front: boolean;
  readonly publicUrl: string | undefined;
  readonly guard: Guard;
  readonly idempotency: Idempotency;
  readonly health: HealthRouterOptions;
  readonly metrics: Metrics;
  readonly policies: () => Policies;
  readonly features: readonly Feature[];
}

/** The order of the middleware and the whole table of routes. */
export const createApp = (deps: AppDeps): RequestListener => {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).set('case sensitive routing', true);
  const routes = deps.features.flatMap((feature) => feature.routes ?? []);
  const dialects = deps.features.flatMap(({ dialect }) => dialect ?? []);
  const openApi = JSON.stringify(
    buildOpenApi(routes, { version: deps.health.service.version, publicUrl: deps.publicUrl, dialects }),
  );
  const docs = buildDocsPage(routes);
  const errors = { log: deps.log, events: deps.events, dialects };
  const serves = createServes(routes, deps);

  app.use(entry(deps));
  // Public: probes and descriptions, without a key, a limit or a line in the log.
  app.use(healthRouter(deps.health));
  app.get('/openapi.json', (_request, response) => void response.type('application/json').end(openApi));
  app.get('/docs', (_request, response) => void response.type('text/html').end(docs));
  app.use(observe(deps));
  app.use(deps.guard.middleware);
  for (const feature of deps.features) feature.mount?.(app);
  mountRoutes(app, serves);
  app.use(notFound);
  app.use(errorHandler(errors));
  return deps.front ? createFront(serves, deps, app) : app;
};
