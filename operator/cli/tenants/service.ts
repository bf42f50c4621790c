import type { Input } from '../command.js';
import { unusableError, usageError } from '../errors.js';
import { fetchTenant } from './fetch-tenant.js';

/** The API of one tenant, for whoever holds a key of it. */
export interface Service {
  readonly endpoint: URL;
  readonly key: string;
  readonly signal: AbortSignal;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

const TIMEOUT_MS = 15_000;

const EXAMPLE = '--endpoint https://acme.memory.example.com';

const parseEndpoint = (value: string): URL | undefined => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) ? url : undefined;
};

/** What the cluster says of it. */
export function readEndpoint(value: string): URL {
  const url = parseEndpoint(value);
  if (url !== undefined) return url;
  throw unusableError(`${value} is no URL of a tenant`, [EXAMPLE]);
}

export function readEndpointFlag(input: Pick<Input, 'value'>): URL | undefined {
  const value = input.value('endpoint');
  if (value === undefined) return undefined;
  const url = parseEndpoint(value);
  if (url !== undefined) return url;
  throw usageError(`--endpoint ${value} is no URL of a tenant`, EXAMPLE);
}

/** Nothing of the key is in what it throws. */
export async function callService(
  { endpoint, key, signal }: Service,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
): Promise<ServiceAnswer> {
  const url = new URL(`${endpoint.pathname.replace(/\/$/, '')}${path}`, endpoint);
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = { 'X-API-Key': key, ...(payload === undefined ? {} : { 'Content-Type': 'application/json' }) };
  const limits = { signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) };
  const asked = async (): Promise<ServiceAnswer> => {
    const response = await fetchTenant(url, { method, headers, body: payload, ...limits });
    return { status: response.status, body: readObject(await response.text()) };
  };
  return asked().catch((cause: unknown) => {
    throw unusableError(
      `${endpoint.href} does not answer`,
      ['is it the URL of the tenant, and is the tenant Ready?'],
      cause,
    );
  });
}

const readObject = (said: string): ServiceAnswer['body'] => {
  try {
    const value: unknown = JSON.parse(said);
    return typeof value === 'object' && value !== null ? (value as ServiceAnswer['body']) : {};
  } catch {
    return {};
  }
};

export const textOf = ({ body }: ServiceAnswer, name: string): string => {
  const value = body[name];
  return typeof value === 'string' ? value : '';
};
