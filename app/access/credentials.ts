import type { IncomingHttpHeaders } from 'node:http';
import { problem } from '../http/errors.js';

const MIN_LENGTH = 16;
const MAX_LENGTH = 256;
const SCHEMES = /^(bearer|token)\s+(\S+)$/i;

/** The key's text from `X-API-Key`, `Authorization: Bearer` or `Authorization: Token`. Two that differ are a mistake to be told. */
export const readCredential = (headers: IncomingHttpHeaders): string => {
  const header = headers['x-api-key'];
  const direct = typeof header === 'string' && header !== '' ? header.trim() : undefined;
  const authorization = headers.authorization === undefined ? undefined : parseAuthorization(headers.authorization);
  if (direct !== undefined && authorization !== undefined && direct !== authorization) {
    throw problem('unauthenticated', 'X-API-Key and Authorization carry different credentials.', {
      remedy: 'Send one of them.',
    });
  }
  const credential = direct ?? authorization;
  if (credential === undefined) throw problem('unauthenticated', 'The request carries no credential.');
  if (credential.length < MIN_LENGTH || credential.length > MAX_LENGTH) {
    throw problem(
      'unauthenticated',
      `The credential has ${credential.length} characters; a key has ${MIN_LENGTH} to ${MAX_LENGTH}.`,
    );
  }
  return credential;
};

const parseAuthorization = (header: string): string => {
  const match = SCHEMES.exec(header.trim());
  if (match?.[2]) return match[2];
  throw problem('unauthenticated', 'The header Authorization has another form than Bearer or Token and a key.');
};
