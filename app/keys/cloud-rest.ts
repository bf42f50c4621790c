import { messageOf } from '../http/cause.js';

/** An access token for the cloud's API, as the pod's identity has it now. */
export type TokenSource = () => Promise<string>;

export class CloudRefused extends Error {
  /** `undefined` when nobody answered. */
  readonly status: number | undefined;

  constructor(message: string, status: number | undefined, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'CloudRefused';
    this.status = status;
  }
}

const PATIENCE_MS = 10_000;
/** What a cloud says of why it refuses is a sentence; more of it is nobody's business in a log. */
const MOST_SAID = 300;

/** One call of a cloud's REST API with a bearer token. The body of an answer is never put into an error: it may hold a key. */
export const askCloud = async (url: string, token: TokenSource, body?: object): Promise<Record<string, unknown>> => {
  demandPrivate(url);
  const headers = {
    Authorization: `Bearer ${await token()}`,
    ...(body ? { 'Content-Type': 'application/json' } : {}),
  };
  const method = body ? 'POST' : 'GET';
  return await fetchJson(url, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
};

export const fetchJson = async (url: string, init: RequestInit): Promise<Record<string, unknown>> => {
  const { host } = new URL(url);
  const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) }).catch(
    (cause: unknown) => {
      throw new CloudRefused(`${host} did not answer: ${messageOf(cause)}`, undefined, { cause });
    },
  );
  if (!response.ok)
    throw new CloudRefused(`${host} answered ${response.status}${await said(response)}`, response.status);
  return (await response.json()) as Record<string, unknown>;
};

/** Both clouds tell a refusal as `{error: {message}}`. */
const said = async (response: Response): Promise<string> => {
  const body = (await response.json().catch(() => undefined)) as { error?: { message?: unknown } } | undefined;
  const message = body?.error?.message;
  return typeof message === 'string' ? `: ${message.slice(0, MOST_SAID)}` : '';
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
