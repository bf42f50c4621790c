import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { requirePermission } from '../access/guard.js';
import type { Idempotency } from '../idempotency/idempotency.js';
import { requireEnabled } from '../policies/features.js';
import type { Policies } from '../policies/schema.js';
import { readJsonBody, readRawBody } from './body.js';
import { currentContext } from './context.js';
import { problem } from './errors.js';
import type { HeaderList } from './head.js';
import { after, type Maybe } from './maybe.js';
import type { ApiRequest, ApiResponse, Route } from './route.js';
import { sendStream } from './stream.js';
import { type Check, compileCheck, compileQueryCheck, requireValid, UUID } from './validate.js';

const IS_UUID = new RegExp(UUID);

export interface ServeDeps {
  readonly policies: () => Policies;
  readonly idempotency: Idempotency;
}

/** As the path has them; which of them must be UUIDs the route says. */
export type RawParams = Readonly<Record<string, string | readonly string[] | undefined>>;

/** With a list of headers the answer is written with them in one go; without one they are on the response already. */
export type Serve = (
  request: IncomingMessage,
  response: ServerResponse,
  params: RawParams,
  list?: HeaderList,
) => Maybe<void>;

/** From an admitted request to its answer: the same whether Express found the route or the handler in front of it. */
export const createServe = (route: Route, { policies, idempotency }: ServeDeps): Serve => {
  const checkQuery = compileQueryCheck(route.query ?? EMPTY_QUERY);
  const checkBody = route.body && route.bodyChecked !== 'handler' ? compileCheck(route.body) : undefined;
  return (request, response, given, list) => {
    const context = currentContext();
    if (context) context.operation = route.operation;
    checkMode(route, policies().mode);
    if (route.flag !== undefined) requireEnabled(policies(), route.flag);
    const principal = context?.principal;
    if (!principal) throw problem('unauthenticated', 'The request carries no credential.');
    requirePermission(principal, route.permission);
    const { headers } = request;
    const params = readParams(given, route.textParams ?? NONE);
    const sent = readQuery(request, route.repeatable ?? NONE);
    const asked = { ...sent };
    const query = requireValid(checkQuery, sent, 'The query');
    const work = (body: unknown): Maybe<ApiResponse> => {
      const identity = () => ({ keyId: principal.keyId, headers, query: asked, body: fingerprintOf(body) });
      return idempotency.run(route, headers, identity, (remember) =>
        route.handle({ principal, params, query, body, headers, remember } satisfies ApiRequest<unknown, unknown>),
      );
    };
    const answer = route.body || route.rawBody ? readBody(route, request, checkBody).then(work) : work(undefined);
    return after(answer, (ready) => send(response, ready, list));
  };
};

const NONE: readonly string[] = [];

const fingerprintOf = (body: unknown): unknown =>
  Buffer.isBuffer(body) ? createHash('sha256').update(body).digest('hex') : body;

const EMPTY_QUERY = { type: 'object', properties: {}, additionalProperties: false } as unknown as NonNullable<
  Route['query']
>;

export const checkMode = (route: Pick<Route, 'writes'>, mode: Policies['mode']): void => {
  if (mode === 'Suspended') throw problem('suspended', 'The tenant is suspended.');
  if (mode === 'ReadOnly' && route.writes) throw problem('suspended', 'The tenant is read-only.');
};

const readParams = (given: RawParams, texts: readonly string[]): Readonly<Record<string, string>> => {
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
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

const readQuery = (request: IncomingMessage, repeatable: readonly string[]): Record<string, string> => {
  const query: Record<string, string> = Object.create(null);
  const url = request.url ?? '';
  const at = url.indexOf('?');
  if (at < 0) return query;
  if (!isDecodable(url.slice(at))) throw queryProblem('', 'is not percent-encoded UTF-8');
  for (const [name, value] of new URLSearchParams(url.slice(at))) {
    if (name in query && !repeatable.includes(name)) throw queryProblem(name, 'appears twice');
    if (value.includes('\0') || name.includes('\0')) throw queryProblem(name, 'contains the character U+0000');
    query[name] = name in query ? `${query[name]},${value}` : value;
  }
  return query;
};

/** `URLSearchParams` takes any byte that is no UTF-8 for the same character, so that two people's ids would be one. */
const isDecodable = (query: string): boolean => {
  if (!query.includes('%')) return true;
  try {
    decodeURIComponent(query);
    return true;
  } catch {
    return false;
  }
};

const queryProblem = (name: string, what: string) => {
  const pointer = `/query${name === '' ? '' : `/${name.slice(0, 64).replace(/\p{Cc}/gu, '\ufffd')}`}`;
  return problem('invalid_request', `A query parameter ${what}.`, {
    errors: [{ pointer, code: 'query', detail: `${pointer} ${what}` }],
  });
};

const readBody = async (
  route: Route,
  request: IncomingMessage,
  check: Check<unknown> | undefined,
): Promise<unknown> => {
  if (route.rawBody) return readRawBody(request, route.rawBody);
  if (!route.body) return undefined;
  const body = await readJsonBody(request);
  if (body === undefined)
    throw problem('invalid_request', 'The request needs a JSON body.', {
      errors: [{ pointer: '', code: 'required', detail: 'the body is missing' }],
    });
  return check ? requireValid(check, body, 'The body') : body;
};

const send = (response: ServerResponse, answer: ApiResponse, list: HeaderList | undefined): Maybe<void> => {
  const { status, body, headers, stream } = answer;
  if (stream || Buffer.isBuffer(body)) {
    list?.putOn(response);
    response.statusCode = status;
    if (headers) for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (stream) return sendStream(response, stream);
    // A route that answers in another form than JSON names it, and has written it out itself.
    response.end(body);
    return;
  }
  const text = answer.text ?? (body === undefined ? undefined : JSON.stringify(body));
  const head = list ?? response;
  if (headers) for (const name in headers) head.setHeader(name, headers[name] as string);
  if (text !== undefined) head.setHeader('Content-Type', 'application/json; charset=utf-8');
  if (list) {
    // Node counts the bytes of an answer only while its headers are not written.
    const bytes = text === undefined ? 0 : Buffer.byteLength(text);
    if (status !== 204 && status !== 304) list.setHeader('Content-Length', String(bytes));
    response.writeHead(status, list.all());
  } else response.statusCode = status;
  response.end(text);
};
