import { Type } from '@sinclair/typebox';
import { problem } from '../http/errors.js';
import { defineRoute, type Route } from '../http/route.js';
import { ExternalId, Uuid } from '../memories/schema.js';
import type { AccessKeys } from './keys.js';
import { type Permission, ROLES } from './permissions.js';

const RoleSchema = Type.Unsafe<(typeof ROLES)[number]>({ type: 'string', enum: [...ROLES] });
const Text = Type.String();
const NullableText = Type.Union([Type.String(), Type.Null()]);

const KeySchema = Type.Object({
  id: Uuid,
  name: Text,
  hint: Type.String({ description: 'the first letters of the key' }),
  role: Text,
  user_id: NullableText,
  created_at: Text,
  expires_at: NullableText,
  revoked_at: NullableText,
  bootstrap: Type.Boolean(),
});

const NewKeySchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    role: RoleSchema,
    user_id: Type.Optional(ExternalId),
    teams: Type.Optional(Type.Array(ExternalId, { maxItems: 100 })),
    organizations: Type.Optional(Type.Array(ExternalId, { maxItems: 100 })),
    expires_in: Type.Optional(Type.String({ pattern: '^[1-9][0-9]{0,5}[smhd]$', description: 'for example 90d' })),
  },
  { additionalProperties: false },
);

const WhoamiSchema = Type.Object({
  tenant: Text,
  tenant_id: Uuid,
  key_id: Uuid,
  role: Text,
  user_id: NullableText,
  permissions: Type.Array(Type.Unsafe<Permission>({ type: 'string' })),
});

export interface AccessRouteDeps {
  readonly keys: AccessKeys;
  readonly tenant: { readonly id: string; readonly name: string };
}

export const accessRoutes = ({ keys, tenant }: AccessRouteDeps): readonly Route[] => [
  whoami(tenant),
  createKey(keys),
  listKeys(keys),
  revokeKey(keys),
];

const whoami = (tenant: AccessRouteDeps['tenant']): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/whoami',
    operation: 'whoami',
    summary: 'Who this key is and what it may do',
    permission: 'retrieve',
    writes: false,
    responses: { 200: WhoamiSchema },
    handle: async ({ principal: { keyId: key_id, role, userId: user_id, grants } }) => {
      const permissions = [...grants.keys()];
      return { status: 200, body: { tenant: tenant.name, tenant_id: tenant.id, key_id, role, user_id, permissions } };
    },
  });

// Keys are managed while the tenant is read-only too: a leaked key cannot wait. So none of these `writes`.
const createKey = (keys: AccessKeys): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/keys',
    operation: 'createKey',
    summary: 'Make a key; its text is shown once',
    permission: 'admin',
    writes: false,
    idempotencyKey: 'refused',
    body: NewKeySchema,
    responses: { 201: Type.Composite([KeySchema, Type.Object({ key: Text })]) },
    handle: async ({ body }) => {
      if (body.role === 'user' && body.user_id === undefined) {
        const detail = 'a key of the role user belongs to a person';
        const errors = [{ pointer: '/user_id', code: 'required', detail }];
        throw problem('user_required', 'A key of the role user needs user_id.', { errors });
      }
      const { name, role, user_id: userId = null, teams = [], organizations = [], expires_in } = body;
      const expiresAt = expiryAfter(expires_in);
      const key = await keys.create({ name, role, userId, teams, organizations, expiresAt });
      return { status: 201, body: key, headers: { Location: `/api/v1/keys/${key.id}` } };
    },
  });

const listKeys = (keys: AccessKeys): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/keys',
    operation: 'listKeys',
    summary: 'List keys, never their text',
    permission: 'admin',
    writes: false,
    responses: { 200: Type.Object({ results: Type.Array(KeySchema), next_cursor: Type.Null() }) },
    handle: async () => ({ status: 200, body: { results: await keys.list(), next_cursor: null } }),
  });

const revokeKey = (keys: AccessKeys): Route =>
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/keys/{id}',
    operation: 'revokeKey',
    summary: 'Revoke a key at once here, within two seconds in other replicas',
    permission: 'admin',
    writes: false,
    responses: { 200: KeySchema },
    handle: async ({ params }) => ({ status: 200, body: await keys.revoke(params.id as string) }),
  });

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const expiryAfter = (text: string | undefined): Date | null =>
  text === undefined ? null : new Date(Date.now() + Number(text.slice(0, -1)) * (UNIT_MS[text.slice(-1)] ?? 0));
