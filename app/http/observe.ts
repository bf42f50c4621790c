import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Metrics } from '../health/metrics.js';
import { currentContext } from './context.js';

/** One log line and one measurement a request, when its answer is out. The path's shape is logged, never its values. */
export const observeRequests =
  (log: Logger, metrics: Metrics): RequestHandler =>
  (request, response, next) => {
    const context = currentContext();
    response.once('close', () => {
      const seconds = (performance.now() - (context?.startedAt ?? performance.now())) / 1000;
      const operation = context?.operation ?? 'unknown';
      metrics.requested(operation, KNOWN.has(request.method) ? request.method : 'OTHER', response.statusCode, seconds);
      log.info(
        {
          requestId: context?.requestId,
          traceId: context?.traceId,
          operation,
          method: request.method,
          status: response.statusCode,
          ms: Math.round(seconds * 1e6) / 1e3,
          key: context?.principal?.keyId,
          ...(response.writableFinished ? {} : { aborted: true }),
        },
        'request',
      );
    });
    next();
  };

const KNOWN = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);
