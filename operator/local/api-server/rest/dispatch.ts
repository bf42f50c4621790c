import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { User } from '../authentication.js';
import { methodNotAllowed, noSuchPath } from '../errors.js';
import type { Api } from './api.js';
import { authorizeResource } from './authorize.js';
import { createOne, replaceOne } from './change.js';
import { deleteMany, deleteOne } from './delete.js';
import { patchOne } from './patch.js';
import { isUnknownSubresource, type ResourcePath } from './paths.js';
import { getOne, listObjects } from './read.js';
import type { Answer, ResourceRequest, Verb } from './request.js';
import { answerReview } from './reviews.js';
import { bindPod, evictPod, finalizeNamespace, requestToken, serveScale, streamLog } from './subresources.js';
import { watchObjects } from './watch.js';

export interface Call {
  readonly path: ResourcePath;
  readonly user: User;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly warnings: string[];
  readonly readBody: () => Promise<Buffer>;
  readonly response: ServerResponse;
  readonly stopped: AbortSignal;
}

const isTrue = (value: string | null): boolean => value === 'true' || value === '1';

function verbOf({ method, path, query }: Call): Verb {
  const named = path.name !== '';
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (named) return 'get';
      return isTrue(query.get('watch')) ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      throw methodNotAllowed();
  }
}

const READS: ReadonlySet<Verb> = new Set(['get', 'list', 'watch']);

/** Authorised before its body is read. Streams answer themselves, and then there is nothing left to send. */
export async function handleResource(api: Api, call: Call): Promise<Answer | undefined> {
  const verb = verbOf(call);
  const head: ResourceRequest = {
    verb,
    resource: call.path.resource,
    namespace: call.path.namespace,
    name: call.path.name,
    subresource: call.path.subresource,
    query: call.query,
    user: call.user,
    userAgent: call.headers['user-agent'],
    accept: call.headers.accept ?? '',
    contentType: call.headers['content-type'] ?? '',
    body: Buffer.alloc(0),
    warnings: call.warnings,
  };
  authorizeResource(api, head);
  const request = READS.has(verb) ? head : { ...head, body: await call.readBody() };
  if (isUnknownSubresource(request.subresource)) throw noSuchPath();
  if (verb === 'watch') {
    watchObjects(api, request, call.response, call.stopped);
    return undefined;
  }
  if (request.subresource === 'log') {
    if (verb !== 'get') throw methodNotAllowed();
    streamLog(api, request, call.response);
    return undefined;
  }
  return answer(api, request);
}

function answer(api: Api, request: ResourceRequest): Answer {
  if (request.resource.virtual) return answerReview(api, request);
  switch (request.subresource) {
    case 'binding':
      return bindPod(api, request);
    case 'eviction':
      return evictPod(api, request);
    case 'token':
      return requestToken(api, request);
    case 'finalize':
      return finalizeNamespace(api, request);
    case 'scale':
      return serveScale(api, request);
    default:
      return answerObject(api, request);
  }
}

function answerObject(api: Api, request: ResourceRequest): Answer {
  const { verb, subresource, name } = request;
  if (subresource === 'status' && !['get', 'update', 'patch'].includes(verb)) throw methodNotAllowed();
  switch (verb) {
    case 'get':
      return getOne(api, request);
    case 'list':
      return listObjects(api, request);
    case 'create':
      return createOne(api, request);
    case 'update':
      if (name === '') throw methodNotAllowed();
      return replaceOne(api, request);
    case 'patch':
      if (name === '') throw methodNotAllowed();
      return patchOne(api, request);
    case 'delete':
      return deleteOne(api, request);
    default:
      return deleteMany(api, request);
  }
}
