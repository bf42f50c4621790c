import type { IncomingHttpHeaders } from 'node:http';
import { problem } from '../http/errors.js';

const MIN_LENGTH = 16;
const MAX_LENGTH = 256;
/** Above the headers' own limit of 16 KiB nothing arrives; a token with many groups is some KiB. */
const MAX_TOKEN_LENGTH = 8_192;
const SCHEMES = /^(bearer|token)\s+(\S+)$/i;
/** Three parts of base64url, the first of which begins a JSON object: no key of ours looks like that. */
const TOKEN = /^eyJ[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/;

export interface Credential {
  readonly kind: 'key' | 'jwt';
  readonly text: string;
}

/** From `X-API-Key`, `Authorization: Bearer` or `Authorization: Token`. Two that differ are a mistake to be told. */
export const readCredential = (headers: IncomingHttpHeaders): Credential => {
  const header = headers['x-api-key'];
  const direct = typeof header === 'string' && header !== '' ? header.trim() : undefined;
  const authorization = headers.authorization === undefined ? undefined : parseAuthorization(headers.authorization);
  if (direct !== undefined && authorization !== undefined && direct !== authorization.text) {
    throw problem('unauthenticated', 'X-API-Key and Authorization carry different credentials.', {
      remedy: 'Send one of them.',
    });
  }
  const text = direct ?? authorization?.text;
  if (text === undefined) throw problem('unauthenticated', 'The request carries no credential.');
  const kind = authorization?.bearer && TOKEN.test(text) ? 'jwt' : 'key';
  checkLength(text, kind === 'jwt' ? MAX_TOKEN_LENGTH : MAX_LENGTH, kind === 'jwt' ? 'token' : 'key');
  return { kind, text };
};

const checkLength = (text: string, longest: number, what: string): void => {
  if (text.length >= MIN_LENGTH && text.length <= longest) return;
  const detail = `The credential has ${text.length} characters; a ${what} has ${MIN_LENGTH} to ${longest}.`;
  throw problem('unauthenticated', detail);
};

const parseAuthorization = (header: string): { readonly text: string; readonly bearer: boolean } => {
  const match = SCHEMES.exec(header.trim());
  if (match?.[1] && match[2]) return { text: match[2], bearer: match[1].toLowerCase() === 'bearer' };
  throw problem('unauthenticated', 'The header Authorization has another form than Bearer or Token and a key.');
};
