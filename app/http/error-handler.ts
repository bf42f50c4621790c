import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { classifyDatabaseError } from '../db/errors.js';
import { classifyKeyError } from '../tenancy/vault.js';
import { isError } from './cause.js';
import { currentContext } from './context.js';
import { buildProblemDocument, Problem, problem } from './errors.js';

export const notFound: RequestHandler = (request) => {
  throw problem('not_found', `There is nothing at ${request.method} ${request.path.slice(0, 200)}.`, {
    remedy: 'See /docs for the routes.',
  });
};

/** The one place where errors become responses. What was not foreseen is logged with its cause and told as `internal`. */
export const errorHandler =
  (log: Logger): ErrorRequestHandler =>
  (cause, request, response, next) => {
    if (response.headersSent) return next(cause);
    const error = toProblem(cause);
    if (error.status >= 500) log.error({ err: error.options.cause ?? cause, code: error.code }, 'request failed');
    if (error.status === 401) response.set('WWW-Authenticate', 'Bearer realm="memplane"');
    if (error.status === 503) response.set('Retry-After', '5');
    response.set({ ...error.options.headers });
    // An unread body would be taken for the next request: the connection ends with this answer.
    if (!request.complete && request.headers['content-length'] !== '0' && hasBody(request.headers))
      closeAfter(request, response);
    response.status(error.status).type('application/problem+json');
    response.end(JSON.stringify(buildProblemDocument(error, currentContext()?.requestId ?? '')));
  };

const hasBody = (headers: Record<string, unknown>): boolean =>
  headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;

/** Lets a client that is still sending read the answer: the rest is thrown away for two seconds, then the line is cut. */
const closeAfter = (request: Parameters<RequestHandler>[0], response: Response): void => {
  response.set('Connection', 'close');
  request.resume();
  const cut = setTimeout(() => request.destroy(), 2000);
  request.once('close', () => clearTimeout(cut));
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
