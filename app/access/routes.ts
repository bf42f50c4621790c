import { Type } from '@sinclair/typebox';
import type { Core } from '../core.js';
import { defineRoute, type Route } from '../http/route.js';
import { Uuid } from '../memories/schema.js';
import { keyRoutes, RoleName } from './key-routes.js';
import { PERMISSIONS, type Permission } from './permissions.js';
import { roleRoutes } from './role-routes.js';
import { usageRoutes } from './usage-routes.js';

const DEFAULT_OVERLAP_DAYS = 7;

export const accessRoutes = ({ access, tenant, vault, policies }: AccessRouteDeps): readonly Route[] => [
  whoami(tenant),
  ...keyRoutes({
    ...{ keys: access.keys, roles: access.roles, vault },
    overlapDays: () => policies().access?.apiKeys?.overlapDays ?? DEFAULT_OVERLAP_DAYS,
  }),
  ...roleRoutes(access.roles),
  ...usageRoutes(access.usage),
];

type AccessRouteDeps = Pick<Core, 'access' | 'tenant' | 'vault' | 'policies'>;

const WhoamiSchema = Type.Object({
  tenant: Type.String(),
  tenant_id: Uuid,
  credential: Type.Unsafe<string>({ type: 'string', enum: ['key', 'jwt'] }),
  key_id: Uuid,
  role: RoleName,
  user_id: Type.Union([Type.String(), Type.Null()]),
  permissions: Type.Array(Type.Unsafe<Permission>({ type: 'string', enum: [...PERMISSIONS] })),
});

const whoami = (tenant: AccessRouteDeps['tenant']): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/whoami',
    operation: 'whoami',
    hot: true,
    summary: 'Who this credential is and what it may do',
    permission: 'any',
    writes: false,
    responses: { 200: WhoamiSchema },
    handle: async ({ principal: { kind, keyId: key_id, role, userId: user_id, grants } }) => {
      const identity = { tenant: tenant.name, tenant_id: tenant.id, credential: kind, key_id, role, user_id };
      return { status: 200, body: { ...identity, permissions: [...grants.keys()] } };
    },
  });
