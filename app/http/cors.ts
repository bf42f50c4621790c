import type { RequestHandler } from 'express';

/** Names the caller's origin if it is on the list; says nothing otherwise, and never a wildcard. */
export const cors =
  (origins: readonly string[]): RequestHandler =>
  (request, response, next) => {
    response.vary('Origin');
    const origin = request.headers.origin;
    const allowed = typeof origin === 'string' && origins.includes(origin);
    if (allowed) {
      response.set('Access-Control-Allow-Origin', origin);
      response.set(
        'Access-Control-Expose-Headers',
        'ETag, Idempotency-Replayed, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-ID',
      );
    }
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return next();
    if (allowed) {
      response.set('Access-Control-Allow-Methods', 'GET, POST, PUT, PATCH, DELETE');
      response.set(
        'Access-Control-Allow-Headers',
        'Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, X-API-Key, X-Tenant-ID, X-User-ID, X-Request-ID, traceparent',
      );
      response.set('Access-Control-Max-Age', '600');
    }
    response.status(204).end();
  };
