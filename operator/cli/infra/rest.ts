import { Agent, request } from 'undici';
import { unusableError } from '../errors.js';
import { UnreadableError } from './target.js';

type Json = Readonly<Record<string, unknown>>;

export interface Rest {
  /** undefined when there is no such thing. */
  get(url: string, signal: AbortSignal): Promise<Json | undefined>;
  /** A question that takes a body. What was asked already is not asked again: one policy holds many grants. */
  ask(url: string, body: Json, signal: AbortSignal): Promise<Json | undefined>;
  close(): void;
}

const TIMEOUT_MS = 30_000;

/** JSON over HTTPS with a bearer token. `endpoint` takes the place of every host: a private endpoint, or a stand-in. */
export function openRest(token: string, endpoint: string | undefined): Rest {
  const dispatcher = new Agent({
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    connect: { timeout: TIMEOUT_MS },
  });
  const send = async (url: string, body: Json | undefined, signal: AbortSignal): Promise<Json | undefined> => {
    const { status, text } = await fetchText(dispatcher, placed(url, endpoint), token, body, signal);
    if (status === 404) return undefined;
    if (status >= 200 && status < 300) return parse(text, url);
    if (status === 401) {
      throw unusableError('the cloud does not take the token', ['sign in again: it may have expired']);
    }
    throw new UnreadableError(`${status} ${reasonIn(text)}`);
  };
  const answered = new Map<string, Promise<Json | undefined>>();
  const once = (key: string, asking: () => Promise<Json | undefined>): Promise<Json | undefined> => {
    const known = answered.get(key) ?? asking();
    answered.set(key, known);
    return known;
  };
  return {
    get: (url, signal) => once(url, () => send(url, undefined, signal)),
    ask: (url, body, signal) => once(`${url} ${JSON.stringify(body)}`, () => send(url, body, signal)),
    close: () => {
      dispatcher.destroy().catch(() => undefined);
    },
  };
}

function placed(url: string, endpoint: string | undefined): URL {
  const asked = new URL(url);
  return endpoint === undefined ? asked : new URL(`${endpoint.replace(/\/+$/, '')}${asked.pathname}${asked.search}`);
}

async function fetchText(dispatcher: Agent, url: URL, token: string, asked: Json | undefined, signal: AbortSignal) {
  try {
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    const { statusCode, body } = await (asked === undefined
      ? request(url, { dispatcher, headers, signal })
      : request(url, {
          dispatcher,
          headers: { ...headers, 'content-type': 'application/json' },
          signal,
          method: 'POST',
          body: JSON.stringify(asked),
        }));
    return { status: statusCode, text: await body.text() };
  } catch (cause) {
    signal.throwIfAborted();
    const { code, message } = cause as { readonly code?: string; readonly message?: string };
    const why = code ?? message ?? String(cause);
    throw unusableError(`${url.host} does not answer: ${why}`, ['is the network or --endpoint-url right?'], cause);
  }
}

function parse(text: string, url: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new UnreadableError(`${new URL(url).host} answers something that is not JSON`, cause);
  }
}

/** Google and Azure both say `{"error": {"message": …}}`. */
function reasonIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { readonly error?: { readonly message?: string } };
    return error?.message ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}

/** A value deep in JSON; undefined where the way ends. */
export function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (here, key) => (typeof here === 'object' && here !== null ? (here as Json)[key] : undefined),
      value,
    );
}

export const textAt = (value: unknown, path: string): string | undefined => {
  const found = at(value, path);
  return found === undefined || found === null ? undefined : String(found);
};

export const numberAt = (value: unknown, path: string): number | undefined => {
  const found = at(value, path);
  return found === undefined || found === null ? undefined : Number(found);
};
