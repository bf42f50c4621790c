import { Agent, fetch } from 'undici';

export type Json = Readonly<Record<string, unknown>>;

/** What the suite needs of a cluster; who starts it decides whether it is the embedded one or a real control plane. */
export interface ConformanceCluster {
  readonly url: string;
  readonly token: string;
  readonly ca: string;
  /** Makes revision 1 too old to watch from, where the server would still know it. */
  forgetHistory(): void;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly body: Json;
  readonly headers: { get(name: string): string | null };
}

export interface Call {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly token?: string;
  readonly query?: Readonly<Record<string, string>>;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: Json;
}

export interface Watch {
  readonly status: number;
  readonly events: readonly WatchEvent[];
  /** Resolves when the server has ended the stream. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

const withQuery = (path: string, query: Call['query']): string =>
  query === undefined ? path : `${path}?${new URLSearchParams(query).toString()}`;

/** Plain HTTP, so that what is compared is what went over the wire. */
export class ConformanceClient {
  readonly #cluster: ConformanceCluster;
  readonly #agent: Agent;
  constructor(cluster: ConformanceCluster) {
    this.#cluster = cluster;
    this.#agent = new Agent({ connect: { ca: cluster.ca }, bodyTimeout: 0 });
  }

  #headers({ contentType, accept, token }: Call): Record<string, string> {
    return {
      authorization: `Bearer ${token ?? this.#cluster.token}`,
      accept: accept ?? 'application/json',
      'content-type': contentType ?? 'application/json',
      'user-agent': 'conformance/1.0',
    };
  }

  async call(method: string, path: string, call: Call = {}): Promise<Answer> {
    const response = await fetch(this.#cluster.url + withQuery(path, call.query), {
      method,
      dispatcher: this.#agent,
      headers: this.#headers(call),
      body: call.body === undefined ? null : typeof call.body === 'string' ? call.body : JSON.stringify(call.body),
    });
    const text = await response.text();
    const body = text.startsWith('{') ? (JSON.parse(text) as Json) : { text };
    return { status: response.status, body, headers: response.headers };
  }

  get = (path: string, call?: Call): Promise<Answer> => this.call('GET', path, call);
  create = (path: string, body: unknown, query?: Call['query']): Promise<Answer> =>
    this.call('POST', path, { body, ...(query === undefined ? {} : { query }) });
  replace = (path: string, body: unknown, query?: Call['query']): Promise<Answer> =>
    this.call('PUT', path, { body, ...(query === undefined ? {} : { query }) });
  merge = (path: string, body: unknown, query?: Call['query']): Promise<Answer> =>
    this.call('PATCH', path, {
      body,
      contentType: 'application/merge-patch+json',
      ...(query === undefined ? {} : { query }),
    });
  apply = (path: string, body: unknown, manager: string, query: Call['query'] = {}): Promise<Answer> =>
    this.call('PATCH', path, {
      body,
      contentType: 'application/apply-patch+yaml',
      query: { fieldManager: manager, ...query },
    });
  delete = (path: string, options?: unknown): Promise<Answer> => this.call('DELETE', path, { body: options ?? {} });

  /** Opens a watch and collects what comes. */
  async watch(path: string, query: Readonly<Record<string, string>> = {}, accept = 'application/json'): Promise<Watch> {
    const aborter = new AbortController();
    const response = await fetch(this.#cluster.url + withQuery(path, { watch: 'true', ...query }), {
      dispatcher: this.#agent,
      headers: this.#headers({ accept }),
      signal: aborter.signal,
    });
    const events: WatchEvent[] = [];
    const ended = collect(response.body, events, aborter.signal);
    return {
      status: response.status,
      events,
      ended,
      async close() {
        aborter.abort();
        await ended;
      },
    };
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }
}

async function collect(
  body: AsyncIterable<Uint8Array> | null,
  events: WatchEvent[],
  signal: AbortSignal,
): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body ?? []) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') events.push(JSON.parse(line) as WatchEvent);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** A collector of garbage that has just heard of another kind first looks at all there is of it, for half a minute at most. */
const DEADLINE_MS = 180_000;

export async function eventually<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`not within ${DEADLINE_MS / 1_000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A value deep in an answer, by its path. */
export function at(root: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[key] : undefined,
    root,
  );
}

export const metaOf = (object: Json) =>
  object.metadata as {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation?: number;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
    readonly managedFields?: readonly ManagedFields[];
    readonly continue?: string;
    readonly remainingItemCount?: number;
    readonly ownerReferences?: readonly unknown[];
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
  };

export interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly fieldsV1: Json;
}

export const itemsOf = (list: Json): readonly Json[] => list.items as readonly Json[];
export const namesOf = (list: Json): readonly string[] => itemsOf(list).map((item) => metaOf(item).name);
export const messageOf = ({ body }: Answer): string => String(body.message);
export const causesOf = ({ body }: Answer): readonly { reason?: string; message: string; field?: string }[] =>
  (at(body, 'details', 'causes') ?? []) as never;
