/** What a credential may be granted. A route needs one of them; a role is a list of them. */
export const PERMISSIONS = [
  'ingest',
  'retrieve',
  'delete',
  'admin',
  'update',
  'retrieve.all',
  'global.write',
  'export',
  'import',
  'erase',
  'review',
  'hold.place',
  'hold.release',
  'audit.read',
  'keys.manage',
  'roles.manage',
  'webhooks.manage',
  'events.read',
  'jobs.manage',
  'usage.read',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** In the order of their width; a test compares it with the scopes of memories. */
export const GRANT_SCOPES = ['user', 'team', 'organization', 'global'] as const;
export type GrantScope = (typeof GRANT_SCOPES)[number];

export const ROLES = ['admin', 'user', 'service', 'readonly'] as const;
export type PredefinedRole = (typeof ROLES)[number];
/** A predefined role, or the name of one that the tenant made. */
export type Role = string;

/** What each predefined role may do. A test spells the matrix of the first four permissions out. */
export const ROLE_PERMISSIONS: Readonly<Record<PredefinedRole, readonly Permission[]>> = {
  admin: PERMISSIONS,
  service: [
    ...(['ingest', 'retrieve', 'delete', 'update', 'retrieve.all', 'global.write'] as const),
    ...(['export', 'import', 'events.read', 'jobs.manage', 'usage.read'] as const),
  ],
  user: ['ingest', 'retrieve', 'update', 'export'],
  readonly: ['retrieve'],
};

export const isPredefined = (role: Role): role is PredefinedRole => (ROLES as readonly string[]).includes(role);

/** The scopes in which each permission holds for one credential. */
export type Grants = ReadonlyMap<Permission, ReadonlySet<GrantScope>>;

export interface Grant {
  readonly permission: Permission;
  /** Only for a credential that belongs to a person, who is then the only one it can act for. */
  readonly own: boolean;
  /** @default every scope */
  readonly scope: GrantScope | undefined;
}

/** What is about memories, and so may hold in some of their scopes only. */
export const SCOPED_PERMISSIONS: ReadonlySet<Permission> = new Set([
  'ingest',
  'retrieve',
  'delete',
  'update',
  'retrieve.all',
  'export',
  'import',
] as const);

/**
 * `retrieve`, or narrower: `retrieve:own`, `ingest:team`, `delete:own:user`. `undefined` when the text is none of them.
 */
export const parseGrant = (text: string): Grant | undefined => {
  const [name, ...qualifiers] = text.split(':');
  const permission = PERMISSIONS.find((known) => known === name);
  const own = qualifiers[0] === 'own';
  const [scopeName, ...rest] = own ? qualifiers.slice(1) : qualifiers;
  const scope = GRANT_SCOPES.find((known) => known === scopeName);
  if (permission === undefined || rest.length > 0 || (scopeName !== undefined && scope === undefined)) return undefined;
  // Narrowed where nobody looks at the narrowing it would be the whole permission.
  if (scope !== undefined && !SCOPED_PERMISSIONS.has(permission)) return undefined;
  return { permission, own, scope };
};

/** What the grants come to for a credential with or without a person of its own. */
export const resolveGrants = (permissions: readonly string[], hasPerson: boolean): Grants => {
  const grants = new Map<Permission, Set<GrantScope>>();
  for (const text of permissions) {
    const grant = parseGrant(text);
    if (grant === undefined || (grant.own && !hasPerson)) continue;
    const scopes = grants.get(grant.permission) ?? new Set<GrantScope>();
    for (const scope of grant.scope === undefined ? GRANT_SCOPES : [grant.scope]) scopes.add(scope);
    grants.set(grant.permission, scopes);
  }
  return grants;
};
