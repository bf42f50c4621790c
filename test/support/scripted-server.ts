import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface ScriptedServer {
  readonly url: string;
  /** A kubeconfig for this server with a token. */
  readonly kubeconfig: string;
  readonly received: readonly Received[];
  readonly openSockets: number;
  readonly openedSockets: number;
  writeKubeconfig(user: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

export type Script = (request: Received, response: ServerResponse, count: number) => void;

export const sendJson = (response: ServerResponse, status: number, body: unknown, headers = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
};

export const statusOf = (code: number, reason: string, message: string, details?: unknown): unknown => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message,
  details,
});

const readBody = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};

/** An HTTP server that answers as the test says and remembers what it was asked: for what no real server does on demand. */
export const startScriptedServer = async (script: Script): Promise<ScriptedServer> => {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let opened = 0;
  const server = createServer((request, response) => {
    // A test that cuts the socket half-way is meant to.
    response.on('error', () => undefined);
    readBody(request).then(
      (body) => {
        const { method = '', url = '', headers } = request;
        const { pathname, searchParams } = new URL(url, 'http://server');
        const entry = { method, url, path: pathname, query: Object.fromEntries(searchParams), headers, body };
        received.push(entry);
        script(entry, response, received.length);
      },
      () => response.destroy(),
    );
  });
  server.on('connection', (socket) => {
    opened += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = mkdtempSync(join(tmpdir(), 'memplane-scripted-'));
  const kubeconfig = join(folder, 'kubeconfig');
  const writeKubeconfig = (user: Readonly<Record<string, unknown>>): void => {
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: url } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    };
    writeFileSync(kubeconfig, JSON.stringify(config));
  };
  writeKubeconfig({ token: 'first' });
  return {
    url,
    kubeconfig,
    received,
    get openSockets() {
      return sockets.size;
    },
    get openedSockets() {
      return opened;
    },
    writeKubeconfig,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** Polls until the condition holds; throws with its last value after the deadline. */
export const until = async (what: string, holds: () => boolean, deadlineMs = 60_000): Promise<void> => {
  const end = Date.now() + deadlineMs;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
