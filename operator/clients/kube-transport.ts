import { buildConnector, Client, type Dispatcher, Pool, ProxyAgent } from 'undici';
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

/** What shares one TLS identity. */
interface Connections {
  readonly tlsIdentity: string;
  readonly calls: Dispatcher;
  /**
   * A connection of its own for each stream, closed with it. In the pool of calls, enough watches would stop every
   * call; and a pool connects again after an abort, which leaves a socket that nobody uses.
   */
  readonly openStream: () => Dispatcher;
  readonly streams: Set<Dispatcher>;
}

/** Idle sockets are dropped before the 90 s after which common load balancers forget them silently. */
const KEEP_ALIVE_MS = 55_000;
/** A peer that vanished without a word is noticed by the kernel's probes too, not only by the watchdog. */
const TCP_PROBE_MS = 30_000;

const openConnections = (
  { server, proxyUrl }: Credentials,
  { tls, tlsIdentity }: ResolvedCredentials,
  connections: number,
): Connections => {
  const tcp = { ...tls, keepAlive: true, keepAliveInitialDelay: TCP_PROBE_MS, timeout: 10_000 };
  const base = { tlsIdentity, streams: new Set<Dispatcher>() };
  const keepAliveTimeout = KEEP_ALIVE_MS;
  if (proxyUrl === undefined || proxyUrl === null) {
    // Shared, so that all of them resume TLS sessions.
    const connect = buildConnector(tcp);
    const openStream = (): Dispatcher => new Client(server.origin, { connect });
    return { ...base, calls: new Pool(server.origin, { connect, connections, keepAliveTimeout }), openStream };
  }
  const throughProxy = (limit: number): Dispatcher =>
    new ProxyAgent({ uri: proxyUrl, requestTls: tcp, connections: limit, keepAliveTimeout });
  return { ...base, calls: throughProxy(connections), openStream: () => throughProxy(1) };
};

const headerOf = (headers: Dispatcher.ResponseData['headers'], name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
};

/** Taken apart once: the getters of a URL cost more than the rest of a request's preparation. */
interface Base {
  readonly origin: string;
  readonly prefix: string;
}

const optionsOf = (
  { origin, prefix }: Base,
  request: TransportRequest,
  headers: Readonly<Record<string, string>>,
  bodyTimeout: number,
): Dispatcher.RequestOptions => ({
  origin,
  method: request.method,
  path: prefix + request.path,
  headers: {
    accept: 'application/json',
    ...headers,
    ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
  },
  body: request.body ?? null,
  signal: request.signal ?? null,
  headersTimeout: request.timeoutMs,
  bodyTimeout,
});

const stream = async (
  { openStream, streams }: Connections,
  options: Dispatcher.RequestOptions,
): Promise<Dispatcher.ResponseData> => {
  const dispatcher = openStream();
  streams.add(dispatcher);
  const end = (): void => {
    streams.delete(dispatcher);
    // Destroying reports nothing that the body's reader has not been told.
    dispatcher.destroy().catch(() => undefined);
  };
  try {
    const response = await dispatcher.request(options);
    response.body.once('close', end);
    return response;
  } catch (error) {
    end();
    throw error;
  }
};

class PooledTransport implements Transport {
  readonly server: URL;
  readonly #base: Base;
  readonly #credentials: Credentials;
  readonly #limit: number;
  readonly #retiring = new Set<Promise<unknown>>();
  #current: Connections | undefined;
  #closed = false;

  constructor(credentials: Credentials, limit: number) {
    this.server = credentials.server;
    this.#base = { origin: this.server.origin, prefix: this.server.pathname.replace(/\/+$/, '') };
    this.#credentials = credentials;
    this.#limit = limit;
  }

  async send(request: TransportRequest, kind: 'call' | 'stream'): Promise<TransportResponse> {
    const name = `${request.method} ${request.path}`;
    this.#throwIfClosed(name);
    const resolved = await this.#credentials.resolve();
    // A plugin takes its time: what is opened after the close would be closed by nobody.
    this.#throwIfClosed(name);
    const connections = this.#connectionsFor(resolved);
    const options = optionsOf(this.#base, request, resolved.headers, kind === 'stream' ? 0 : request.timeoutMs);
    try {
      const response = kind === 'call' ? connections.calls.request(options) : stream(connections, options);
      const { statusCode, headers, body } = await response;
      return { status: statusCode, retryAfter: headerOf(headers, 'retry-after'), body };
    } catch (cause) {
      request.signal?.throwIfAborted();
      throw errorFromTransport(cause, this.server, name);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const open = this.#current === undefined ? [] : [this.#current.calls, ...this.#current.streams];
    await Promise.all(open.map((dispatcher) => dispatcher.destroy()));
    await Promise.all(this.#retiring);
  }

  #throwIfClosed(name: string): void {
    if (!this.#closed) return;
    throw new KubeError({ status: 0, reason: 'ClientClosed', message: `the client is closed (${name})` });
  }

  #connectionsFor(resolved: ResolvedCredentials): Connections {
    if (this.#current?.tlsIdentity === resolved.tlsIdentity) return this.#current;
    if (this.#current !== undefined) this.#retire(this.#current);
    this.#current = openConnections(this.#credentials, resolved, this.#limit);
    return this.#current;
  }

  /** Calls under way may finish; a stream would hold the old certificate for ever, so its reader starts again. */
  #retire({ calls, streams }: Connections): void {
    const ending = Promise.all([calls.close(), ...[...streams].map((open) => open.destroy())]).finally(() =>
      this.#retiring.delete(ending),
    );
    this.#retiring.add(ending);
  }
}

export const openTransport = (credentials: Credentials, connections: number): Transport =>
  new PooledTransport(credentials, connections);
