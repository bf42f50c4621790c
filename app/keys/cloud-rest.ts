import { setTimeout as sleep } from 'node:timers/promises';
import { types } from 'node:util';

/** An access token for the cloud's API, as the pod's identity has it now. */
export type TokenSource = () => Promise<string>;

export class CloudRefused extends Error {
  /** `undefined` when nobody answered. */
  readonly status: number | undefined;
  /** The cloud's own word for it, where it has one. */
  readonly code: string;

  constructor(
    message: string,
    status: number | undefined,
    options?: { readonly cause?: unknown; readonly code?: string },
  ) {
    super(message, options);
    this.name = 'CloudRefused';
    this.status = status;
    this.code = options?.code ?? '';
  }
}

export interface CloudCall {
  readonly url: string;
  readonly token: TokenSource;
  /** @default GET, or POST with a body */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object goes as JSON. */
  readonly body?: object | Uint8Array | undefined;
}

export interface CloudAnswer {
  readonly headers: Headers;
  readonly bytes: Buffer;
}

export type Json = Readonly<Record<string, unknown>>;

/** One call of a cloud's REST API with a bearer token. The body of an answer is never put into an error: it may hold a key. */
export const askCloud = async (url: string, token: TokenSource, body?: object): Promise<Json> =>
  jsonOf(await callCloud({ url, token, body }));

/** The same for bytes, verbs and headers. What is asked must bear to be asked twice: an answer can be lost. */
export const callCloud = async ({ url, token, method, headers, body }: CloudCall): Promise<CloudAnswer> => {
  demandPrivate(url);
  const bytes = body === undefined || body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
  const type = body === undefined || body instanceof Uint8Array ? {} : { 'Content-Type': 'application/json' };
  const init = {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...type, ...headers, Authorization: `Bearer ${await token()}` },
    ...(bytes === undefined ? {} : { body: bytes }),
  };
  return await patiently(() => fetchOnce(url, init));
};

export const fetchJson = async (url: string, init: RequestInit): Promise<Json> =>
  jsonOf(await patiently(() => fetchOnce(url, init)));

export const jsonOf = ({ bytes }: Pick<CloudAnswer, 'bytes'>): Json => {
  try {
    return bytes.length === 0 ? {} : (JSON.parse(bytes.toString('utf8')) as Json);
  } catch {
    throw new CloudRefused('the cloud answered something that is no JSON', undefined);
  }
};

const ATTEMPTS = 4;
const FIRST_WAIT_MS = 100;
/** A pod that starts, and an operator that has others to look after, do not wait longer for what may come back later. */
const PATIENCE_MS = 10_000;
const LONGEST_WAIT_MS = 2_000;
/** Too many questions, or a machine of theirs that went away in the midst of one. */
const PASSING: ReadonlySet<number | undefined> = new Set([undefined, 408, 429, 500, 502, 503, 504]);

const patiently = async (work: () => Promise<CloudAnswer>): Promise<CloudAnswer> => {
  const until = performance.now() + PATIENCE_MS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isPassing = error instanceof CloudRefused && PASSING.has(error.status);
      if (!isPassing || attempt === ATTEMPTS || performance.now() > until) throw error;
      const asked = error instanceof Throttled ? error.afterMs : undefined;
      const wait = asked ?? FIRST_WAIT_MS * 2 ** (attempt - 1) * (1 + Math.random());
      await sleep(Math.min(wait, LONGEST_WAIT_MS));
    }
  }
};

/** It says itself when to ask again. */
class Throttled extends CloudRefused {
  readonly afterMs: number;
  constructor(message: string, status: number, code: string, afterMs: number) {
    super(message, status, { code });
    this.afterMs = afterMs;
  }
}

const fetchOnce = async (url: string, init: RequestInit): Promise<CloudAnswer> => {
  const { host } = new URL(url);
  const unanswered = (cause: unknown): never => {
    const why = types.isNativeError(cause) ? cause.message : String(cause);
    throw new CloudRefused(`${host} did not answer: ${why}`, undefined, { cause });
  };
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(url, { ...init, redirect: 'error', signal }).catch(unanswered);
  const bytes = Buffer.from(await response.arrayBuffer().catch(unanswered));
  if (response.ok) return { headers: response.headers, bytes };
  const { words, code } = said(bytes);
  const known = response.headers.get('x-ms-error-code') ?? code;
  const message = `${host} answered ${response.status}${words}`;
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  if (after >= 0) throw new Throttled(message, response.status, known, after * 1_000);
  throw new CloudRefused(message, response.status, { code: known });
};

/** What a cloud says of why it refuses is a sentence; more of it is nobody's business in a log. */
const MOST_SAID = 300;

/** Clouds tell a refusal as `{error: {message}}`, with `status` (Google) or `code` (Azure); tokens as `{error_description}`. */
const said = (bytes: Buffer): { readonly words: string; readonly code: string } => {
  try {
    const { error, error_description } = JSON.parse(bytes.toString('utf8')) as Json;
    const inside = typeof error === 'object' && error !== null ? (error as Json) : { message: error_description };
    const { message, status, code } = inside as Json;
    const known = [status, code, error].find((one) => typeof one === 'string');
    return {
      words: typeof message === 'string' ? `: ${message.slice(0, MOST_SAID)}` : '',
      code: typeof known === 'string' ? known : '',
    };
  } catch {
    return { words: '', code: '' };
  }
};

const LOOPBACK = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/;

/** A token in clear on a network is everybody's. */
const demandPrivate = (url: string): void => {
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !LOOPBACK.test(hostname)) {
    throw new CloudRefused(`a token is not sent to ${hostname} without TLS: use https`, undefined);
  }
};

/** Of `projects/…/cryptoKeys/…`, a verb behind it. */
export const googleKmsUrl = (path: string, endpoint: string | undefined): string =>
  atEndpoint(`https://cloudkms.googleapis.com/v1/${path}`, endpoint);

/** The same path at another origin: a private endpoint, a stand-in. */
export const atEndpoint = (url: string, endpoint: string | undefined): string => {
  if (endpoint === undefined) return url;
  const { pathname, search } = new URL(url);
  return `${endpoint.replace(/\/+$/, '')}${pathname}${search}`;
};

export const demandText = (value: unknown, what: string): string => {
  if (typeof value !== 'string' || value === '') throw new CloudRefused(`The KMS answered without ${what}`, undefined);
  return value;
};
