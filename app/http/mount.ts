import type { Express, RequestHandler } from 'express';
import { problem } from './errors.js';
import type { Route } from './route.js';
import { createServe, type Serve, type ServeDeps } from './serve.js';

/** What answers each route, made once for all who find it. */
export const createServes = (routes: readonly Route[], deps: ServeDeps): ReadonlyMap<Route, Serve> =>
  new Map(routes.map((route) => [route, createServe(route, deps)]));

/** Puts the routes where Express finds them; a known path with another method is answered 405, with what is allowed. */
export const mountRoutes = (app: Express, serves: ReadonlyMap<Route, Serve>): void => {
  // A fixed segment goes before a parameter, whatever the order of the table.
  const ordered = [...serves.keys()].sort((a, b) => Number(a.path.includes('{')) - Number(b.path.includes('{')));
  for (const route of ordered)
    app[METHODS[route.method]](toExpressPath(route.path), handle(serves.get(route) as Serve));
  for (const path of new Set(ordered.map((route) => route.path)))
    app.all(toExpressPath(path), refuseMethod(ordered, path));
};

const METHODS = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const;

const toExpressPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1');

const handle =
  (serve: Serve): RequestHandler =>
  (request, response) =>
    serve(request, response, request.params);

const refuseMethod =
  (routes: readonly Route[], path: string): RequestHandler =>
  (request) => {
    const allowed = routes
      .filter((route) => route.path === path)
      .flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
    throw problem('method_not_allowed', `${request.method.slice(0, 20)} is not allowed here.`, {
      headers: { Allow: allowed.join(', ') },
    });
  };
