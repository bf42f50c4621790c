import { KubeError } from './kube.js';
import { errorFromResponse, errorFromTransport } from './kube-errors.js';
import { type Repeatable, withRetries } from './kube-retry.js';
import type { Transport, TransportRequest, TransportResponse } from './kube-transport.js';

export type Verb = 'get' | 'list' | 'create' | 'apply' | 'patch' | 'delete' | 'watch' | 'raw';

/** One finished attempt. `status` 0: no answer came. */
export interface RequestSample {
  readonly verb: Verb;
  readonly resource: string;
  readonly status: number;
  readonly seconds: number;
}

export interface Call {
  readonly verb: Verb;
  /** Plural, for metrics. */
  readonly resource: string;
  readonly request: Omit<TransportRequest, 'timeoutMs' | 'signal'>;
  readonly repeatable: Repeatable;
}

export interface Caller {
  /** The parsed answer of a 2xx; everything else throws. */
  call<T>(call: Call, signal: AbortSignal | undefined): Promise<T>;
  /** The open body of a 2xx; not repeated, because whoever reads a stream knows where it got to. */
  stream(call: Call, signal: AbortSignal): Promise<TransportResponse['body']>;
}

export interface CallerOptions {
  readonly transport: Transport;
  readonly timeoutMs: number;
  /** Called before the one repetition after a 401. */
  readonly reloadCredentials: () => void;
  readonly observe: ((sample: RequestSample) => void) | undefined;
}

const nameOf = ({ request: { method, path } }: Call): string => `${method} ${path}`;

class TransportCaller implements Caller {
  readonly #options: CallerOptions;

  constructor(options: CallerOptions) {
    this.#options = options;
  }

  async call<T>(call: Call, signal: AbortSignal | undefined): Promise<T> {
    const once = async (): Promise<T> => {
      const text = await this.#readText(await this.#attempt(call, 'call', signal), call, signal);
      try {
        return JSON.parse(text) as T;
      } catch (cause) {
        const message = `${nameOf(call)}: the answer is not JSON: ${text.slice(0, 200)}`;
        throw new KubeError({ status: 0, reason: 'MalformedAnswer', message, cause });
      }
    };
    return await withRetries(once, call.repeatable, signal);
  }

  async stream(call: Call, signal: AbortSignal): Promise<TransportResponse['body']> {
    return await this.#attempt(call, 'stream', signal);
  }

  /** One attempt, and one more with fresh credentials when the server does not accept those at hand. */
  async #attempt(
    call: Call,
    kind: 'call' | 'stream',
    signal: AbortSignal | undefined,
  ): Promise<TransportResponse['body']> {
    try {
      return await this.#send(call, kind, signal);
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 401) throw error;
      this.#options.reloadCredentials();
      return await this.#send(call, kind, signal);
    }
  }

  async #send(
    call: Call,
    kind: 'call' | 'stream',
    signal: AbortSignal | undefined,
  ): Promise<TransportResponse['body']> {
    const { transport, timeoutMs, observe } = this.#options;
    const { verb, resource, request } = call;
    const started = performance.now();
    let status = 0;
    try {
      const response = await transport.send({ ...request, timeoutMs, signal }, kind);
      status = response.status;
      if (status >= 200 && status < 300) return response.body;
      const text = await this.#readText(response.body, call, signal);
      throw errorFromResponse(status, text, nameOf(call), response.retryAfter);
    } finally {
      observe?.({ verb, resource, status, seconds: (performance.now() - started) / 1000 });
    }
  }

  async #readText(body: TransportResponse['body'], call: Call, signal: AbortSignal | undefined): Promise<string> {
    try {
      return await body.text();
    } catch (cause) {
      signal?.throwIfAborted();
      throw errorFromTransport(cause, this.#options.transport.server, nameOf(call));
    }
  }
}

export const createCaller = (options: CallerOptions): Caller => new TransportCaller(options);
