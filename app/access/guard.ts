import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { currentContext } from '../http/context.js';
import { Problem, problem } from '../http/errors.js';
import type { Head } from '../http/head.js';
import { after, isLater, type Maybe } from '../http/maybe.js';
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
  admit(request: IncomingMessage, head: Head): Maybe<Principal>;
  /** `admit`, for Express; the context holds the principal afterwards. */
  readonly middleware: RequestHandler;
  /** Whether a request from outside may see what the cluster's own requests see without a key. */
  authenticate(headers: IncomingHttpHeaders): Maybe<Principal>;
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
  (headers) => {
    const credential: Credential = readCredential(headers);
    const found = credential.kind === 'jwt' ? tokens.authenticate(credential.text) : keys.authenticate(credential.text);
    return after(found, (principal) => {
      if (!principal) throw problem('unauthenticated', 'The key is unknown, expired or revoked.');
      checkTenant(headers, tenant);
      return principal;
    });
  };

const createAdmit = (options: GuardOptions, authenticate: Guard['authenticate']): Guard['admit'] => {
  const { usage, trustedProxies, events } = options;
  const counter = createCounter(options);
  const identify = createIdentify(events, authenticate);
  return (request, head) =>
    after(counter.ofAddress(addressOf(request, trustedProxies)), (ip) => {
      if (!ip.allowed) setRateHeaders(head, [ip]);
      counter.demand(ip);
      return after(identify(request, ip, head), (principal) => {
        usage.add('requests');
        return after(counter.ofPrincipal(principal, ip), (decisions) => {
          setRateHeaders(head, decisions);
          decisions.forEach(counter.demand);
          const context = currentContext();
          if (context) context.principal = principal;
          return principal;
        });
      });
    });
};

const createCounter = ({ limiter, events, policies }: GuardOptions) => {
  const take = (name: LimitName, key: string, limit: number): Maybe<NamedDecision> =>
    after(limiter.take(`${name}:${key}`, limit), (decision) => ({ name, ...decision }));
  return {
    demand: (decision: NamedDecision): void => {
      if (decision.allowed) return;
      const error = rateLimited(decision);
      if (decision.firstRefusal) events.limited(decision.name, error.message);
      throw error;
    },
    ofAddress: (address: string): Maybe<NamedDecision> => take('ip', address, policies().rateLimits.ipPerMinute),
    ofPrincipal: ({ keyId }: Principal, ip: NamedDecision): Maybe<readonly NamedDecision[]> => {
      const { tenantPerMinute, keyPerMinute } = policies().rateLimits;
      return after(take('tenant', 'all', tenantPerMinute), (tenant) =>
        keyPerMinute === undefined ? [tenant, ip] : after(take('key', keyId, keyPerMinute), (key) => [tenant, ip, key]),
      );
    },
  };
};

const createIdentify = (events: SecurityEvents, authenticate: Guard['authenticate']) => {
  /** Somebody who is refused is told the limit of their address all the same. */
  const refuse = (cause: unknown, ip: NamedDecision, head: Head): never => {
    setRateHeaders(head, [ip]);
    reportDenial(events, cause);
    throw cause;
  };
  return (request: IncomingMessage, ip: NamedDecision, head: Head): Maybe<Principal> => {
    try {
      const found = authenticate(request.headers);
      return isLater(found) ? found.catch((cause: unknown) => refuse(cause, ip, head)) : found;
    } catch (cause) {
      return refuse(cause, ip, head);
    }
  };
};

const setRateHeaders = (head: Head, decisions: readonly NamedDecision[]): void => {
  for (const [name, value] of buildRateHeaders(decisions)) head.setHeader(name, value);
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
