import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { RequestContext } from './context.js';
import type { Head } from './head.js';

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

const CONSTANT_HEADERS = Object.entries(SECURITY_HEADERS);

/** Builds the context that logs and metrics read, and puts on the response what every response must carry. */
export const openRequest = (request: IncomingMessage, head: Head): RequestContext => {
  const given = request.headers['x-request-id'];
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomId(12);
  const traceparent = request.headers.traceparent;
  const traceId = (typeof traceparent === 'string' ? TRACEPARENT.exec(traceparent)?.[1] : undefined) ?? randomId(16);
  head.setHeader('X-Request-ID', requestId);
  for (const [name, value] of CONSTANT_HEADERS) head.setHeader(name, value);
  return { requestId, traceId, startedAt: performance.now(), operation: 'unknown', principal: undefined };
};

/** Ids of two hundred requests at once: each call for random bytes costs more than the bytes. */
let pool = Buffer.alloc(0);
let used = 0;
const randomId = (bytes: number): string => {
  if (used + bytes > pool.length) {
    pool = randomBytes(5_600);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
};
