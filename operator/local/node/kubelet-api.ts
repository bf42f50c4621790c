import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { generate } from 'selfsigned';
import { KubeError } from '../../clients/kube.js';
import { POD_IP } from './field-ref.js';
import { type PodLogOptions, parseLogQuery } from './pod-logs.js';

export interface KubeletApi {
  readonly port: number;
  stop(): Promise<void>;
}

type ReadLogs = (namespace: string, pod: string, options: PodLogOptions) => AsyncIterable<string>;

const PATH = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/;

/**
 * The one kubelet endpoint that `kubectl logs` needs of a real kube-apiserver. It asks for no client certificate, so it
 * listens on this machine only and is off unless asked for.
 */
export async function startKubeletApi(readLogs: ReadLogs): Promise<KubeletApi> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: POD_IP }], { algorithm: 'sha256' });
  const server = createServer({ key, cert }, (request, response) => {
    void answer(readLogs, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, POD_IP, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(readLogs: ReadLogs, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://node');
  const [, namespace, pod, container] = PATH.exec(url.pathname) ?? [];
  if (namespace === undefined || pod === undefined || container === undefined) {
    response.writeHead(404).end('only /containerLogs/NAMESPACE/POD/CONTAINER is served here\n');
    return;
  }
  const closed = new AbortController();
  response.once('close', () => closed.abort());
  try {
    for await (const text of readLogs(namespace, pod, {
      ...parseLogQuery(url.searchParams),
      container,
      signal: closed.signal,
    })) {
      if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/plain' });
      response.write(text);
    }
  } catch (error) {
    const status = error instanceof KubeError ? error.status : 500;
    if (!response.headersSent) response.writeHead(status);
    response.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
  response.end();
}
