import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { SecurityEvents } from '../access/security-events.js';
import { classifyDatabaseError } from '../db/errors.js';
import { classifyKeyError } from '../tenancy/vault.js';
import { isError } from './cause.js';
import { currentContext } from './context.js';
import type { Dialect } from './dialect.js';
import { buildProblemDocument, Problem, problem } from './errors.js';

export const notFound: RequestHandler = (request) => {
  throw problem('not_found', `There is nothing at ${request.method} ${request.path.slice(0, 200)}.`, {
    remedy: 'See /docs for the routes.',
  });
};

/** Whatever was thrown, as what a client is told. What was not foreseen is logged with its cause and told as `internal`. */
export const reportError = ({ log, events }: ErrorDeps, cause: unknown): Problem => {
  const error = toProblem(cause);
  const { principal } = currentContext() ?? {};
  // A part that is switched off, or what is not done here, is no failure of this service.
  if (error.code === 'not_supported') log.info({ code: error.code, detail: error.message }, 'request refused');
  else if (error.status >= 500) log.error({ err: error.options.cause ?? cause, code: error.code }, 'request failed');
  else if (error.status === 403 && principal) events.denied(error.code, error.message, principal);
  else if (INVALID.has(error.status)) events.invalid(error.code);
  return error;
};

/** The one place where errors become responses. */
export const answerError = (
  deps: ErrorDeps,
  cause: unknown,
  request: IncomingMessage,
  response: ServerResponse,
): void => {
  const error = reportError(deps, cause);
  sendError(error, request, response, render(deps.dialects ?? [], error, request));
};

const render = (dialects: readonly Dialect[], error: Problem, { url = '' }: IncomingMessage): ErrorBody => {
  const path = url.split('?', 1)[0] ?? '';
  const body = buildProblemDocument(error, currentContext()?.requestId ?? '');
  const dialect = dialects.find((candidate) => candidate.speaks(path));
  return dialect ? { ...dialect.render(body), type: 'application/json' } : { body, type: 'application/problem+json' };
};

interface ErrorBody {
  /** @default the problem's own */
  readonly status?: number;
  readonly type: string;
  readonly body: object;
}

/** The headers and the end of an error's answer, in whatever form a protocol has for its body. */
export const sendError = (
  error: Problem,
  request: IncomingMessage,
  response: ServerResponse,
  { status = error.status, type, body }: ErrorBody,
): void => {
  if (error.status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="memplane"');
  if (error.status === 503) response.setHeader('Retry-After', '5');
  for (const [name, value] of Object.entries(error.options.headers ?? {})) response.setHeader(name, value);
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  const text = JSON.stringify(body);
  // An unread body would be taken for the next request: the connection ends with this answer.
  if (!request.complete && request.headers['content-length'] !== '0' && hasBody(request.headers))
    answerAndClose(request, response, text);
  else response.end(text);
};

export interface ErrorDeps {
  readonly log: Logger;
  readonly events: Pick<SecurityEvents, 'denied' | 'invalid'>;
  readonly dialects?: readonly Dialect[];
}

/** What a client's mistake, or a probe for one, is answered with. */
const INVALID = new Set([400, 413, 415, 422]);

/** `answerError`, for Express. */
export const errorHandler =
  (deps: ErrorDeps): ErrorRequestHandler =>
  (cause, request, response, next) => {
    if (response.headersSent) return next(cause);
    answerError(deps, cause, request, response);
  };

const hasBody = (headers: Record<string, unknown>): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;

/** So long a client may send nothing, and so long it may go on sending, until the connection ends all the same. */
const SILENT_MS = 5_000;
const LINGER_MS = 60_000;

/**
 * The whole answer goes out at once, and the connection stays until the client has sent what it was sending, which is thrown
 * away: a line that is cut while somebody writes to it is a broken pipe to many clients and proxies, and the answer is lost.
 */
const answerAndClose = (request: IncomingMessage, response: ServerResponse, text: string): void => {
  response.setHeader('Connection', 'close');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.write(text);
  const end = (): void => {
    clearTimeout(silent);
    clearTimeout(cut);
    request.off('end', end).off('close', end).off('data', heard).resume();
    response.end();
  };
  const silent = setTimeout(end, SILENT_MS);
  const heard = (): void => void silent.refresh();
  const cut = setTimeout(end, LINGER_MS);
  request.once('end', end).once('close', end).on('data', heard);
  request.resume();
};

const toProblem = (cause: unknown): Problem => {
  if (cause instanceof Problem) return cause;
  const known = classifyDatabaseError(cause) ?? classifyKeyError(cause);
  if (known) return known;
  if (isClientError(cause)) return problem('invalid_request', 'The path cannot be decoded.', { cause });
  return problem('internal', 'The request could not be completed.', { cause });
};

/** Express raises a URIError with status 400 for a path it cannot decode. */
const isClientError = (cause: unknown): boolean =>
  isError(cause) && (cause as { readonly status?: unknown }).status === 400;
