import { Type } from '@sinclair/typebox';
import { problem } from '../http/errors.js';
import { defineRoute, type Route } from '../http/route.js';
import { decodeCursor, encodeCursor } from '../memories/cursor.js';
import { ExternalId, Uuid } from '../memories/schema.js';
import type { Vault } from '../tenancy/vault.js';
import { requireCovered } from './covered.js';
import { DurationSchema, readDuration } from './duration.js';
import type { AccessKeys } from './keys.js';
import type { Role } from './permissions.js';
import type { Principal } from './principal.js';
import type { Roles } from './roles.js';

const Text = Type.String();
const NullableText = Type.Union([Type.String(), Type.Null()]);
const Texts = Type.Array(Text);
export const RoleName = Type.String({ pattern: '^[a-z][a-z0-9_-]{0,62}$' });

const KeySchema = Type.Object({
  id: Uuid,
  name: Text,
  hint: Type.String({ description: 'the first letters of the key' }),
  role: RoleName,
  user_id: NullableText,
  teams: Texts,
  organizations: Texts,
  status: Type.Unsafe<string>({ type: 'string', enum: ['active', 'expired', 'revoked'] }),
  created_at: Text,
  expires_at: NullableText,
  revoked_at: NullableText,
  last_used_at: Type.Union([Type.String(), Type.Null()], { description: 'to within some seconds' }),
  replaces: Type.Union([Uuid, Type.Null()], { description: 'the key that this one was made from by a rotation' }),
  bootstrap: Type.Boolean(),
});
const NewKeySchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    role: RoleName,
    user_id: Type.Optional(Type.Union([ExternalId, Type.Null()])),
    teams: Type.Optional(Type.Array(ExternalId, { maxItems: 100 })),
    organizations: Type.Optional(Type.Array(ExternalId, { maxItems: 100 })),
    expires_in: Type.Optional(DurationSchema),
  },
  { additionalProperties: false },
);
const KeyWithText = Type.Composite([KeySchema, Type.Object({ key: Text })]);

const DAY_MS = 86_400_000;
/** Ten years: a key that must live longer has no end at all. */
const LONGEST_LIFE_MS = 3_660 * DAY_MS;
const LONGEST_OVERLAP_MS = 365 * DAY_MS;

export interface KeyRouteDeps {
  readonly keys: AccessKeys;
  readonly roles: Roles;
  readonly vault: Vault;
  /** How long a replaced key works on when the request does not say. */
  readonly overlapDays: () => number;
}

// Keys are managed while the tenant is read-only too: a leaked key cannot wait. So none of these `writes`.
export const keyRoutes = (deps: KeyRouteDeps): readonly Route[] => [
  createKey(deps),
  listKeys(deps),
  getKey(deps),
  revokeKey(deps),
  rotateKey(deps),
];

const SHARED = { permission: 'keys.manage', writes: false } as const;

const createKey = ({ keys, roles }: KeyRouteDeps): Route =>
  defineRoute({
    ...SHARED,
    method: 'POST',
    path: '/api/v1/keys',
    operation: 'createKey',
    summary: 'Make a key; its text is shown once',
    idempotencyKey: 'refused',
    body: NewKeySchema,
    responses: { 201: KeyWithText },
    handle: async ({ body, principal }) => {
      await checkRole(roles, principal, body.role);
      const { name, role, user_id, teams = [], organizations = [], expires_in } = body;
      const userId = user_id ?? null;
      if (role === 'user' && userId === null) {
        const detail = 'a key of the role user belongs to a person';
        const errors = [{ pointer: '/user_id', code: 'required', detail }];
        throw problem('user_required', 'A key of the role user needs user_id.', {
          remedy: 'Name in user_id the person that the key is for, or choose the role service.',
          errors,
        });
      }
      const expiresAt = expiryAfter(expires_in);
      const key = await keys.create(principal, { name, role, userId, teams, organizations, expiresAt });
      return { status: 201, body: key, headers: { Location: `/api/v1/keys/${key.id}` } };
    },
  });

const expiryAfter = (text: string | undefined): Date | null => {
  if (text === undefined) return null;
  const ms = readDuration(text, '/expires_in', LONGEST_LIFE_MS);
  if (ms > 0) return new Date(Date.now() + ms);
  const errors = [{ pointer: '/expires_in', code: 'minimum', detail: `/expires_in is ${text}; at least 1s` }];
  throw problem('invalid_request', 'A key that has expired when it is made is of no use.', { errors });
};

const checkRole = async (roles: Roles, by: Principal, role: Role): Promise<void> => {
  const permissions = await roles.permissionsOf(role);
  if (permissions !== undefined) return requireCovered(by, permissions, `a key of the role ${role}`);
  const names = (await roles.list()).map(({ name }) => name).join(', ');
  throw problem('invalid_request', `The role ${role} is not known.`, {
    remedy: 'Use one of the roles, or make it first: PUT /api/v1/roles/{name}.',
    errors: [{ pointer: '/role', code: 'enum', detail: `/role must be one of ${names}` }],
  });
};

const ListQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
    cursor: Type.Optional(Type.String({ maxLength: 500 })),
    count: Type.Optional(Type.Boolean({ default: false })),
  },
  { additionalProperties: false },
);

const listKeys = ({ keys, vault }: KeyRouteDeps): Route =>
  defineRoute({
    ...SHARED,
    method: 'GET',
    path: '/api/v1/keys',
    operation: 'listKeys',
    summary: 'List keys, oldest first, never their text',
    query: ListQuery,
    responses: {
      200: Type.Object({
        results: Type.Array(KeySchema),
        next_cursor: NullableText,
        count: Type.Optional(Type.Integer()),
      }),
    },
    handle: async ({ query, principal }) => {
      const list = { key: principal.keyId, of: 'keys' };
      const after = decodeCursor(vault, list, query.cursor);
      const { keys: results, last } = await keys.list({ after, limit: query.limit ?? 50 });
      const next_cursor = last === null ? null : encodeCursor(vault, list, last);
      return { status: 200, body: { results, next_cursor, ...(query.count ? { count: await keys.count() } : {}) } };
    },
  });

const getKey = ({ keys }: KeyRouteDeps): Route =>
  defineRoute({
    ...SHARED,
    method: 'GET',
    path: '/api/v1/keys/{id}',
    operation: 'getKey',
    summary: 'One key, without its text',
    responses: { 200: KeySchema },
    handle: async ({ params }) => ({ status: 200, body: await keys.find(params.id as string) }),
  });

const revokeKey = ({ keys }: KeyRouteDeps): Route =>
  defineRoute({
    ...SHARED,
    method: 'DELETE',
    path: '/api/v1/keys/{id}',
    operation: 'revokeKey',
    summary: 'Revoke a key: at once here, within a second in every replica',
    responses: { 200: KeySchema },
    handle: async ({ params, principal }) => ({ status: 200, body: await keys.revoke(principal, params.id as string) }),
  });

const RotateSchema = Type.Object(
  {
    overlap: Type.Optional(DurationSchema),
    name: Type.Optional(
      Type.String({ minLength: 1, maxLength: 200, description: 'of the new key; that of the old one when left out' }),
    ),
  },
  { additionalProperties: false },
);

const rotateKey = ({ keys, roles, overlapDays }: KeyRouteDeps): Route =>
  defineRoute({
    ...SHARED,
    method: 'POST',
    path: '/api/v1/keys/{id}/rotate',
    operation: 'rotateKey',
    summary: 'Replace a key by a new one of the same rights; the old one works on for the overlap, 0s ends it at once',
    idempotencyKey: 'refused',
    body: RotateSchema,
    responses: { 201: Type.Composite([KeyWithText, Type.Object({ replaced: KeySchema })]) },
    handle: async ({ params, body, principal }) => {
      const overlap = body.overlap ?? `${overlapDays()}d`;
      const overlapMs = readDuration(overlap, '/overlap', LONGEST_OVERLAP_MS);
      const id = params.id as string;
      const { role } = await keys.find(id);
      requireCovered(principal, (await roles.permissionsOf(role)) ?? [], `a key of the role ${role}`);
      const key = await keys.rotate(principal, id, overlapMs, body.name);
      return { status: 201, body: key, headers: { Location: `/api/v1/keys/${key.id}` } };
    },
  });
