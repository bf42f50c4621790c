import { randomBytes } from 'node:crypto';
import type { RequestHandler } from 'express';
import { runInContext } from './context.js';

/** Printable and short: an id from outside ends in logs and headers. */
const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/;

/** On every answer, errors included. */
export const SECURITY_HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'X-XSS-Protection': '1; mode=block',
  'Strict-Transport-Security': 'max-age=31536000',
} as const;

/** Opens the context that logs and metrics read, and puts on every response what every response must carry. */
export const requestContext = (): RequestHandler => (request, response, next) => {
  const given = request.headers['x-request-id'];
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomBytes(12).toString('hex');
  const traceparent = request.headers.traceparent;
  const traceId =
    (typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined) ??
    randomBytes(16).toString('hex');
  response.set({
    'X-Request-ID': requestId,
    ...SECURITY_HEADERS,
  });
  runInContext({ requestId, traceId, startedAt: performance.now(), operation: 'unknown', principal: undefined }, next);
};
