import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Log } from './log.js';

/** undefined: fine. Otherwise why not, for whoever reads the probe's answer. */
export type Check = () => string | undefined;

export interface HealthServerOptions {
  /** @default 0.0.0.0 */
  readonly host?: string | undefined;
  /** 0: any free port. */
  readonly port: number;
  readonly registry: Registry;
  /** Restart me. @default always alive */
  readonly healthy?: Check | undefined;
  /** Count on me. */
  readonly ready: Check;
  readonly log: Log;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

const answer = (response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void => {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(text);
};

const probe = (response: ServerResponse, check: Check | undefined): void => {
  const problem = check?.();
  answer(response, problem === undefined ? 200 : 503, problem ?? 'ok');
};

const respond = async (
  { registry, healthy, ready }: HealthServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    answer(response, 405, 'only GET');
    return;
  }
  switch (request.url?.split('?')[0]) {
    case '/metrics':
      answer(response, 200, await registry.metrics(), registry.contentType);
      return;
    case '/healthz':
      probe(response, healthy);
      return;
    case '/readyz':
      probe(response, ready);
      return;
    default:
      answer(response, 404, 'there are /metrics, /healthz and /readyz');
  }
};

/** Metrics and probes. Nothing here changes anything, and nothing here is secret. */
export const serveHealth = async (options: HealthServerOptions): Promise<HealthServer> => {
  const server = createServer((request, response) => {
    respond(options, request, response).catch((err: unknown) => {
      options.log.error({ err, url: request.url }, 'a probe failed');
      if (!response.headersSent) answer(response, 500, 'internal error');
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host ?? '0.0.0.0', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
