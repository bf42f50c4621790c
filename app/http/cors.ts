import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Head } from './head.js';

/** Names the caller's origin if it is on the list; says nothing otherwise, and never a wildcard. */
export const applyCors = (origins: readonly string[], request: IncomingMessage, head: Head): boolean => {
  head.setHeader('Vary', 'Origin');
  const { origin } = request.headers;
  const allowed = typeof origin === 'string' && origins.includes(origin);
  if (!allowed) return false;
  head.setHeader('Access-Control-Allow-Origin', origin);
  head.setHeader(
    'Access-Control-Expose-Headers',
    'ETag, Idempotency-Replayed, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-ID',
  );
  return true;
};

/** The question that a browser asks before the request itself. */
export const isPreflight = ({ method, headers }: IncomingMessage): boolean =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;

export const answerPreflight = (allowed: boolean, response: ServerResponse): void => {
  if (allowed) {
    response.setHeader('Access-Control-Allow-Methods', 'GET, POST, PUT, PATCH, DELETE');
    response.setHeader(
      'Access-Control-Allow-Headers',
      'Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Prefer, X-API-Key, X-Tenant-ID, X-User-ID, X-Request-ID, traceparent',
    );
    response.setHeader('Access-Control-Max-Age', '600');
  }
  response.writeHead(204).end();
};
