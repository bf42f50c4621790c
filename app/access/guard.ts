import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { currentContext } from '../http/context.js';
import { Problem, problem } from '../http/errors.js';
import type { Policies } from '../policies/schema.js';
import { addressOf } from './address.js';
import { type Credential, readCredential } from './credentials.js';
import type { AccessKeys } from './keys.js';
import { isAllowed, type Permission, type Principal } from './principal.js';
import { buildRateHeaders, type LimitName, type NamedDecision, rateLimited } from './rate-headers.js';
import type { SharedLimiter } from './rate-limit.js';
import type { SecurityEvents } from './security-events.js';
import type { Tokens } from './tokens.js';
import type { UsageMeter } from './usage.js';

export { addressOf } from './address.js';

export interface GuardOptions {
  readonly keys: AccessKeys;
  readonly tokens: Tokens;
  readonly limiter: SharedLimiter;
  readonly events: SecurityEvents;
  readonly usage: UsageMeter;
  readonly policies: () => Policies;
  readonly tenant: { readonly id: string; readonly name: string };
  readonly trustedProxies: number;
}

export interface Guard {
  /** Counts, authenticates, counts again: a flood of wrong keys is stopped by address before it costs the database anything. */
  admit(request: IncomingMessage, response: ServerResponse): Promise<Principal>;
  /** `admit`, for Express; the context holds the principal afterwards. */
  readonly middleware: RequestHandler;
  /** Whether a request from outside may see what the cluster's own requests see without a key. */
  authenticate(headers: IncomingHttpHeaders): Promise<Principal>;
}

export const createGuard = (options: GuardOptions): Guard => {
  const authenticate = createAuthenticate(options);
  const admit = createAdmit(options, authenticate);
  const middleware: RequestHandler = async (request, response, next) => {
    await admit(request, response);
    next();
  };
  return { admit, middleware, authenticate };
};

const createAuthenticate =
  ({ keys, tokens, tenant }: GuardOptions): Guard['authenticate'] =>
  async (headers) => {
    const credential: Credential = readCredential(headers);
    const found = credential.kind === 'jwt' ? tokens.authenticate(credential.text) : keys.authenticate(credential.text);
    const principal = found instanceof Promise ? await found : found;
    if (!principal) throw problem('unauthenticated', 'The key is unknown, expired or revoked.');
    checkTenant(headers, tenant);
    return principal;
  };

const createAdmit = (options: GuardOptions, authenticate: Guard['authenticate']): Guard['admit'] => {
  const { limiter, events, usage, trustedProxies } = options;
  const take = async (name: LimitName, key: string, limit: number): Promise<NamedDecision> => {
    const taken = limiter.take(`${name}:${key}`, limit);
    return { name, ...(taken instanceof Promise ? await taken : taken) };
  };
  const demand = (decision: NamedDecision): void => {
    if (decision.allowed) return;
    const error = rateLimited(decision);
    if (decision.firstRefusal) events.limited(decision.name, error.message);
    throw error;
  };
  return async (request, response) => {
    const { tenantPerMinute, ipPerMinute, keyPerMinute } = options.policies().rateLimits;
    const ip = await take('ip', addressOf(request, trustedProxies), ipPerMinute);
    if (!ip.allowed) setRateHeaders(response, [ip]);
    demand(ip);
    const principal = await authenticate(request.headers).catch((cause: unknown) => {
      setRateHeaders(response, [ip]);
      reportDenial(events, cause);
      throw cause;
    });
    usage.add('requests');
    const decisions = [await take('tenant', 'all', tenantPerMinute), ip];
    if (keyPerMinute !== undefined) decisions.push(await take('key', principal.keyId, keyPerMinute));
    setRateHeaders(response, decisions);
    decisions.forEach(demand);
    const context = currentContext();
    if (context) context.principal = principal;
    return principal;
  };
};

const setRateHeaders = (response: ServerResponse, decisions: readonly NamedDecision[]): void => {
  for (const [name, value] of buildRateHeaders(decisions)) response.setHeader(name, value);
};

const reportDenial = (events: SecurityEvents, cause: unknown): void => {
  if (cause instanceof Problem && (cause.status === 401 || cause.status === 403)) {
    events.denied(cause.code, cause.message);
  }
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

export const requirePermission = (principal: Principal, permission: Permission | 'any'): void => {
  if (permission === 'any' || isAllowed(principal, permission)) return;
  throw problem('forbidden', `The role ${principal.role} lacks the permission ${permission}.`);
};
