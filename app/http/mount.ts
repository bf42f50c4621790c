import type { Express, Request, RequestHandler } from 'express';
import { requirePermission } from '../access/guard.js';
import type { Idempotency } from '../idempotency/idempotency.js';
import type { Policies } from '../policies/schema.js';
import { readJsonBody } from './body.js';
import { currentContext } from './context.js';
import { problem } from './errors.js';
import type { ApiRequest, ApiResponse, Route } from './route.js';
import { type Check, compileCheck, compileQueryCheck, requireValid, UUID } from './validate.js';

const IS_UUID = new RegExp(UUID);

export interface MountDeps {
  readonly policies: () => Policies;
  readonly idempotency: Idempotency;
}

/** Puts the routes where Express finds them; a known path with another method is answered 405, with what is allowed. */
export const mountRoutes = (app: Express, routes: readonly Route[], deps: MountDeps): void => {
  // A fixed segment goes before a parameter, whatever the order of the table.
  const ordered = [...routes].sort((a, b) => Number(a.path.includes('{')) - Number(b.path.includes('{')));
  for (const route of ordered) app[METHODS[route.method]](toExpressPath(route.path), serve(route, deps));
  for (const path of new Set(ordered.map((route) => route.path)))
    app.all(toExpressPath(path), refuseMethod(ordered, path));
};

const METHODS = { GET: 'get', POST: 'post', PUT: 'put', PATCH: 'patch', DELETE: 'delete' } as const;

const toExpressPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1');

const serve = (route: Route, { policies, idempotency }: MountDeps): RequestHandler => {
  const checkQuery = compileQueryCheck(route.query ?? EMPTY_QUERY);
  const checkBody = route.body && route.bodyChecked !== 'handler' ? compileCheck(route.body) : undefined;
  return async (request, response) => {
    const context = currentContext();
    if (context) context.operation = route.operation;
    checkMode(route, policies().mode);
    const principal = context?.principal;
    if (!principal) throw problem('unauthenticated', 'The request carries no credential.');
    requirePermission(principal, route.permission);
    const { headers } = request;
    const params = readParams(request, route.textParams ?? []);
    const sent = readQuery(request);
    const identity = { keyId: principal.keyId, headers, query: { ...sent } };
    const query = requireValid(checkQuery, sent, 'The query');
    const body = await readBody(route, request, checkBody);
    const answer = await idempotency.run(route, { ...identity, body }, (remember) =>
      route.handle({ principal, params, query, body, headers, remember } satisfies ApiRequest<unknown, unknown>),
    );
    send(response, answer);
  };
};

const EMPTY_QUERY = { type: 'object', properties: {}, additionalProperties: false } as unknown as NonNullable<
  Route['query']
>;

const checkMode = (route: Route, mode: Policies['mode']): void => {
  if (mode === 'Suspended') throw problem('suspended', 'The tenant is suspended.');
  if (mode === 'ReadOnly' && route.writes) throw problem('suspended', 'The tenant is read-only.');
};

const readParams = (request: Request, texts: readonly string[]): Readonly<Record<string, string>> => {
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.params)) {
    if (typeof value === 'string' && texts.includes(name)) {
      params[name] = value;
      continue;
    }
    if (typeof value !== 'string' || !IS_UUID.test(value)) {
      const pointer = `/path/${name}`;
      throw problem('invalid_request', `${name} in the path is not a UUID.`, {
        errors: [{ pointer, code: 'uuid', detail: `${pointer} must be a UUID` }],
      });
    }
    params[name] = value.toLowerCase();
  }
  return params;
};

const readQuery = (request: Request): Record<string, string> => {
  const query: Record<string, string> = Object.create(null);
  const text = request.originalUrl.indexOf('?');
  for (const [name, value] of new URLSearchParams(text < 0 ? '' : request.originalUrl.slice(text))) {
    if (name in query) throw queryProblem(name, 'appears twice');
    if (value.includes('\0') || name.includes('\0')) throw queryProblem(name, 'contains the character U+0000');
    query[name] = value;
  }
  return query;
};

const queryProblem = (name: string, what: string) => {
  const pointer = `/query/${name.slice(0, 64).replace(/\p{Cc}/gu, '\ufffd')}`;
  return problem('invalid_request', `A query parameter ${what}.`, {
    errors: [{ pointer, code: 'query', detail: `${pointer} ${what}` }],
  });
};

const readBody = async (route: Route, request: Request, check: Check<unknown> | undefined): Promise<unknown> => {
  if (!route.body) return undefined;
  const body = await readJsonBody(request);
  if (body === undefined)
    throw problem('invalid_request', 'The request needs a JSON body.', {
      errors: [{ pointer: '', code: 'required', detail: 'the body is missing' }],
    });
  return check ? requireValid(check, body, 'The body') : body;
};

const send = (response: Parameters<RequestHandler>[1], { status, body, headers }: ApiResponse): void => {
  response.status(status).set({ ...headers });
  if (body === undefined) response.end();
  // A route that answers in another form than JSON names it, and has written it out itself.
  else if (Buffer.isBuffer(body)) response.end(body);
  else response.type('application/json').end(JSON.stringify(body));
};

const refuseMethod =
  (routes: readonly Route[], path: string): RequestHandler =>
  (request) => {
    const allowed = routes.filter((route) => route.path === path).map(({ method }) => method);
    throw problem('method_not_allowed', `${request.method.slice(0, 20)} is not allowed here.`, {
      headers: { Allow: allowed.join(', ') },
    });
  };
