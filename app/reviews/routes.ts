import { Type } from '@sinclair/typebox';
import { defineRoute, type Route } from '../http/route.js';
import { ExternalId, literals, MemorySchema, ScopeSchema, Uuid } from '../memories/schema.js';
import type { MemoryServiceDeps } from '../memories/service.js';
import { requestReview } from './promotion.js';
import { decide, getReview, listReviews } from './service.js';
import { KINDS, REVIEW_STATUSES } from './store.js';

const NullableText = Type.Union([Type.String(), Type.Null()]);

const ReviewSchema = Type.Object({
  id: Uuid,
  kind: literals(KINDS),
  status: literals(REVIEW_STATUSES),
  memory_id: Uuid,
  memory: Type.Union([MemorySchema, Type.Null()]),
  reasons: Type.Array(Type.String()),
  requested_by: Type.String(),
  created_at: Type.String(),
  decided_by: NullableText,
  decided_at: NullableText,
  decision_reason: NullableText,
});

export const reviewRoutes = (deps: MemoryServiceDeps): readonly Route[] => [
  list(deps),
  decideOne(deps),
  requestCuration(deps),
  requestPromotion(deps),
];

const list = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'GET',
    path: '/api/v1/reviews',
    operation: 'listReviews',
    summary: 'What waits for a second pair of eyes, oldest first',
    permission: 'review',
    writes: false,
    query: Type.Object(
      {
        status: Type.Optional(literals(REVIEW_STATUSES)),
        limit: Type.Integer({ default: 50, minimum: 1, maximum: 1000 }),
        cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
        count: Type.Optional(Type.Boolean()),
      },
      { additionalProperties: false },
    ),
    responses: {
      200: Type.Object({
        results: Type.Array(ReviewSchema),
        next_cursor: NullableText,
        count: Type.Optional(Type.Integer()),
      }),
    },
    handle: async (request) => ({ status: 200, body: await listReviews(deps, request, request.query) }),
  });

const decideOne = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/reviews/{id}',
    operation: 'decideReview',
    summary: 'Approve, reject or edit what waits; not by whoever wrote it',
    permission: 'review',
    writes: true,
    idempotencyKey: 'honoured',
    body: Type.Object(
      {
        decision: literals(['approve', 'reject', 'edit']),
        patch: Type.Optional(Type.Unknown({ description: 'with edit: a merge patch' })),
        reason: Type.String({ minLength: 1, maxLength: 500 }),
      },
      { additionalProperties: false },
    ),
    responses: { 200: ReviewSchema },
    handle: async (request) => {
      const { decision, patch, reason } = request.body;
      const id = request.params.id as string;
      const body = await decide(deps, request, id, { decision, patch, reason }, (transaction, slot, decided) =>
        request.remember(transaction, slot, { status: 200, body: decided }),
      );
      return { status: 200, body };
    },
  });

const Reason = Type.String({ minLength: 1, maxLength: 500 });

const requestCuration = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/memories/{id}/review',
    operation: 'requestReview',
    summary: 'Ask a second person to look at a memory, so that it becomes curated',
    permission: 'ingest',
    writes: true,
    body: Type.Object({ reason: Reason }, { additionalProperties: false }),
    responses: { 201: ReviewSchema },
    handle: async (request) => {
      const { reason } = request.body;
      const review = await requestReview(deps, request, request.params.id as string, 'curation', { reason });
      return { status: 201, body: await getReview(deps, request, review) };
    },
  });

const requestPromotion = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/memories/{id}/promote',
    operation: 'requestPromotion',
    summary: 'Ask a second person to let more people see a curated memory',
    permission: 'ingest',
    writes: true,
    body: Type.Object(
      {
        scope: ScopeSchema,
        team_id: Type.Optional(ExternalId),
        organization_id: Type.Optional(ExternalId),
        reason: Reason,
      },
      { additionalProperties: false },
    ),
    responses: { 201: ReviewSchema },
    handle: async (request) => {
      const { scope, team_id = null, organization_id = null, reason } = request.body;
      const wanted = { scope, team_id, organization_id, reason };
      const review = await requestReview(deps, request, request.params.id as string, 'promotion', wanted);
      return { status: 201, body: await getReview(deps, request, review) };
    },
  });
