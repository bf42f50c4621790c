import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Guard } from '../access/guard.js';
import type { Metrics } from '../health/metrics.js';
import { type RequestContext, runInContext } from './context.js';
import { type EntryOptions, enter } from './entry.js';
import { answerError, type ErrorDeps } from './error-handler.js';
import { HeaderList } from './head.js';
import { after, isLater } from './maybe.js';
import { observeRequest } from './observe.js';
import type { Route } from './route.js';
import type { Serve } from './serve.js';
import { stripPrefix } from './strip-prefix.js';

export interface FrontOptions extends EntryOptions, ErrorDeps {
  readonly guard: Guard;
  readonly metrics: Metrics;
}

interface Found {
  readonly serve: Serve;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * In front of Express: answers the hot routes with the very same steps, and hands everything else on. What is not plainly one
 * of them (an escape in the path, a slash at its end, another method) is Express's to read. Headers are written out with the
 * answer, and what is known already waits for no promise: that is most of what Express costs.
 */
export const createFront = (
  serves: ReadonlyMap<Route, Serve>,
  options: FrontOptions,
  behind: RequestListener,
): RequestListener => {
  const find = buildTable(serves);
  return (request, response) => {
    const url = stripPrefix(request.url ?? '');
    const found = find(request.method ?? '', url);
    if (found === undefined) return behind(request, response);
    const list = new HeaderList();
    const context = enter(options, request, response, list);
    if (context === undefined) return;
    request.url = url;
    runInContext(context, () => answer(options, found, { context, request, response, list }));
  };
};

interface Exchange {
  readonly context: RequestContext;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly list: HeaderList;
}

const answer = (options: FrontOptions, { serve, params }: Found, exchange: Exchange): void => {
  const { context, request, response, list } = exchange;
  const fail = (cause: unknown): void => {
    if (response.headersSent) return void response.destroy();
    list.putOn(response);
    answerError(options, cause, request, response);
  };
  observeRequest(options, context, request, response);
  try {
    const served = after(options.guard.admit(request, list), () => serve(request, response, params, list));
    if (isLater(served)) served.catch(fail);
  } catch (cause) {
    fail(cause);
  }
};

const UUID_AT_END = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
const UUID_LENGTH = 36;

/** Paths of fixed text, and those that end with one id. A hot route of another shape is a mistake of ours. */
const buildTable = (serves: ReadonlyMap<Route, Serve>): ((method: string, url: string) => Found | undefined) => {
  const fixed = new Map<string, Found>();
  const byId = new Map<string, { readonly serve: Serve; readonly name: string }>();
  for (const [route, serve] of serves) {
    if (!route.hot) continue;
    const [, start, name] = /^([^{}]+)(?:\{(\w+)\})?$/.exec(route.path) ?? [];
    if (start === undefined) throw new Error(`The hot route ${route.path} has a parameter that is not at its end`);
    if (name === undefined) fixed.set(`${route.method} ${start}`, { serve, params: {} });
    else byId.set(`${route.method} ${start}`, { serve, name });
  }
  return (method, url) => {
    const end = url.indexOf('?');
    const path = end < 0 ? url : url.slice(0, end);
    const known = fixed.get(`${method} ${path}`);
    if (known !== undefined) return known;
    const id = path.slice(-UUID_LENGTH);
    if (!UUID_AT_END.test(id)) return undefined;
    const route = byId.get(`${method} ${path.slice(0, -UUID_LENGTH)}`);
    return route && { serve: route.serve, params: { [route.name]: id } };
  };
};
