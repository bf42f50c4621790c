import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import { KubeError } from './kube.js';
import type { Credentials, ResolvedCredentials } from './kube-credentials.js';
import { errorFromTransport } from './kube-errors.js';

export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface TransportResponse {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Dispatcher.ResponseData['body'];
}

export interface Transport {
  readonly server: URL;
  /** Headers have arrived; the caller reads or destroys `body`. Rejects with `KubeError`, or with the signal's reason. */
  send(request: TransportRequest, kind: 'call' | 'stream'): Promise<TransportResponse>;
  close(): Promise<void>;
}

interface Dispatchers {
  readonly tlsIdentity: string;
  readonly call: Dispatcher;
  readonly stream: Dispatcher;
}

/** Idle sockets are dropped before the 90 s after which common load balancers forget them silently. */
const KEEP_ALIVE_MS = 55_000;
/** A peer that vanished without a word is noticed by the kernel's probes too, not only by the watchdog. */
const TCP_PROBE_MS = 30_000;

const openDispatchers = (
  { server, proxyUrl }: Credentials,
  { tls, tlsIdentity }: ResolvedCredentials,
  connections: number,
): Dispatchers => {
  const connect = { ...tls, keepAlive: true, keepAliveInitialDelay: TCP_PROBE_MS, timeout: 10_000 };
  const shared = { keepAliveTimeout: KEEP_ALIVE_MS, connect };
  const open = (limit: number | null): Dispatcher =>
    proxyUrl === undefined || proxyUrl === null
      ? new Pool(server.origin, { ...shared, connections: limit })
      : new ProxyAgent({ uri: proxyUrl, requestTls: connect, connections: limit, keepAliveTimeout: KEEP_ALIVE_MS });
  // A watch holds its connection for minutes; in the pool of calls, enough watches would stop every call.
  return { tlsIdentity, call: open(connections), stream: open(null) };
};

const headerOf = (headers: Dispatcher.ResponseData['headers'], name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

export const openTransport = (credentials: Credentials, connections: number): Transport => {
  const { server } = credentials;
  const prefix = server.pathname.replace(/\/+$/, '');
  let current: Dispatchers | undefined;
  let closed = false;
  const retiring = new Set<Promise<unknown>>();

  const retire = ({ call, stream }: Dispatchers): void => {
    // Calls under way may finish; a stream would hold the old certificate for ever, so its reader starts again.
    const ending = Promise.all([call.close(), stream.destroy()]).finally(() => retiring.delete(ending));
    retiring.add(ending);
  };

  const dispatchersFor = (resolved: ResolvedCredentials): Dispatchers => {
    if (current !== undefined && current.tlsIdentity === resolved.tlsIdentity) return current;
    if (current !== undefined) retire(current);
    current = openDispatchers(credentials, resolved, connections);
    return current;
  };

  return {
    server,
    async send(request, kind) {
      const name = `${request.method} ${request.path}`;
      if (closed) throw new KubeError({ status: 0, reason: 'ClientClosed', message: `the client is closed (${name})` });
      const resolved = await credentials.resolve();
      const dispatcher = dispatchersFor(resolved)[kind];
      try {
        const { statusCode, headers, body } = await dispatcher.request({
          origin: server.origin,
          method: request.method,
          path: prefix + request.path,
          headers: {
            accept: 'application/json',
            ...resolved.headers,
            ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
          },
          body: request.body ?? null,
          signal: request.signal ?? null,
          headersTimeout: request.timeoutMs,
          bodyTimeout: kind === 'stream' ? 0 : request.timeoutMs,
        });
        return { status: statusCode, retryAfter: headerOf(headers, 'retry-after'), body };
      } catch (cause) {
        request.signal?.throwIfAborted();
        throw errorFromTransport(cause, server, name);
      }
    },
    async close() {
      closed = true;
      if (current !== undefined) await Promise.all([current.call.destroy(), current.stream.destroy()]);
      await Promise.all(retiring);
    },
  };
};
