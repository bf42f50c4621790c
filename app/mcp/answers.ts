import type { IncomingHttpHeaders } from 'node:http';
import { currentContext } from '../http/context.js';
import { buildProblemDocument, type Problem } from '../http/errors.js';
import { finishResult } from './dispatch.js';
import { resolveEra } from './envelope.js';
import { buildFailure, retryAfterOf } from './failure.js';
import { buildError, buildResult, RPC, type RpcAnswer, RpcError, type RpcMessage } from './rpc.js';

/** An error, and the message that it answers. */
export class Addressed extends RpcError {
  readonly id: RpcMessage['id'];

  constructor(id: RpcMessage['id'], { code, status, message, data }: RpcError) {
    super(code, status, message, data);
    this.id = id;
  }
}

/** Of a call the result, so that the model learns of it; of anything else an error of the protocol. */
export const answerProblem = (
  version: string,
  headers: IncomingHttpHeaders,
  message: RpcMessage,
  error: Problem,
): RpcAnswer => {
  const requestId = currentContext()?.requestId ?? '';
  if (message.method !== 'tools/call' || message.id === null) return buildError(message.id, describe(error, requestId));
  const failure = buildFailure(error, requestId);
  return buildResult(message.id, finishResult(resolveEra(headers, message), version, failure));
};

/** A refusal that has a status of HTTP, as an error of the protocol. */
export const describe = (error: Problem, requestId: string) => {
  const { code, detail, remedy, errors } = buildProblemDocument(error, requestId);
  const seconds = retryAfterOf(error);
  const data = { code, remedy, requestId, ...(errors ? { errors } : {}) };
  return {
    code: RPC.refused,
    message: detail,
    data: seconds === undefined ? data : { ...data, retry_after_seconds: seconds },
  };
};
