import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Dispatcher } from 'undici';
import { sendProblem } from './problem.js';
import type { Backend } from './route-table.js';
import type { Upstream, Upstreams } from './upstreams.js';

/** They belong to one connection, not to the request (RFC 9110, 7.6.1); undici speaks for its own. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'expect',
]);
const RETRY_AFTER_SECONDS = '1';

/** Sends the request to one of the backends' ready pods and its answer back, both as streams. */
export async function forward(
  upstreams: Upstreams,
  backends: readonly Backend[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const first = upstreams.pick(backends);
  if (first === undefined) {
    sendUnavailable(response, backends);
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    await attempt(first, request, response, gone.signal);
  } catch (error) {
    if (gone.signal.aborted) return;
    await retry(upstreams, backends, first, error, { request, response, signal: gone.signal });
  }
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly signal: AbortSignal;
}

/** Once, at another pod if there is one. */
async function retry(
  upstreams: Upstreams,
  backends: readonly Backend[],
  first: Upstream,
  error: unknown,
  { request, response, signal }: Exchange,
): Promise<void> {
  // The pod itself once more, unless it has gone meanwhile.
  const second = upstreams.pick(backends, first) ?? (first.pool.closed || first.pool.destroyed ? undefined : first);
  if (response.headersSent || !isRepeatable(error, request)) {
    sendFailure(response, error);
    return;
  }
  if (second === undefined) {
    sendUnavailable(response, backends);
    return;
  }
  try {
    await attempt(second, request, response, signal);
  } catch (again) {
    if (!signal.aborted) sendFailure(response, again);
  }
}

async function attempt(
  upstream: Upstream,
  request: IncomingMessage,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  upstream.load += 1;
  try {
    const answer = await upstream.pool.request({
      method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
      path: request.url ?? '/',
      headers: buildForwardHeaders(request),
      body: hasBody(request.headers) ? Readable.from(readBody(request), { objectMode: false }) : null,
      signal,
    });
    response.writeHead(answer.statusCode, withoutHopByHop(answer.headers));
    // The head of a stream must not wait for its first piece.
    response.flushHeaders();
    await pipeline(answer.body, response);
  } finally {
    upstream.load -= 1;
  }
}

/** Read only once a pod has taken the connection, and left whole when none has: undici would destroy the request itself. */
async function* readBody(request: IncomingMessage): AsyncGenerator<Buffer> {
  for (const pieces = request.iterator({ destroyOnReturn: false }); ; ) {
    const { done, value } = await pieces.next();
    if (done === true) return;
    yield value;
  }
}

const hasBody = (headers: IncomingHttpHeaders): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

function buildForwardHeaders(request: IncomingMessage): IncomingHttpHeaders {
  const client = request.socket.remoteAddress ?? '';
  const before = request.headers['x-forwarded-for'];
  return {
    ...withoutHopByHop(request.headers),
    'x-forwarded-for': before === undefined ? client : `${String(before)}, ${client}`,
    'x-forwarded-host': request.headers.host ?? '',
    'x-forwarded-proto': 'http',
  };
}

function withoutHopByHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)));
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

const isRefused = (error: unknown): boolean => codeOf(error) === 'ECONNREFUSED';

const BROKEN_OFF = new Set<unknown>(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/**
 * Of a refused request nothing has been read or done, so whatever it was may be sent again. One that was broken off may
 * have been done: only what may be done twice is, and only when its body has not been read away.
 */
function isRepeatable(error: unknown, request: IncomingMessage): boolean {
  if (isRefused(error)) return true;
  return BROKEN_OFF.has(codeOf(error)) && IDEMPOTENT.has(request.method ?? '') && !hasBody(request.headers);
}

function sendUnavailable(response: ServerResponse, backends: readonly Backend[]): void {
  const names = backends.map(({ namespace, service }) => `${namespace}/${service}`).join(', ');
  const [namespace = ''] = backends.map((backend) => backend.namespace);
  const detail =
    backends.length === 0
      ? 'the route names no backend for this path'
      : `no pod of Service ${names} is ready; see: kubectl get pods -n ${namespace}`;
  sendProblem(response, { status: 503, title: 'Service Unavailable', detail }, { 'retry-after': RETRY_AFTER_SECONDS });
}

function sendFailure(response: ServerResponse, error: unknown): void {
  const refused = isRefused(error);
  const reason = error instanceof Error ? error.message : String(error);
  const detail = refused
    ? 'the pod refused the connection; it may just be starting or ending'
    : `the pod broke off: ${reason}`;
  if (refused)
    sendProblem(
      response,
      { status: 503, title: 'Service Unavailable', detail },
      { 'retry-after': RETRY_AFTER_SECONDS },
    );
  else sendProblem(response, { status: 502, title: 'Bad Gateway', detail }, { connection: 'close' });
}
