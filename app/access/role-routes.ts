import { Type } from '@sinclair/typebox';
import { problem } from '../http/errors.js';
import { defineRoute, type Route } from '../http/route.js';
import { RoleName } from './key-routes.js';
import type { Roles } from './roles.js';

const RoleSchema = Type.Object({
  name: RoleName,
  permissions: Type.Array(Type.String()),
  predefined: Type.Boolean(),
  updated_at: Type.Union([Type.String(), Type.Null()]),
});
const PermissionsSchema = Type.Object(
  {
    permissions: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
      maxItems: 200,
      description: 'a permission, or narrower: retrieve:own, ingest:team, delete:own:user',
    }),
  },
  { additionalProperties: false },
);
const NAME = new RegExp(RoleName.pattern as string);

export const roleRoutes = (roles: Roles): readonly Route[] => [
  listRoles(roles),
  getRole(roles),
  putRole(roles),
  deleteRole(roles),
];

const listRoles = (roles: Roles): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/roles',
    operation: 'listRoles',
    summary: 'The predefined roles and those of this tenant',
    permission: 'admin',
    writes: false,
    responses: { 200: Type.Object({ results: Type.Array(RoleSchema), next_cursor: Type.Null() }) },
    handle: async () => ({ status: 200, body: { results: await roles.list(), next_cursor: null } }),
  });

const ONE = { path: '/api/v1/roles/{name}', textParams: ['name'] } as const;

const getRole = (roles: Roles): Route =>
  defineRoute({
    ...ONE,
    method: 'GET',
    operation: 'getRole',
    summary: 'One role and what it allows',
    permission: 'admin',
    writes: false,
    responses: { 200: RoleSchema },
    handle: async ({ params }) => ({ status: 200, body: await roles.find(nameOf(params)) }),
  });

const deleteRole = (roles: Roles): Route =>
  defineRoute({
    ...ONE,
    method: 'DELETE',
    operation: 'deleteRole',
    summary: 'Delete a role that no working key has: gone in every replica within a second',
    permission: 'roles.manage',
    writes: false,
    responses: { 200: RoleSchema },
    handle: async ({ params, principal }) => ({ status: 200, body: await roles.remove(principal, nameOf(params)) }),
  });

const putRole = (roles: Roles): Route =>
  defineRoute({
    ...ONE,
    method: 'PUT',
    operation: 'putRole',
    summary: 'Make or change a role; in force in every replica within a second',
    permission: 'roles.manage',
    writes: false,
    body: PermissionsSchema,
    responses: { 200: RoleSchema, 201: RoleSchema },
    handle: async ({ params, body, principal }) => {
      const { created, ...role } = await roles.put(principal, nameOf(params), body.permissions);
      return { status: created ? 201 : 200, body: role };
    },
  });

const nameOf = (params: Readonly<Record<string, string>>): string => {
  const name = params.name as string;
  if (NAME.test(name)) return name;
  const detail = '/path/name must be 1 to 63 small letters, digits, hyphens and underscores, a letter first';
  const errors = [{ pointer: '/path/name', code: 'pattern', detail }];
  throw problem('invalid_request', `This is no name of a role: ${detail}.`, { errors });
};
