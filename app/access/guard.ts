import type { IncomingHttpHeaders } from 'node:http';
import type { Request, RequestHandler } from 'express';
import { currentContext } from '../http/context.js';
import { problem } from '../http/errors.js';
import type { Policies } from '../policies/schema.js';
import { readCredential } from './credentials.js';
import type { AccessKeys } from './keys.js';
import { isAllowed, type Permission, type Principal } from './principal.js';
import { buildRateHeaders, createRateLimiter, rateLimited } from './rate-limit.js';

export interface GuardOptions {
  readonly keys: AccessKeys;
  readonly policies: () => Policies;
  readonly tenant: { readonly id: string; readonly name: string };
  readonly trustedProxies: number;
}

export interface Guard {
  /** Counts, authenticates, counts again: a flood of wrong keys is stopped by address before it costs the database anything. */
  readonly middleware: RequestHandler;
  /** Whether a request from outside may see what the cluster's own requests see without a key. */
  authenticate(headers: IncomingHttpHeaders): Promise<Principal>;
}

export const createGuard = (options: GuardOptions): Guard => {
  const byAddress = createRateLimiter();
  const byTenant = createRateLimiter();

  const authenticate = async (headers: IncomingHttpHeaders): Promise<Principal> => {
    const principal = await options.keys.authenticate(readCredential(headers));
    if (!principal) throw problem('unauthenticated', 'The key is unknown, expired or revoked.');
    checkTenant(headers, options.tenant);
    return principal;
  };

  const middleware: RequestHandler = async (request, response, next) => {
    const { tenantPerMinute, ipPerMinute } = options.policies().rateLimits;
    const ip = { name: 'ip' as const, ...byAddress.take(addressOf(request, options.trustedProxies), ipPerMinute) };
    response.set(buildRateHeaders([ip]));
    if (!ip.allowed) throw rateLimited(ip);
    const principal = await authenticate(request.headers);
    const tenant = { name: 'tenant' as const, ...byTenant.take('tenant', tenantPerMinute) };
    response.set(buildRateHeaders([tenant, ip]));
    if (!tenant.allowed) throw rateLimited(tenant);
    const context = currentContext();
    if (context) context.principal = principal;
    next();
  };
  return { middleware, authenticate };
};

/** The header may confirm the tenant, by id or by name; it never chooses one. */
const checkTenant = (headers: IncomingHttpHeaders, tenant: { readonly id: string; readonly name: string }): void => {
  const named = headers['x-tenant-id'];
  if (named === undefined || named === '' || named === tenant.name) return;
  if (typeof named === 'string' && named.toLowerCase() === tenant.id) return;
  throw problem('identity_mismatch', 'X-Tenant-ID is not the tenant of this key.', {
    errors: [{ pointer: '/header/x-tenant-id', code: 'identity_mismatch', detail: 'names another tenant' }],
  });
};

/** Each trusted proxy appends the address it saw: what is further left was written by whoever is outside. */
export const addressOf = (request: Pick<Request, 'headers' | 'socket'>, trustedProxies: number): string => {
  const forwarded = request.headers['x-forwarded-for'];
  const entries = typeof forwarded === 'string' ? forwarded.split(',').map((entry) => entry.trim()) : [];
  const seen = trustedProxies > 0 ? entries.at(-Math.min(trustedProxies, entries.length)) : undefined;
  return seen || (request.socket.remoteAddress ?? 'unknown');
};

export const requirePermission = (principal: Principal, permission: Permission): void => {
  if (isAllowed(principal, permission)) return;
  throw problem('forbidden', `The role ${principal.role} lacks the permission ${permission}.`);
};
