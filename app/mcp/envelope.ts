import type { IncomingHttpHeaders } from 'node:http';
import { isObject, type Json } from '../http/json.js';
import { type Params, RPC, RpcError, type RpcMessage } from './rpc.js';
import { isStateless, isSupported, SUPPORTED_VERSIONS, UNNAMED_VERSION } from './versions.js';

const VERSION_KEY = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES_KEY = 'io.modelcontextprotocol/clientCapabilities';
const CLIENT_KEY = 'io.modelcontextprotocol/clientInfo';
export const SERVER_KEY = 'io.modelcontextprotocol/serverInfo';

/** By which rules a message is answered. */
export interface Era {
  readonly version: string;
  readonly stateless: boolean;
}

/**
 * A message says itself which version it is of, and the headers must say the same: what stands between us and the client
 * decides by the headers, and must not be told another story than we are.
 */
export const resolveEra = (headers: IncomingHttpHeaders, message: RpcMessage): Era => {
  const meta = metaOf(message.params);
  const named = headerOf(headers, 'mcp-protocol-version');
  if (meta[VERSION_KEY] !== undefined) return resolveClaimed(headers, message, meta, named);
  if (named !== undefined && isStateless(named)) {
    if (message.id === null) return { version: named, stateless: true };
    throw missingMeta(VERSION_KEY);
  }
  // The handshake settles the version: before it, a header can only repeat what is asked for.
  if (message.method !== 'initialize' && named !== undefined && !isSupported(named)) throw unsupported(named);
  return { version: named ?? UNNAMED_VERSION, stateless: false };
};

const resolveClaimed = (
  headers: IncomingHttpHeaders,
  message: RpcMessage,
  meta: Params,
  named: string | undefined,
): Era => {
  const claimed = meta[VERSION_KEY];
  if (typeof claimed !== 'string') throw invalidMeta(VERSION_KEY, 'is no text');
  if (named !== undefined && named !== claimed)
    throw mismatch('MCP-Protocol-Version', `the body says ${quote(claimed)}, the header ${quote(named)}`);
  if (!isSupported(claimed)) throw unsupported(claimed);
  if (!isStateless(claimed)) return { version: claimed, stateless: false };
  if (!isObject(meta[CAPABILITIES_KEY])) {
    if (meta[CAPABILITIES_KEY] === undefined) throw missingMeta(CAPABILITIES_KEY);
    throw invalidMeta(CAPABILITIES_KEY, 'is no object');
  }
  if (meta[CLIENT_KEY] !== undefined && !isObject(meta[CLIENT_KEY])) throw invalidMeta(CLIENT_KEY, 'is no object');
  if (message.id !== null) checkHeaders(headers, message, named);
  return { version: claimed, stateless: true };
};

const checkHeaders = (
  headers: IncomingHttpHeaders,
  { method, params }: RpcMessage,
  named: string | undefined,
): void => {
  if (named === undefined) throw mismatch('MCP-Protocol-Version', 'it is missing');
  const byHeader = headerOf(headers, 'mcp-method');
  if (byHeader === undefined) throw mismatch('Mcp-Method', 'it is missing');
  if (byHeader !== method)
    throw mismatch('Mcp-Method', `the body says ${quote(method)}, the header ${quote(byHeader)}`);
  if (method !== 'tools/call' || typeof params.name !== 'string') return;
  const sent = headerOf(headers, 'mcp-name');
  if (sent === undefined) throw mismatch('Mcp-Name', 'it is missing');
  const name = decodeHeader(sent);
  if (name !== params.name)
    throw mismatch('Mcp-Name', `the body says ${quote(params.name)}, the header ${quote(sent)}`);
};

export const metaOf = (params: Params): Params => {
  const meta: Json | undefined = params._meta;
  if (meta === undefined) return {};
  if (isObject(meta)) return meta;
  throw new RpcError(RPC.invalidParams, 400, 'params._meta is no object.');
};

const headerOf = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' ? value.trim() : undefined;
};

const SENTINEL = /^=\?base64\?((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)\?=$/;

/** What no header can carry comes as base64 of its UTF-8, marked as such. */
const decodeHeader = (value: string): string => {
  const encoded = SENTINEL.exec(value)?.[1];
  return encoded === undefined ? value : Buffer.from(encoded, 'base64').toString('utf8');
};

const quote = (text: string): string => JSON.stringify(text.slice(0, 64));

const mismatch = (header: string, what: string): RpcError =>
  new RpcError(RPC.headerMismatch, 400, `The header ${header} does not fit the body: ${what}.`, { header });

const unsupported = (requested: string): RpcError =>
  new RpcError(RPC.unsupportedVersion, 400, `The protocol version ${quote(requested)} is not supported.`, {
    supported: SUPPORTED_VERSIONS,
    requested: requested.slice(0, 64),
  });

const invalidMeta = (key: string, what: string): RpcError =>
  new RpcError(RPC.invalidParams, 400, `params._meta["${key}"] ${what}.`);
const missingMeta = (key: string): RpcError => invalidMeta(key, 'is missing');
