import { Type } from '@sinclair/typebox';
import type { Core } from '../core.js';
import { defineRoute, type Route } from '../http/route.js';
import { Uuid } from '../memories/schema.js';
import { keyRoutes, RoleName } from './key-routes.js';
import { PERMISSIONS, type Permission } from './permissions.js';
import { roleRoutes } from './role-routes.js';
import { usageRoutes } from './usage-routes.js';

const DEFAULT_OVERLAP_DAYS = 7;

export const accessRoutes = ({ db, people, access, tenant, vault, policies }: AccessRouteDeps): readonly Route[] => [
  whoami({ db, people, tenant }),
  ...keyRoutes({
    ...{ keys: access.keys, roles: access.roles, vault },
    overlapDays: () => policies().access?.apiKeys?.overlapDays ?? DEFAULT_OVERLAP_DAYS,
  }),
  ...roleRoutes(access.roles),
  ...usageRoutes(access.usage),
];

type AccessRouteDeps = Pick<Core, 'db' | 'people' | 'access' | 'tenant' | 'vault' | 'policies'>;

const WhoamiSchema = Type.Object({
  tenant: Type.String(),
  tenant_id: Uuid,
  credential: Type.Unsafe<string>({ type: 'string', enum: ['key', 'jwt'] }),
  key_id: Uuid,
  role: RoleName,
  user_id: Type.Union([Type.String(), Type.Null()]),
  teams: Type.Array(Type.String()),
  organizations: Type.Array(Type.String()),
  expires_at: Type.Union([Type.String(), Type.Null()]),
  permissions: Type.Array(Type.Unsafe<Permission>({ type: 'string', enum: [...PERMISSIONS] })),
});

const whoami = ({ db, people, tenant }: Pick<AccessRouteDeps, 'db' | 'people' | 'tenant'>): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/whoami',
    operation: 'whoami',
    hot: true,
    summary: 'Who this credential is and what it may do',
    permission: 'any',
    writes: false,
    responses: { 200: WhoamiSchema },
    handle: async ({ principal }) => {
      const { kind, keyId: key_id, role, userId: user_id, teamRefs, organizationRefs, expiresAt, grants } = principal;
      const refs = [...teamRefs, ...organizationRefs];
      const names = refs.length === 0 ? NOBODY : await people.names(db, refs);
      const known = (wanted: readonly string[]): string[] => wanted.flatMap((ref) => names.get(ref) ?? []);
      const groups = { teams: known(teamRefs), organizations: known(organizationRefs) };
      const identity = {
        tenant: tenant.name,
        tenant_id: tenant.id,
        credential: kind,
        key_id,
        role,
        user_id,
        ...groups,
      };
      const expires_at = expiresAt?.toISOString() ?? null;
      return { status: 200, body: { ...identity, expires_at, permissions: [...grants.keys()] } };
    },
  });

const NOBODY: ReadonlyMap<string, string> = new Map();
