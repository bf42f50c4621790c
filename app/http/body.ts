import type { IncomingMessage } from 'node:http';
import { problem } from './errors.js';
import { type Json, parseJson } from './json.js';

export const MAX_BODY_BYTES = 50 * 1000 * 1000;

/** Reads and parses a JSON body. `undefined` when there is none. Stops reading at the limit, declared or not. */
export const readJsonBody = async (
  request: IncomingMessage,
  limit: number = MAX_BODY_BYTES,
): Promise<Json | undefined> => {
  const declared = request.headers['content-length'];
  if (declared === undefined && request.headers['transfer-encoding'] === undefined) return undefined;
  if (declared === '0') return undefined;
  checkMediaType(request);
  if (Number(declared ?? 0) > limit) throw tooLarge(limit);
  const bytes = await readBytes(request, limit);
  return bytes.length === 0 ? undefined : parseJson(bytes);
};

/** The bytes of a body of one of these media types, for a route that reads them itself. */
export const readRawBody = async (request: IncomingMessage, types: readonly string[]): Promise<Buffer> => {
  const type = mediaTypeOf(request);
  if (!types.includes(type)) {
    throw problem('unsupported_media_type', `The content type is "${type.slice(0, 100)}".`, {
      remedy: `Send ${types.join(' or ')}, without a Content-Encoding.`,
    });
  }
  checkEncoding(request);
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES);
  return readBytes(request, MAX_BODY_BYTES);
};

const mediaTypeOf = (request: IncomingMessage): string =>
  (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

const checkMediaType = (request: IncomingMessage): void => {
  const type = mediaTypeOf(request);
  if (type !== 'application/json' && !/^application\/[\w.+-]+\+json$/.test(type)) {
    throw problem('unsupported_media_type', `The content type is "${type.slice(0, 100)}".`);
  }
  checkEncoding(request);
};

/** JSON and its lines are UTF-8; US-ASCII is a part of it. What else is named would be read as something it is not. */
const CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii']);
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;

const checkEncoding = (request: IncomingMessage): void => {
  const charset = CHARSET.exec(request.headers['content-type'] ?? '')?.[1];
  if (charset !== undefined && !CHARSETS.has(charset.toLowerCase())) {
    throw problem('unsupported_media_type', `The charset of the body is "${charset.slice(0, 100)}".`, {
      remedy: `Send UTF-8: Content-Type: ${mediaTypeOf(request)}, without a charset or with charset=utf-8.`,
    });
  }
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw problem('unsupported_media_type', `The content encoding is "${encoding.slice(0, 100)}".`);
  }
};

const readBytes = (request: IncomingMessage, limit: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (finish: () => void): void => {
      request.off('data', collect).off('end', end).off('error', fail).off('close', closed);
      finish();
    };
    const collect = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) settle(() => reject(tooLarge(limit)));
      else chunks.push(chunk);
    };
    const end = (): void => settle(() => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    const fail = (cause: unknown): void =>
      settle(() => reject(problem('invalid_request', 'The body broke off.', { cause })));
    const closed = (): void => settle(() => reject(problem('invalid_request', 'The body broke off.')));
    request.on('data', collect).on('end', end).on('error', fail).on('close', closed);
  });

/** The rest of the body is not read, so the connection cannot be used again. */
const tooLarge = (limit: number) =>
  problem('body_too_large', `The body is larger than ${limit} bytes.`, { headers: { Connection: 'close' } });
