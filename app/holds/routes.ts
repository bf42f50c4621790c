import { type Static, Type } from '@sinclair/typebox';
import { problem } from '../http/errors.js';
import { type ApiResponse, defineRoute, type Route } from '../http/route.js';
import { TIME } from '../http/validate.js';
import { problemAt } from '../memories/plan.js';
import { ExternalId, literals, type Memory, MemorySchema, Uuid } from '../memories/schema.js';
import type { MemoryServiceDeps } from '../memories/service.js';
import { readTime } from '../memories/time.js';
import {
  freeMemory,
  getHold,
  type Hold,
  holdMemory,
  listHolds,
  type NewHold,
  placeHold,
  releaseHold,
} from './service.js';
import { HOLD_SCOPES } from './store.js';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const Words = Type.String({ minLength: 1, maxLength: 500 });
const NewHoldSchema = {
  matter: Type.String({
    minLength: 1,
    maxLength: 200,
    description: 'the case; named to whoever is refused because of it',
  }),
  reason: Words,
  until: Type.Optional(Type.Union([Type.String({ pattern: TIME }), Type.Null()])),
};
const MemoryHoldSchema = Type.Object(NewHoldSchema, { additionalProperties: false });
const PlaceSchema = Type.Object(
  {
    scope: literals(HOLD_SCOPES),
    memory_id: Type.Optional(Uuid),
    user_id: Type.Optional(ExternalId),
    ...NewHoldSchema,
  },
  { additionalProperties: false },
);

export const HoldSchema = Type.Object({
  id: Uuid,
  scope: literals(HOLD_SCOPES),
  memory_id: NullableText,
  user_id: NullableText,
  matter: Type.String(),
  reason: Type.String(),
  standing: Type.Boolean(),
  placed_by: Type.String(),
  placed_at: Type.String(),
  until: NullableText,
  released_by: NullableText,
  released_at: NullableText,
  genuine: Type.Boolean({ description: 'false when somebody else wrote the row; it stands then' }),
});

const ReleaseQuery = Type.Object({ reason: Type.Optional(Words) }, { additionalProperties: false });

export const holdRoutes = (deps: MemoryServiceDeps): readonly Route[] => [
  hold(deps),
  free(deps),
  list(deps),
  place(deps),
  get(deps),
  release(deps),
];

const hold = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'PUT',
    path: '/api/v1/memories/{id}/legal-hold',
    operation: 'holdMemory',
    summary: 'Place a legal hold on one memory',
    permission: 'hold.place',
    // A hold cannot wait for the tenant to be writable again.
    writes: false,
    body: MemoryHoldSchema,
    responses: { 200: MemorySchema },
    handle: async (request) =>
      withTag(await holdMemory(deps, request, request.params.id as string, readHold(request.body))),
  });

const free = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/memories/{id}/legal-hold',
    operation: 'releaseMemory',
    summary: 'Release the legal holds that were placed on one memory itself',
    permission: 'hold.release',
    writes: false,
    query: Type.Object(
      { matter: Type.Optional(NewHoldSchema.matter), reason: Type.Optional(Words) },
      { additionalProperties: false },
    ),
    responses: { 200: MemorySchema },
    handle: async (request) => {
      const { matter, reason = null } = request.query;
      return withTag(await freeMemory(deps, request, request.params.id as string, { matter, reason }));
    },
  });

const list = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/holds',
    operation: 'listHolds',
    summary: 'List legal holds, newest first',
    permission: 'hold.place',
    writes: false,
    query: Type.Object(
      {
        limit: Type.Integer({ default: 50, minimum: 1, maximum: 1000 }),
        cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
        standing: Type.Optional(Type.Boolean()),
      },
      { additionalProperties: false },
    ),
    responses: { 200: Type.Object({ results: Type.Array(HoldSchema), next_cursor: NullableText }) },
    handle: async (request) => ({ status: 200, body: await listHolds(deps, request, request.query) }),
  });

const place = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/holds',
    operation: 'placeHold',
    summary: 'Place a legal hold on a memory, on all of a person’s, or on the whole tenant',
    permission: 'hold.place',
    writes: false,
    idempotencyKey: 'honoured',
    body: PlaceSchema,
    responses: { 201: HoldSchema },
    handle: async (request) => {
      const { scope, memory_id: memoryId = null, user_id: userId = null } = request.body;
      demandTarget(scope, memoryId, userId);
      const target = { scope, memoryId: memoryId?.toLowerCase() ?? null, userId };
      const answer = (body: Hold) => ({ status: 201, body, headers: { Location: `/api/v1/holds/${body.id}` } });
      return answer(
        await placeHold(deps, request, target, readHold(request.body), (transaction, slot, placed) =>
          request.remember(transaction, slot, answer(placed)),
        ),
      );
    },
  });

const get = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/holds/{id}',
    operation: 'getHold',
    summary: 'Read one legal hold',
    permission: 'hold.place',
    writes: false,
    responses: { 200: HoldSchema },
    handle: async ({ params }) => ({ status: 200, body: await getHold(deps, params.id as string) }),
  });

const release = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'DELETE',
    path: '/api/v1/holds/{id}',
    operation: 'releaseHold',
    summary: 'Release a legal hold; its record stays',
    permission: 'hold.release',
    writes: false,
    query: ReleaseQuery,
    responses: { 200: HoldSchema },
    handle: async (request) => ({
      status: 200,
      body: await releaseHold(deps, request, request.params.id as string, request.query.reason ?? null),
    }),
  });

const withTag = (memory: Memory): ApiResponse => ({
  status: 200,
  body: memory,
  headers: { ETag: `"${memory.version}"` },
});

const readHold = ({ matter, reason, until }: Static<typeof MemoryHoldSchema>): NewHold => {
  const end = readTime('/until', until);
  if (end !== null && end <= new Date()) throw problemAt('invalid_request', '/until', 'until is in the past.');
  return { matter, reason, until: end };
};

/** Each scope needs its own target, and takes no other. */
const demandTarget = (scope: (typeof HOLD_SCOPES)[number], memoryId: string | null, userId: string | null): void => {
  const errors = [...wrong('/memory_id', scope === 'memory', memoryId), ...wrong('/user_id', scope === 'user', userId)];
  if (errors.length > 0)
    throw problem('invalid_request', `The hold and its target do not fit: ${errors[0]?.detail}.`, { errors });
};

const wrong = (pointer: string, isNeeded: boolean, value: string | null) => {
  if (isNeeded === (value !== null)) return [];
  const detail = isNeeded ? `${pointer} is required by this scope` : `${pointer} does not go with this scope`;
  return [{ pointer, code: isNeeded ? 'required' : 'unexpected', detail }];
};
