import { isObject, type Json } from '../http/json.js';

/** Codes of JSON-RPC, and those that MCP adds. */
export const RPC = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  /** What HTTP has a status for: data.code says what it is. */
  refused: -32000,
  headerMismatch: -32020,
  unsupportedVersion: -32022,
} as const;

export type RpcId = string | number;
export type Params = Readonly<Record<string, Json>>;

export interface RpcMessage {
  /** `null`: a notification, which has no answer. */
  readonly id: RpcId | null;
  readonly method: string;
  readonly params: Params;
}

/** An error of the protocol itself; what goes wrong in a tool is its result. */
export class RpcError extends Error {
  readonly code: number;
  /** Of HTTP. */
  readonly status: number;
  readonly data: object | undefined;

  constructor(code: number, status: number, message: string, data?: object) {
    super(message);
    this.name = 'RpcError';
    this.code = code;
    this.status = status;
    this.data = data;
  }
}

export type RpcAnswer =
  | { readonly jsonrpc: '2.0'; readonly id: RpcId; readonly result: object }
  | { readonly jsonrpc: '2.0'; readonly id: RpcId | null; readonly error: object };

export const buildResult = (id: RpcId, result: object): RpcAnswer => ({ jsonrpc: '2.0', id, result });

export const buildError = (
  id: RpcId | null,
  { code, message, data }: Pick<RpcError, 'code' | 'message' | 'data'>,
): RpcAnswer => ({
  jsonrpc: '2.0',
  id,
  error: { code, message, ...(data === undefined ? {} : { data }) },
});

/** One message of a body. `undefined`: an answer, which nobody here has asked for. */
export const readMessage = (value: Json): RpcMessage | undefined => {
  const invalid = (what: string) => new RpcError(RPC.invalidRequest, 400, `The body is no JSON-RPC message: ${what}.`);
  if (!isObject(value)) throw invalid('it is no object');
  const { jsonrpc, id, method, params } = value;
  if (jsonrpc !== '2.0') throw invalid('jsonrpc is not "2.0"');
  if (method === undefined && id !== undefined && ('result' in value || 'error' in value)) return undefined;
  if (typeof method !== 'string') throw invalid('method is no text');
  if (params !== undefined && !isObject(params)) throw invalid('params is no object');
  if (id === undefined) return { id: null, method, params: params ?? {} };
  if (typeof id !== 'string' && !Number.isSafeInteger(id)) throw invalid('id is neither a text nor an integer');
  return { id: id as RpcId, method, params: params ?? {} };
};
