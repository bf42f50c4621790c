import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { buildProblemDocument, problem } from './errors.js';
import { SECURITY_HEADERS } from './request-context.js';

/** What is no HTTP never reaches the application: answered here, in the same form. */
export const answerClientError = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const requestId = randomBytes(12).toString('hex');
  const tooLarge = error.code === 'HPE_HEADER_OVERFLOW';
  const timedOut = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const detail = tooLarge
    ? 'The headers are larger than 16 KiB.'
    : timedOut
      ? 'The request took too long to arrive.'
      : 'This is not HTTP.';
  const body = JSON.stringify(buildProblemDocument(problem('invalid_request', detail), requestId));
  const headers = {
    ...SECURITY_HEADERS,
    'X-Request-ID': requestId,
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
};
