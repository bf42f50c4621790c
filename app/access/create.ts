import type { AuditTrail } from '../audit/trail.js';
import type { Database } from '../db/pool.js';
import type { Outbound } from '../http/outbound.js';
import type { Policies } from '../policies/schema.js';
import type { People } from '../tenancy/people.js';
import type { Vault } from '../tenancy/vault.js';
import { createEpoch } from './epoch.js';
import { createGuard, type Guard } from './guard.js';
import { createKeyUsage } from './key-usage.js';
import { type AccessKeys, createAccessKeys } from './keys.js';
import type { SharedLimiter } from './rate-limit.js';
import { createRoles, type Roles } from './roles.js';
import { createSecurityEvents, type SecurityEvents } from './security-events.js';
import { createTokens } from './tokens.js';
import type { UsageMeter } from './usage.js';

export interface AccessOptions {
  readonly db: Database;
  readonly vault: Vault;
  readonly people: People;
  readonly policies: () => Policies;
  readonly tenant: { readonly id: string; readonly name: string };
  readonly trustedProxies: number;
  readonly limiter: SharedLimiter;
  readonly outbound: Outbound;
  readonly audit: AuditTrail;
  readonly usage: UsageMeter;
  readonly log: { warn(fields: object, message: string): void; error(fields: object, message: string): void };
}

/** Who somebody is and what they may do. */
export interface Access {
  readonly keys: AccessKeys;
  readonly roles: Roles;
  readonly usage: UsageMeter;
  readonly events: SecurityEvents;
  readonly guard: Guard;
  stop(): Promise<void>;
}

export const createAccess = (options: AccessOptions): Access => {
  const { db, policies, tenant, trustedProxies, limiter, log, audit, usage } = options;
  const events = createSecurityEvents({ log, audit });
  const epoch = createEpoch({ db });
  const shared = { ...options, events, epoch };
  const roles = createRoles(shared);
  const keyUsage = createKeyUsage(db);
  const keys = createAccessKeys({ ...shared, roles, usage: keyUsage });
  const tokens = createTokens({ ...options, roles, issuers: () => policies().access?.jwt ?? [] });
  const guard = createGuard({ keys, tokens, limiter, events, usage, policies, tenant, trustedProxies });
  const stop = async (): Promise<void> => {
    await keyUsage.stop();
    await usage.stop();
  };
  return { keys, roles, usage, events, guard, stop };
};
