import type { IncomingMessage, ServerResponse } from 'node:http';
import { buildProblemDocument, problem } from './errors.js';

/** A name with a port, or an address in brackets: what else stands there must not end in a Location. */
const HOST = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
/** The kubelet and Prometheus ask the pod itself, which speaks no TLS. */
const PROBES = /^\/(?:health|healthz|ready|readyz|metrics)(?:[/?]|$)/;

/** Whether the gateway received it without TLS. What came past the gateway has no such header and is the cluster's own. */
export const isPlain = ({ headers, url = '' }: IncomingMessage): boolean => {
  const forwarded = headers['x-forwarded-proto'];
  if (typeof forwarded !== 'string') return false;
  return forwarded.split(',').at(-1)?.trim().toLowerCase() === 'http' && !PROBES.test(url);
};

export const redirectToHttps = (request: IncomingMessage, response: ServerResponse): void => {
  const host = request.headers.host ?? '';
  const path = request.url ?? '/';
  if (!HOST.test(host) || !path.startsWith('/')) {
    const body = buildProblemDocument(
      problem('invalid_request', 'The header Host names no host.'),
      String(response.getHeader('X-Request-ID') ?? ''),
    );
    response.statusCode = 400;
    response.setHeader('Content-Type', 'application/problem+json');
    response.setHeader('Connection', 'close');
    return void response.end(JSON.stringify(body));
  }
  request.resume();
  response.writeHead(301, {
    'Content-Length': '2',
    Location: `https://${host.replace(/:80$/, '')}${path}`,
    'Content-Type': 'application/json',
  });
  response.end('{}');
};
