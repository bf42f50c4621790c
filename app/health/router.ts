import type { IncomingHttpHeaders } from 'node:http';
import { Router } from 'express';
import { problem } from '../http/errors.js';
import { type Health, within } from './components.js';
import type { Metrics } from './metrics.js';

export interface HealthRouterOptions {
  readonly health: () => Promise<Health>;
  readonly metrics: Metrics;
  readonly metricsEnabled: boolean;
  readonly service: { readonly name: string; readonly version: string; readonly environment: string };
  /** Throws unless the request carries a key of this tenant. */
  authenticate(headers: IncomingHttpHeaders): Promise<unknown>;
}

/** Is the process alive: nothing but the event loop is asked, or a lost database would restart every pod. */
const LIVE = ['/health/live', '/healthz/live'];
const READY = ['/health', '/healthz', '/ready', '/readyz', '/health/ready'];

export const healthRouter = (options: HealthRouterOptions): Router => {
  const router = Router();
  router.get('/', (_request, response) => {
    response.json({ ...options.service, docs: '/docs', openapi: '/openapi.json', health: '/health' });
  });
  router.get(LIVE, (_request, response) => {
    response.json({ status: 'ok' });
  });
  // The public aliases say yes or no; which part fails is for who may know.
  router.get(READY, async (_request, response) => {
    const { ready, status } = await options.health();
    if (!ready) response.set('Retry-After', '5');
    response.status(ready ? 200 : 503).json({ status });
  });
  router.get('/health/detailed', async (request, response) => {
    await requireKeyFromOutside(options, request.headers);
    const { ready, ...rest } = await options.health();
    response.status(ready ? 200 : 503).json(rest);
  });
  router.get('/metrics', async (request, response) => {
    if (!options.metricsEnabled)
      throw problem('not_found', 'Metrics are switched off.', { remedy: 'Set METRICS_ENABLED to true.' });
    await requireKeyFromOutside(options, request.headers);
    response.type(options.metrics.contentType).send(await options.metrics.render());
  });
  return router;
};

/** Prometheus asks the pod itself; what came through a gateway carries its mark and needs a key. */
const requireKeyFromOutside = async (options: HealthRouterOptions, headers: IncomingHttpHeaders): Promise<void> => {
  if (headers['x-forwarded-for'] === undefined && headers.forwarded === undefined) return;
  await within<unknown>(
    () => options.authenticate(headers),
    () => {
      throw problem(
        'store_unavailable',
        'The database does not answer, so nobody can tell whether this key is known.',
        {
          remedy: 'Ask the pod itself, which needs no key: kubectl port-forward, then GET /health/detailed.',
        },
      );
    },
  );
};
