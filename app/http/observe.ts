import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Metrics } from '../health/metrics.js';
import { currentContext, type RequestContext } from './context.js';

/** One log line and one measurement a request, when its answer is out. The path's shape is logged, never its values. */
export const observeRequest = (
  { log, metrics }: { readonly log: Logger; readonly metrics: Metrics },
  context: RequestContext,
  { method = '' }: IncomingMessage,
  response: ServerResponse,
): void => {
  response.once('close', () => {
    const seconds = (performance.now() - context.startedAt) / 1000;
    const { operation, principal, requestId, traceId } = context;
    metrics.requested(operation, KNOWN.has(method) ? method : 'OTHER', response.statusCode, seconds);
    const [status, ms, key] = [response.statusCode, Math.round(seconds * 1e6) / 1e3, principal?.keyId];
    const aborted = response.writableFinished ? undefined : true;
    log.info({ requestId, traceId, operation, method, status, ms, key, aborted }, 'request');
  });
};

/** `observeRequest`, for Express. */
export const observe =
  (deps: { readonly log: Logger; readonly metrics: Metrics }): RequestHandler =>
  (request, response, next) => {
    const context = currentContext();
    if (context) observeRequest(deps, context, request, response);
    next();
  };

const KNOWN = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);
