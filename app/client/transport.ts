import { MemplaneError, readError } from './error.js';

export interface ClientOptions {
  /** Where the tenant is: `https://memory.acme.example`. */
  readonly url: string;
  readonly apiKey: string;
  /** On whose behalf a key of the whole tenant acts, when a request names nobody else. */
  readonly userId?: string;
  /** How often a request is sent again after 429, 503 or no answer. @default 3 */
  readonly maxRetries?: number;
  /** For one try. @default 60 s */
  readonly timeoutMs?: number;
  /** A wait that the service asks for and that is longer than this is told instead of waited for. @default 60 s */
  readonly maxWaitMs?: number;
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** @default one made for the request, the same in all its tries */
  readonly idempotencyKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An operation of the API as data. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  /** Inputs that travel as headers, by name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The media type of its body; what is no JSON is sent as the text that it is. `null`: it has none. */
  readonly bodyType: string | null;
  /** Whether sending it twice could do it twice, unless a key tells that it is the same. */
  readonly idempotencyKey: boolean;
  readonly repeatable: boolean;
  /** The form of its answer, when that is no JSON. */
  readonly raw: boolean;
}

type Input = Readonly<Record<string, unknown>>;

export class Transport {
  readonly #options: ClientOptions;
  readonly #base: string;

  constructor(options: ClientOptions) {
    demandUsable(options);
    this.#options = options;
    this.#base = options.url.replace(/\/+$/, '');
  }

  /** The JSON of a success, or the whole answer when the operation has no JSON. */
  async call(operation: Operation, input: Input, options: CallOptions = {}): Promise<unknown> {
    const url = `${this.#base}${buildPath(operation, input)}`;
    const headers = this.#buildHeaders(operation, input, options);
    const init = {
      method: operation.method,
      headers,
      ...(operation.bodyType === null ? {} : { body: encodeBody(operation.bodyType, input.body) }),
    };
    const { maxRetries = 3, maxWaitMs = 60_000 } = this.#options;
    for (let attempt = 0, waitedMs = 0; ; ) {
      const outcome = await this.#attempt(url, init, options.signal);
      if (outcome instanceof Response) return operation.raw ? outcome : readJson(outcome);
      const isAtWork = outcome.code === AT_WORK;
      if (!isAtWork && (attempt >= maxRetries || !mayRepeat(operation, outcome))) throw outcome;
      const waitMs = waitFor(outcome, attempt);
      waitedMs += isAtWork ? waitMs : 0;
      if (Math.max(waitMs, waitedMs) > maxWaitMs) throw outcome;
      attempt += isAtWork ? 0 : 1;
      await rest(waitMs, options.signal);
    }
  }

  async #attempt(url: string, init: RequestInit, signal: AbortSignal | undefined): Promise<Response | MemplaneError> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs ?? 60_000);
    try {
      const both = signal ? AbortSignal.any([signal, timeout]) : timeout;
      const response = await (this.#options.fetch ?? fetch)(url, { ...init, signal: both, redirect: 'error' });
      return response.ok ? response : await readError(response);
    } catch (cause) {
      signal?.throwIfAborted();
      const code = timeout.aborted ? 'timeout' : 'unreachable';
      const detail = timeout.aborted
        ? `${this.#base} gave no answer in time.`
        : `${this.#base} could not be reached${reasonOf(cause)}.`;
      return new MemplaneError({ status: 0, code, detail, remedy: 'Check the url, and that the service runs.', cause });
    }
  }

  #buildHeaders(operation: Operation, input: Input, options: CallOptions): Record<string, string> {
    const { apiKey, userId } = this.#options;
    const headers: Record<string, string> = { Authorization: `Bearer ${apiKey}`, Accept: 'application/json' };
    if (operation.raw) headers.Accept = '*/*';
    if (operation.bodyType !== null) headers['Content-Type'] = operation.bodyType;
    if (userId !== undefined && !namesUser(operation, input)) headers['X-User-ID'] = encodeUtf8(userId);
    if (operation.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey ?? crypto.randomUUID();
    for (const [name, header] of Object.entries(operation.headers)) {
      const value = input[name];
      if (value !== undefined) headers[header] = String(value);
    }
    return { ...headers, ...options.headers };
  }
}

/** An earlier try of the same request is not done yet, or died with its process: the answer comes to whoever asks again. */
const AT_WORK = 'idempotency_in_progress';

const encodeBody = (type: string, body: unknown): string => (type === JSON_TYPE ? JSON.stringify(body) : String(body));
const JSON_TYPE = 'application/json';

/** What is missing here would be told by the first request only, and of a relative URL nothing would be told. */
const demandUsable = ({ url, apiKey }: ClientOptions): void => {
  if (!/^https?:\/\/[^/]/i.test(String(url)) || !URL.canParse(url))
    throw refuse(
      'url',
      `url is ${JSON.stringify(url)}`,
      'Give the address of the tenant, like https://memory.acme.example.',
    );
  if (typeof apiKey !== 'string' || apiKey.trim() === '')
    throw refuse('apiKey', 'apiKey is empty', 'Give a key of the tenant; is the variable that holds it set?');
};

/** Found wrong before anything was sent. */
const refuse = (name: string, what: string, remedy: string): MemplaneError => {
  const errors = [{ pointer: `/${name}`, code: 'invalid_request', detail: what }];
  return new MemplaneError({ status: 0, code: 'invalid_request', detail: `${what}.`, remedy, errors });
};

/** `fetch` says only that it failed; why stands in what it carries. */
const reasonOf = (cause: unknown): string => {
  const { cause: inner } = (cause ?? {}) as {
    readonly cause?: { readonly code?: unknown; readonly message?: unknown };
  };
  const reason = inner?.code ?? inner?.message;
  return typeof reason === 'string' && reason !== '' ? `: ${reason}` : '';
};

/** Every URL parser takes an empty segment and dots, also encoded, for another path: another operation would be called. */
const segmentOf = (name: string, value: unknown): string => {
  const text = value === undefined || value === null ? '' : String(value);
  if (text !== '' && text !== '.' && text !== '..') return encodeURIComponent(text);
  throw refuse(name, `${name} is ${JSON.stringify(value ?? null)}`, `Give a ${name} that can stand in a path.`);
};

const buildPath = ({ path, query }: Operation, input: Input): string => {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => segmentOf(name, input[name]));
  const search = new URLSearchParams();
  for (const name of query) {
    const value = input[name];
    if (value !== undefined) search.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  const text = search.toString();
  return text === '' ? filled : `${filled}?${text}`;
};

/** What a request names itself goes before what the client was made with. */
const namesUser = ({ path, query }: Operation, input: Input): boolean => {
  const body = input.body as { readonly user_id?: unknown } | undefined;
  return path.includes('{user_id}') || (query.includes('user_id') && input.user_id !== undefined) || !!body?.user_id;
};

/** Header values are Latin-1; ids are UTF-8. */
const encodeUtf8 = (text: string): string => String.fromCharCode(...new TextEncoder().encode(text));

/** A refusal did nothing, so anything may be sent again; of no answer nobody knows what it did. */
const mayRepeat = ({ repeatable, idempotencyKey }: Operation, { status, code }: MemplaneError): boolean => {
  if (status === 429 && code === 'budget_exceeded') return false;
  if (status === 429 || status === 503) return code !== 'suspended';
  return (status === 0 || status === 502 || status === 504) && (repeatable || idempotencyKey);
};

const FIRST_WAIT_MS = 250;

const waitFor = ({ retryAfterSeconds }: MemplaneError, attempt: number): number => {
  // A little more than asked for, and not all clients at the same moment.
  const jitter = Math.random() * FIRST_WAIT_MS;
  return (retryAfterSeconds === undefined ? FIRST_WAIT_MS * 2 ** attempt : retryAfterSeconds * 1000) + jitter;
};

const rest = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });

const readJson = async (response: Response): Promise<unknown> => {
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
};
