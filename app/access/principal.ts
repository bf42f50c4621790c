import type { GrantScope, Grants, Permission, Role } from './permissions.js';

export type { Permission, Role } from './permissions.js';

/** Who is asking: the outcome of authentication, never built from anything else in the request. */
export interface Principal {
  /** How it proved who it is: what the audit log calls the actor's kind. */
  readonly kind: 'key' | 'jwt';
  /** The API key's id; of a token an id made from its issuer and subject, the same each time. */
  readonly keyId: string;
  readonly role: Role;
  readonly grants: Grants;
  /** The person the credential belongs to; admin and service keys usually have none and name one in each request. */
  readonly userId: string | null;
  readonly userRef: string | null;
  readonly teamRefs: readonly string[];
  readonly organizationRefs: readonly string[];
  /** When the credential ends by itself. */
  readonly expiresAt: Date | null;
}

export const isAllowed = (principal: Principal, permission: Permission): boolean => principal.grants.has(permission);

/** Whether the permission holds for what lies in this scope. */
export const isAllowedIn = (principal: Principal, permission: Permission, scope: GrantScope): boolean =>
  principal.grants.get(permission)?.has(scope) ?? false;
