import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { type RequestContext, runInContext } from './context.js';
import { answerPreflight, applyCors, isPreflight } from './cors.js';
import type { HeaderList } from './head.js';
import { isPlain, redirectToHttps } from './https.js';
import { openRequest } from './request-context.js';
import { stripPrefix } from './strip-prefix.js';

export interface EntryOptions {
  readonly corsOrigins: readonly string[];
  readonly requireHttps: boolean;
}

/**
 * What happens to a request before anybody asks who sent it. `undefined` when it has its answer already. With a list the
 * headers are kept there for the answer, without one they are on the response.
 */
export const enter = (
  options: EntryOptions,
  request: IncomingMessage,
  response: ServerResponse,
  list?: HeaderList,
): RequestContext | undefined => {
  const head = list ?? response;
  const context = openRequest(request, head);
  if (options.requireHttps && isPlain(request)) {
    list?.putOn(response);
    redirectToHttps(request, response);
    return undefined;
  }
  const allowed = applyCors(options.corsOrigins, request, head);
  if (!isPreflight(request)) return context;
  list?.putOn(response);
  answerPreflight(allowed, response);
  return undefined;
};

/** `enter`, for Express. */
export const entry =
  (options: EntryOptions): RequestHandler =>
  (request, response, next) => {
    const context = enter(options, request, response);
    if (context === undefined) return;
    request.url = stripPrefix(request.url);
    runInContext(context, next);
  };
