import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { type Problem, problem } from '../http/errors.js';

export interface OriginOptions {
  /** Where clients reach this tenant. */
  readonly publicUrl: string | undefined;
  /** Its other names. */
  readonly hostnames: readonly string[];
  readonly corsOrigins: readonly string[];
}

/**
 * Against a page that makes a browser speak to us under a name of its own (DNS rebinding): the name must be one that nobody
 * outside can own, or ours. And only pages that we know may speak to us at all; who sends no Origin is no browser's page.
 */
export const checkOrigin = (options: OriginOptions, headers: IncomingHttpHeaders): void => {
  const host = parseHost(headers.host);
  if (host === undefined || !isOurs(options, host.hostname)) throw refusedHost(headers.host);
  const { origin } = headers;
  if (origin === undefined || options.corsOrigins.includes(origin)) return;
  const from = parseOrigin(origin);
  if (from === undefined || !(isPublic(options, origin) || from.host === host.host)) throw refusedOrigin(origin);
};

const isPublic = ({ publicUrl }: OriginOptions, origin: string): boolean =>
  publicUrl !== undefined && new URL(publicUrl).origin === origin;

const isOurs = ({ publicUrl, hostnames }: OriginOptions, hostname: string): boolean =>
  hostnames.includes(hostname) ||
  (publicUrl !== undefined && new URL(publicUrl).hostname === hostname) ||
  isUnownable(hostname);

/** Addresses, and names that no public DNS server answers for: of this machine, of a cluster, of a compose network. */
const isUnownable = (hostname: string): boolean =>
  isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0 ||
  !hostname.includes('.') ||
  hostname.endsWith('.localhost') ||
  hostname.endsWith('.svc') ||
  hostname.endsWith('.svc.cluster.local');

const parseHost = (host: string | undefined): URL | undefined =>
  host !== undefined && /^[A-Za-z0-9.[\]:_-]{1,260}$/.test(host) ? parse(`http://${host}`) : undefined;

const parseOrigin = (origin: string): URL | undefined => (/^https?:\/\//.test(origin) ? parse(origin) : undefined);

const parse = (url: string): URL | undefined => {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
};

const refusedHost = (host: string | undefined): Problem =>
  problem('forbidden', `The host ${JSON.stringify((host ?? '').slice(0, 100))} is not one of this service.`, {
    remedy:
      'Reach the service by its own address, or add the name that clients use to spec.access.hostnames of the MemoryTenant (MEMPLANE_PUBLIC_URL, MEMPLANE_HOSTNAMES).',
  });

const refusedOrigin = (origin: string): Problem =>
  problem('forbidden', `Pages of the origin ${JSON.stringify(origin.slice(0, 100))} may not use this service.`, {
    remedy: 'Add the origin to CORS_ORIGINS, or call from a program instead of a page.',
  });
