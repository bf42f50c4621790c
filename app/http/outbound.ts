import { lookup as lookupAddress } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, fetch, request } from 'undici';
import { type EgressRule, isReachable, plainAddress } from './addresses.js';
import { isError, messageOf } from './cause.js';

export type { EgressRule } from './addresses.js';

/** An address that somebody outside the platform named leads where it must not, or answered as it must not. */
export class OutboundRefused extends Error {
  readonly reason: 'url' | 'address' | 'redirect' | 'size' | 'unreachable';

  constructor(reason: OutboundRefused['reason'], message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'OutboundRefused';
    this.reason = reason;
  }
}

export interface OutboundRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Of the whole exchange. @default 10000 */
  readonly timeoutMs?: number;
  /** Of the answer. @default 1 MiB */
  readonly maxBytes?: number;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/**
 * The one way to an address that a tenant names (issuers, webhooks, providers): https, never to loopback, link-local, metadata or private
 * ranges unless `network.egress` says so, no redirects, the address that was checked is the one that is connected to.
 */
export interface Outbound {
  /** Refuses now what a request would refuse later, so that whoever names the address is told. Resolves the name. */
  check(url: string): Promise<URL>;
  request(url: string, options?: OutboundRequest): Promise<OutboundAnswer>;
  /** For the providers' SDKs, which want a `fetch`. */
  readonly fetch: typeof globalThis.fetch;
  close(): Promise<void>;
}

export interface OutboundOptions {
  /** As they are now. */
  readonly rules: () => readonly EgressRule[];
  /** Certificates of authorities that are trusted beside the system's, PEM. */
  readonly ca?: string | undefined;
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 1 << 20;
const HTTPS_PORT = 443;

const resolveAll = async (host: string): Promise<readonly string[]> =>
  (await lookupAddress(host, { all: true, verbatim: true })).map(({ address }) => address);

export const createOutbound = (options: OutboundOptions): Outbound => {
  const { rules, resolve = resolveAll } = options;

  const addressesOf = async (host: string, port: number): Promise<readonly string[]> => {
    const addresses = await resolve(host).catch((cause: unknown) => {
      throw new OutboundRefused('unreachable', `The name ${host} cannot be resolved.`, cause);
    });
    // One good address among bad ones is how a name is moved after it was checked.
    const bad = addresses.find((address) => !isReachable(address, port, rules()));
    if (addresses.length === 0 || bad !== undefined) throw refuseAddress(host, bad);
    return addresses;
  };
  const agent = new Agent({
    connect: {
      timeout: TIMEOUT_MS,
      lookup: buildLookup(addressesOf),
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    },
    // A rule that was taken back must not live on in a connection.
    keepAliveTimeout: 5_000,
    keepAliveMaxTimeout: 30_000,
  });
  const parse = (text: string): URL => checkUrl(text, rules());

  return {
    check: async (text) => {
      const url = parse(text);
      if (isIP(plainAddress(url.hostname)) === 0) await addressesOf(url.hostname, portOf(url));
      return url;
    },
    request: async (text, wanted = {}) => exchange(agent, parse(text), wanted),
    fetch: (async (input: string | URL | Request, init?: RequestInit) => {
      parse(input instanceof Request ? input.url : String(input));
      return fetch(input as string, { ...(init as object), redirect: 'error', dispatcher: agent });
    }) as unknown as typeof globalThis.fetch,
    close: () => agent.destroy(),
  };
};

const portOf = (url: URL): number => (url.port === '' ? HTTPS_PORT : Number(url.port));

const refuseAddress = (host: string, address: string | undefined): OutboundRefused =>
  new OutboundRefused(
    'address',
    `${host} ${address === undefined ? 'has no address' : 'leads to an address that is not public'}; list it in spec.network.egress if it is meant.`,
  );

const checkUrl = (text: string, rules: readonly EgressRule[]): URL => {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new OutboundRefused('url', 'It is not a URL.', cause);
  }
  if (url.protocol !== 'https:')
    throw new OutboundRefused('url', `The scheme is ${url.protocol.slice(0, 20)} and not https:.`);
  if (url.username !== '' || url.password !== '')
    throw new OutboundRefused('url', 'A URL here carries no user and no password.');
  // A socket does not look an address up: so one that is written out is checked here.
  const literal = plainAddress(url.hostname);
  if (isIP(literal) !== 0 && !isReachable(literal, portOf(url), rules)) throw refuseAddress(url.hostname, literal);
  return url;
};

/** Undici connects to what this returns and to nothing else: there is no second resolution that could differ. */
const buildLookup =
  (addressesOf: (host: string, port: number) => Promise<readonly string[]>): LookupFunction =>
  (host, options, done) => {
    const port = Number((options as { readonly port?: number | string }).port ?? HTTPS_PORT);
    addressesOf(host, port).then(
      (addresses) => {
        const found = addresses.map((address) => ({ address, family: isIP(address) }));
        const first = found[0] as { address: string; family: number };
        if (options.all) done(null, found);
        else done(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => done(error, '', 0),
    );
  };

const exchange = async (agent: Agent, url: URL, wanted: OutboundRequest): Promise<OutboundAnswer> => {
  const { timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES } = wanted;
  try {
    const answer = await request(url, {
      dispatcher: agent,
      method: wanted.method ?? 'GET',
      headers: { ...wanted.headers },
      body: wanted.body ?? null,
      signal: AbortSignal.timeout(timeoutMs),
    });
    // Destroyed before its end it would raise an error that nobody listens to.
    answer.body.on('error', () => undefined);
    if (answer.statusCode >= 300 && answer.statusCode < 400) {
      answer.body.destroy();
      throw new OutboundRefused('redirect', `${url.host} answered with a redirect, which is not followed.`);
    }
    return { status: answer.statusCode, headers: answer.headers, body: await readLimited(answer.body, maxBytes, url) };
  } catch (cause) {
    throw toRefusal(cause, url);
  }
};

const readLimited = async (body: AsyncIterable<Buffer>, maxBytes: number, url: URL): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    // Leaving the loop destroys the stream.
    if (size > maxBytes) throw new OutboundRefused('size', `${url.host} answered with more than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const toRefusal = (cause: unknown, url: URL): OutboundRefused => {
  if (cause instanceof OutboundRefused) return cause;
  if (isError(cause) && cause.cause instanceof OutboundRefused) return cause.cause;
  return new OutboundRefused('unreachable', `${url.host} cannot be reached: ${messageOf(cause).slice(0, 200)}`, cause);
};
