import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { impersonated, type User } from './authentication.js';
import { ApiError, badRequest, forbidden, noSuchPath, statusOf } from './errors.js';
import type { Identity } from './identity.js';
import { PublicPages } from './public-pages.js';
import { describeScope } from './rbac.js';
import type { Api } from './rest/api.js';
import { authorize } from './rest/authorize.js';
import { handleResource } from './rest/dispatch.js';
import { parsePath } from './rest/paths.js';
import type { Answer } from './rest/request.js';

/** As the real one: larger bodies are refused, patches and secrets of a megabyte pass. */
const BODY_BYTES = 3 * 1024 * 1024;

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > BODY_BYTES) {
      throw new ApiError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${BODY_BYTES}`);
    }
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, json }: Answer, warnings: readonly string[] = []): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.setHeader('cache-control', 'no-cache, private');
  if (warnings.length > 0)
    response.setHeader(
      'warning',
      warnings.map((text) => `299 - ${JSON.stringify(text)}`),
    );
  response.end(json);
}

function sendError(response: ServerResponse, cause: unknown, onError: (cause: unknown) => void): void {
  const known = cause instanceof ApiError;
  if (!known) onError(cause);
  const text = cause instanceof Error ? cause.message : String(cause);
  const error = known ? cause : new ApiError(500, 'InternalError', `Internal error occurred: ${text}`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (error.details?.retryAfterSeconds !== undefined)
    response.setHeader('retry-after', String(error.details.retryAfterSeconds));
  send(response, { status: error.code, json: JSON.stringify(statusOf(error)) });
}

/** The caller, or whom the caller may act as. */
function resolveUser(api: Api, message: IncomingMessage): User {
  const user = api.authenticator.authenticate(message.headers);
  const other = impersonated(message.headers);
  if (other === undefined) return user;
  const attributes = {
    user,
    verb: 'impersonate',
    group: '',
    resource: 'users',
    subresource: '',
    namespace: '',
    name: other.name,
    path: '',
  };
  if (!api.authorizer.allows(attributes)) {
    throw forbidden({ group: '', resource: 'users', name: other.name }, describeScope(attributes));
  }
  return other;
}

export interface HttpOptions {
  readonly api: Api;
  readonly identity: Identity;
  readonly stopped: AbortSignal;
  /** An error that is none of the caller's: a bug, or a disk that is full. */
  readonly onError: (cause: unknown) => void;
}

async function handle(
  options: HttpOptions,
  pages: PublicPages,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { api } = options;
  const url = new URL(message.url ?? '/', 'https://local');
  if (pages.serveOpen(url.pathname, response)) return;
  const user = resolveUser(api, message);
  const path = parsePath(decodable(url.pathname), api.registry);
  if (path === undefined) {
    authorize(api, { user, method: message.method ?? 'GET', pathname: url.pathname });
    if (pages.serve(url.pathname, message.headers.accept ?? '', response)) return;
    throw noSuchPath();
  }
  const warnings: string[] = [];
  const answer = await handleResource(api, {
    path,
    user,
    method: message.method ?? 'GET',
    query: url.searchParams,
    headers: message.headers,
    warnings,
    readBody: () => readBody(message),
    response,
    stopped: options.stopped,
  });
  if (answer !== undefined) send(response, answer, warnings);
}

function decodable(pathname: string): string {
  try {
    decodeURIComponent(pathname);
    return pathname;
  } catch (cause) {
    throw new ApiError(
      400,
      'BadRequest',
      badRequest(`the path ${pathname} is not properly escaped`).message,
      undefined,
      cause,
    );
  }
}

export function createHttpServer(options: HttpOptions): Server {
  const { api, identity, onError } = options;
  const pages = new PublicPages(api.registry);
  const server = createServer({ key: identity.keyPem, cert: identity.certificatePem }, (message, response) => {
    handle(options, pages, message, response).catch((cause: unknown) => sendError(response, cause, onError));
  });
  // Watches are open for an hour; idle clients keep their sockets as they do with the real one.
  server.requestTimeout = 0;
  server.keepAliveTimeout = 90_000;
  return server;
}
