import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { Guard } from '../access/guard.js';
import type { Core, Feature } from '../core.js';
import { readJsonBody } from '../http/body.js';
import { currentContext } from '../http/context.js';
import { reportError, sendError } from '../http/error-handler.js';
import { Problem, problem } from '../http/errors.js';
import { isObject, type Json } from '../http/json.js';
import { VERSION } from '../version.js';
import { Addressed, answerProblem, describe } from './answers.js';
import { type DispatchDeps, dispatch } from './dispatch.js';
import { resolveEra } from './envelope.js';
import { retryAfterOf } from './failure.js';
import { checkOrigin, type OriginOptions } from './origin.js';
import { buildError, RPC, type RpcAnswer, RpcError, type RpcMessage, readMessage } from './rpc.js';
import { takesBatches } from './versions.js';

const PATH = '/mcp';

/** The largest call, a memory with its metadata, is a tenth of it. */
const MAX_BYTES = 1_000_000;
/** Each is counted as a request of its own, so this bounds only what one body may ask for. */
const MAX_BATCH = 20;

interface McpDeps extends DispatchDeps, OriginOptions {
  readonly guard: Guard;
}

/** MCP over streamable HTTP without sessions: any replica answers any request, and each request proves who sends it. */
export const createMcpFeature = (core: Core): Feature => {
  const deps: McpDeps = {
    memories: core.memories,
    guard: core.guard,
    log: core.log,
    events: core.access.events,
    version: VERSION,
    publicUrl: core.config.MEMPLANE_PUBLIC_URL,
    hostnames: core.config.MEMPLANE_HOSTNAMES,
    corsOrigins: core.config.CORS_ORIGINS,
  };
  return {
    protocolAt: PATH,
    mount: (app) => {
      app.all(PATH, handle(deps));
      app.use(PATH, refuse(deps));
    },
  };
};

const handle =
  (deps: McpDeps): RequestHandler =>
  async (request, response) => {
    setOperation('mcp');
    checkOrigin(deps, request.headers);
    if (request.method !== 'POST')
      throw problem('method_not_allowed', 'There are no sessions and no streams here: every message is a POST.', {
        headers: { Allow: 'POST' },
      });
    const body = await readBody(request);
    const answer = Array.isArray(body)
      ? await answerBatch(deps, request, response, body)
      : await answerOne(deps, request, body);
    send(response, 200, answer);
  };

const readBody = async (request: IncomingMessage): Promise<Json> => {
  const body = await readJsonBody(request, MAX_BYTES);
  if (body === undefined) throw new RpcError(RPC.parseError, 400, 'The request has no body.');
  return body;
};

const answerOne = async (deps: McpDeps, request: IncomingMessage, body: Json): Promise<RpcAnswer | undefined> => {
  const message = readMessage(body);
  return message && answerMessage(deps, request, message);
};

const answerMessage = async (
  deps: McpDeps,
  { headers }: IncomingMessage,
  message: RpcMessage,
): Promise<RpcAnswer | undefined> => {
  const principal = currentContext()?.principal;
  if (!principal) throw problem('unauthenticated', 'The request carries no credential.');
  try {
    return await dispatch(deps, principal, headers, message);
  } catch (cause) {
    if (cause instanceof RpcError) throw new Addressed(message.id, cause);
    throw cause;
  }
};

const answerBatch = async (
  deps: McpDeps,
  request: IncomingMessage,
  response: ServerResponse,
  bodies: readonly Json[],
): Promise<readonly RpcAnswer[] | undefined> => {
  if (bodies.length === 0 || bodies.length > MAX_BATCH)
    throw new RpcError(RPC.invalidRequest, 400, `A batch holds 1 to ${MAX_BATCH} messages.`);
  const messages = bodies.map(readMessage);
  for (const message of messages)
    if (message && !takesBatches(resolveEra(request.headers, message).version))
      throw new RpcError(RPC.invalidRequest, 400, 'Batches are of the protocol version 2025-03-26 only.');
  const answers: RpcAnswer[] = [];
  for (const [index, message] of messages.entries()) {
    if (!message) continue;
    const answer = await answerInBatch(deps, request, response, message, index > 0);
    if (answer) answers.push(answer);
  }
  return answers.length === 0 ? undefined : answers;
};

/** What one message of a batch meets is its own answer; the others go on. */
const answerInBatch = async (
  deps: McpDeps,
  request: IncomingMessage,
  response: ServerResponse,
  message: RpcMessage,
  counts: boolean,
): Promise<RpcAnswer | undefined> => {
  try {
    if (counts) await deps.guard.admit(request, response);
    return await answerMessage(deps, request, message);
  } catch (cause) {
    if (message.id === null) return undefined;
    if (cause instanceof RpcError) return buildError(message.id, cause);
    return answerProblem(deps.version, request.headers, message, reportError(deps, cause));
  }
};

/** What the guard refused before us comes here too. */
const refuse =
  (deps: McpDeps): ErrorRequestHandler =>
  async (thrown, request, response, next) => {
    if (response.headersSent || request.path !== '/') return next(thrown);
    setOperation('mcp');
    const cause = refusalFirst(deps, request, thrown);
    if (cause instanceof RpcError) {
      deps.events.invalid('invalid_request');
      return send(response, cause.status, buildError(cause instanceof Addressed ? cause.id : null, cause));
    }
    const error = reportError(deps, cause);
    const call = error.status === 429 ? await readCall(request) : undefined;
    if (call) {
      response.setHeader('Retry-After', String(retryAfterOf(error) ?? 1));
      return send(response, 200, answerProblem(deps.version, request.headers, call, error));
    }
    const described = describe(error, currentContext()?.requestId ?? '');
    const code = error.code === 'invalid_request' ? RPC.parseError : described.code;
    sendError(error, request, response, { type: JSON_TYPE, body: buildError(null, { ...described, code }) });
  };

/** A page that has no business here is told so first, whatever else is wrong with what it sent. */
const refusalFirst = (deps: McpDeps, request: IncomingMessage, thrown: unknown): unknown => {
  try {
    checkOrigin(deps, request.headers);
    return thrown;
  } catch (refusal) {
    return refusal;
  }
};

/** The call of a tool that the limits stopped: its model is told to wait, where a bare status would end the conversation. */
const readCall = async (request: IncomingMessage): Promise<RpcMessage | undefined> => {
  try {
    const body = await readBody(request);
    const message = isObject(body) ? readMessage(body) : undefined;
    if (message?.method !== 'tools/call' || message.id === null) return undefined;
    // One that is not even well said is told no more than that.
    resolveEra(request.headers, message);
    return message;
  } catch (cause) {
    if (cause instanceof RpcError || cause instanceof Problem) return undefined;
    throw cause;
  }
};

const JSON_TYPE = 'application/json; charset=utf-8';

const send = (response: ServerResponse, status: number, answer: RpcAnswer | readonly RpcAnswer[] | undefined): void => {
  if (answer === undefined) {
    response.writeHead(202).end();
    return;
  }
  response.statusCode = status;
  response.setHeader('Content-Type', JSON_TYPE);
  response.end(JSON.stringify(answer));
};

const setOperation = (name: string): void => {
  const context = currentContext();
  if (context?.operation === 'unknown') context.operation = name;
};
