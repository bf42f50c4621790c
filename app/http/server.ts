import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerClientError } from './client-error.js';

export interface ListenOptions {
  readonly port: number;
  /** @default every address */
  readonly address: string | undefined;
  /** How long requests in flight may take once the server is told to stop. */
  readonly drainMs: number;
}

export interface Listening {
  readonly port: number;
  /** No new connections; ends when the last answer is out, or when the time for that is over. */
  stop(): Promise<void>;
}

/** A slow sender may hold a connection, not for ever: headers within 15 s, a body of 50 MB within 2 minutes. */
const LIMITS = { headersTimeout: 15_000, requestTimeout: 120_000, keepAliveTimeout: 65_000, maxHeaderSize: 16_384 };

export const listen = async (handler: RequestListener, options: ListenOptions): Promise<Listening> => {
  const server = createServer(LIMITS, handler);
  server.on('clientError', answerClientError);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    const where = options.address === undefined ? {} : { host: options.address };
    server.listen({ port: options.port, ...where }, resolve);
  });
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      const cut = setTimeout(() => server.closeAllConnections(), options.drainMs);
      // A connection that was busy is idle after its answer, and would be kept alive.
      const idle = setInterval(() => server.closeIdleConnections(), 20);
      server.close(() => {
        clearTimeout(cut);
        clearInterval(idle);
        resolve();
      });
    });
  return { port: (server.address() as AddressInfo).port, stop };
};
