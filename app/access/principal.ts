export const ROLES = ['admin', 'user', 'service', 'readonly'] as const;
export type Role = (typeof ROLES)[number];
export type Permission = 'ingest' | 'retrieve' | 'delete' | 'admin';

/** What each predefined role may do. A test spells the whole matrix out. */
export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  admin: ['ingest', 'retrieve', 'delete', 'admin'],
  service: ['ingest', 'retrieve', 'delete'],
  user: ['ingest', 'retrieve'],
  readonly: ['retrieve'],
};

/** Who is asking: the outcome of authentication, never built from anything else in the request. */
export interface Principal {
  readonly keyId: string;
  readonly role: Role;
  /** The person the credential belongs to; admin and service keys usually have none and name one in each request. */
  readonly userId: string | null;
  readonly userRef: string | null;
  readonly teamRefs: readonly string[];
  readonly organizationRefs: readonly string[];
}

export const isAllowed = (principal: Principal, permission: Permission): boolean =>
  ROLE_PERMISSIONS[principal.role].includes(permission);
