import type { ComponentState } from '../health/component-state.js';
import type { Metrics } from '../health/metrics.js';
import { isError } from '../http/cause.js';
import type { Json } from '../http/json.js';
import { OutboundRefused } from '../http/outbound.js';
import { ProviderError, readRetryAfter } from '../providers/provider-error.js';
import { withRetries } from '../providers/retry.js';

export interface ExchangeOptions {
  /** For messages, and as the label of metrics. */
  readonly provider: string;
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The setting that holds the key. */
  readonly keyName: string;
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
  readonly metrics: Pick<Metrics, 'provided'>;
  /** @default Date.now */
  readonly now?: () => number;
}

export interface Call {
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** Whether doing it twice does no more than doing it once. */
  readonly repeatable: boolean;
}

export interface Reply {
  readonly status: number;
  /** `null` when there is none. */
  readonly body: Json;
}

/** JSON with one provider over HTTP: tries again, gives up in time, rests when it is away, says in what state it is. */
export interface Exchange {
  /** Resolves to what was answered with 2xx, or to the 404. Throws `ProviderError`. */
  call(wanted: Call): Promise<Reply>;
  state(): ComponentState;
}

/** So many requests in a row without an answer, and it is left alone for a while: callers are told at once. */
const FAILURES = 5;
const REST_MS = 10_000;
/** A page of 200 memories of 100,000 characters is longer than anybody means. */
const MAX_BYTES = 16 << 20;

export const createExchange = (options: ExchangeOptions): Exchange => {
  const { provider, timeoutMs, metrics, now = Date.now } = options;
  const breaker = createBreaker(provider, now);
  return {
    state: breaker.state,
    call: async (wanted) => {
      breaker.admit();
      const startedAt = now();
      const signal = AbortSignal.timeout(timeoutMs);
      const tell = (outcome: 'ok' | ProviderError['trouble']): void =>
        metrics.provided(provider, wanted.operation, outcome, (now() - startedAt) / 1000);
      try {
        const reply = await withRetries(signal, () => ask(options, wanted, signal), mayRepeat(wanted));
        breaker.settle(undefined);
        tell('ok');
        return reply;
      } catch (cause) {
        if (!(cause instanceof ProviderError)) throw cause;
        breaker.settle(cause);
        tell(cause.trouble);
        throw cause;
      }
    },
  };
};

interface Breaker {
  admit(): void;
  settle(failure: ProviderError | undefined): void;
  state(): ComponentState;
}

const createBreaker = (provider: string, now: () => number): Breaker => {
  let failures = 0;
  let restsUntil = 0;
  let last: ProviderError | undefined;
  return {
    admit: () => {
      const left = restsUntil - now();
      if (left <= 0) return;
      const retryAfterSeconds = Math.ceil(left / 1000);
      throw new ProviderError('unavailable', `${provider} failed ${failures} times in a row.`, 'Try again later.', {
        retryAfterSeconds,
      });
    },
    settle: (failure) => {
      // What it would not take is its answer to one request; it is there.
      last = failure?.trouble === 'invalid' ? last : failure;
      failures = failure?.trouble === 'unavailable' ? failures + 1 : 0;
      // Once it has rested, one request finds out: the next failure makes it rest again.
      if (failures >= FAILURES) restsUntil = now() + REST_MS;
    },
    state: () => {
      if (last === undefined) return { status: 'ok', detail: provider };
      // Nothing gets better by itself: somebody has to change a setting.
      const status = last.trouble === 'refused' ? 'down' : 'degraded';
      return { status, detail: `${last.message} ${last.remedy}` };
    },
  };
};

/** What may have been done is not done again, unless it may be. */
const mayRepeat =
  ({ repeatable }: Call) =>
  (failure: ProviderError): boolean =>
    repeatable || (failure instanceof Untouched && failure.trouble === 'unavailable');

/** A failure of which it is known that nothing came of the request. */
class Untouched extends ProviderError {}

const ask = async (options: ExchangeOptions, wanted: Call, signal: AbortSignal): Promise<Reply> => {
  const url = buildUrl(options.baseUrl, wanted);
  const { provider } = options;
  let response: Response;
  let text: string;
  try {
    response = await options.fetch(url, {
      method: wanted.method,
      headers: {
        ...options.headers,
        Accept: 'application/json',
        ...(wanted.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(wanted.body === undefined ? {} : { body: JSON.stringify(wanted.body) }),
      redirect: 'error',
      signal,
    });
    text = await readText(provider, response);
  } catch (cause) {
    throw explain(provider, cause, signal);
  }
  if (response.ok) return { status: response.status, body: readJson(provider, response, text) };
  if (response.status === 404) return { status: 404, body: null };
  throw explainStatus(options, response);
};

const buildUrl = (baseUrl: string, { path, query = {} }: Call): string => {
  const search = new URLSearchParams(query).toString();
  return `${baseUrl.replace(/\/+$/, '')}${path}${search === '' ? '' : `?${search}`}`;
};

const readText = async (provider: string, response: Response): Promise<string> => {
  if (response.body === null) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new ProviderError('invalid', `${provider} answered with too much.`, WRONG_PLACE);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const WRONG_PLACE = 'Check MEMORY_PROVIDER_URL: something else may answer there.';

const readJson = (provider: string, response: Response, text: string): Json => {
  if (text === '') return null;
  const type = response.headers.get('content-type') ?? 'no type';
  if (!/[/+]json\b/.test(type))
    throw new ProviderError(
      'invalid',
      `${provider} answered with ${type.slice(0, 60)} and not with JSON.`,
      WRONG_PLACE,
    );
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new ProviderError('invalid', `${provider} answered with JSON that cannot be read.`, WRONG_PLACE, { cause });
  }
};

const explainStatus = ({ provider, keyName }: ExchangeOptions, { status, headers }: Response): ProviderError => {
  const more = { retryAfterSeconds: readRetryAfter(headers) };
  if (status === 401 || status === 403)
    return new ProviderError('refused', `${provider} refused the key (${status}).`, `Check ${keyName}.`);
  if (status === 402 || status === 413)
    return new ProviderError('refused', `${provider} takes no more memories (${status}).`, 'Raise the plan there.');
  if (status === 429)
    return new Untouched('unavailable', `${provider} asks us to slow down.`, 'Try again later.', more);
  if (status === 503) return new Untouched('unavailable', `${provider} answered 503.`, 'Try again later.', more);
  if (status >= 500 || status === 408)
    return new ProviderError('unavailable', `${provider} answered ${status}.`, 'Try again later.', more);
  return new ProviderError('invalid', `${provider} would not take the request (${status}).`, NOT_TAKEN);
};

const NOT_TAKEN = 'Look into its own log, and whether this version of it is one that Memplane knows.';

/** Before a connection stands nothing has been sent. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

const explain = (provider: string, cause: unknown, signal: AbortSignal): ProviderError => {
  if (cause instanceof ProviderError) return cause;
  const inner = isError(cause) && cause.cause !== undefined ? cause.cause : cause;
  if (inner instanceof OutboundRefused && inner.reason !== 'unreachable')
    return new ProviderError('refused', `${provider} is not reached: ${inner.message}`, 'Check MEMORY_PROVIDER_URL.', {
      cause,
    });
  if (signal.aborted) return new ProviderError('unavailable', `${provider} did not answer in time.`, LATER, { cause });
  const code = isError(inner) ? String((inner as NodeJS.ErrnoException).code ?? '') : '';
  const Kind = UNSENT.has(code) || inner instanceof OutboundRefused ? Untouched : ProviderError;
  return new Kind('unavailable', `${provider} could not be reached.`, LATER, { cause });
};

const LATER = 'Try again later.';
