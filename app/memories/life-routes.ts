import { problem } from '../http/errors.js';
import { type ApiRequest, defineRoute, type Route } from '../http/route.js';
import { deleteMemories } from './bulk-delete.js';
import { updateMemories } from './bulk-update.js';
import { giveFeedback } from './feedback.js';
import {
  BulkDeletedSchema,
  BulkDeleteSchema,
  BulkUpdatedSchema,
  BulkUpdateSchema,
  FeedbackSchema,
  RevertedSchema,
  RevertSchema,
  SupersededSchema,
  SupersedeSchema,
} from './life-schema.js';
import { problemAt } from './plan.js';
import { revertWriter } from './revert.js';
import { type Memory, MemorySchema } from './schema.js';
import type { MemoryServiceDeps, Witness } from './service.js';
import { supersedeMemory } from './supersede.js';
import { readTime } from './time.js';

/** What happens to memories after they were written. */
export const lifeRoutes = (deps: MemoryServiceDeps): readonly Route[] => [
  supersede(deps),
  feedback(deps),
  bulkDelete(deps),
  bulkUpdate(deps),
  revert(deps),
];

/** What is told is the whole answer. */
const keepAnswer =
  <T>({ remember }: ApiRequest<unknown, unknown>): Witness<T> =>
  (transaction, slot, body) =>
    remember(transaction, slot, { status: 200, body });

const supersede = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/memories/{id}/supersede',
    operation: 'supersedeMemory',
    summary: 'Put another memory, or a new one, in the place of this one',
    permission: 'update',
    writes: true,
    idempotencyKey: 'honoured',
    conditions: ['If-Match'],
    body: SupersedeSchema,
    responses: { 200: SupersededSchema },
    handle: async (request) => {
      const { by, draft, evidence = [], reason = null } = request.body;
      if ((by === undefined) === (draft === undefined)) {
        throw problemAt('invalid_request', by === undefined ? '/by' : '/draft', 'Send either by or draft.');
      }
      const ids = [...new Set(evidence.map((id) => id.toLowerCase()))];
      const asked = { by: by?.toLowerCase(), draft, evidence: ids, reason, ifMatch: request.headers['if-match'] };
      const id = request.params.id as string;
      return { status: 200, body: await supersedeMemory(deps, request, id, asked, keepAnswer(request)) };
    },
  });

const feedback = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/memories/{id}/feedback',
    operation: 'giveFeedback',
    summary: 'Say whether a memory was of use',
    permission: 'update',
    writes: true,
    idempotencyKey: 'honoured',
    conditions: ['If-Match'],
    body: FeedbackSchema,
    responses: { 200: MemorySchema },
    handle: async (request) => {
      const { value, reason = null } = request.body;
      const options = { ifMatch: request.headers['if-match'], reason };
      const answer = (body: Memory) => ({ status: 200, body, headers: { ETag: `"${body.version}"` } });
      const id = request.params.id as string;
      return answer(
        await giveFeedback(deps, request, id, value, options, (transaction, slot, memory) =>
          request.remember(transaction, slot, answer(memory)),
        ),
      );
    },
  });

const bulkDelete = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/memories/delete',
    operation: 'deleteMemories',
    summary: 'Delete memories by ids or by a filter; a trial run says which',
    permission: 'delete',
    writes: true,
    idempotencyKey: 'honoured',
    body: BulkDeleteSchema,
    responses: { 200: BulkDeletedSchema },
    handle: async (request) => {
      const { dry_run: dryRun = false, max = 1000, reason = null, ...selection } = request.body;
      const asked = { ...selection, dryRun, max, reason };
      return { status: 200, body: await deleteMemories(deps, request, asked, keepAnswer(request)) };
    },
  });

const bulkUpdate = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/memories/update',
    operation: 'updateMemories',
    summary: 'Change up to 1,000 memories, a merge patch each',
    permission: 'update',
    writes: true,
    idempotencyKey: 'honoured',
    body: BulkUpdateSchema,
    responses: { 200: BulkUpdatedSchema },
    handle: async (request) => {
      const { updates, on_error: onError = 'abort', reason = null } = request.body;
      const options = { onError, reason };
      return { status: 200, body: await updateMemories(deps, request, updates, options, keepAnswer(request)) };
    },
  });

const revert = (deps: MemoryServiceDeps): Route =>
  defineRoute({
    method: 'POST',
    path: '/api/v1/memories/revert',
    operation: 'revertMemories',
    summary: 'Undo, as new versions, what one credential wrote in a stretch of time',
    permission: 'admin',
    writes: true,
    idempotencyKey: 'honoured',
    body: RevertSchema,
    responses: { 200: RevertedSchema },
    handle: async (request) => {
      const { principal, body } = request;
      if (principal.userId !== null) {
        throw problem('forbidden', 'A key that belongs to a person does not undo what others wrote.', {
          remedy: 'Use an admin key of the tenant.',
        });
      }
      const [from, to] = [readTime('/from', body.from), readTime('/to', body.to)];
      if (!from || !to || from > to) throw problemAt('invalid_request', '/to', 'to is before from.');
      const stretch = { writer: body.writer.toLowerCase(), from, to, reason: body.reason ?? null };
      return { status: 200, body: await revertWriter(deps, request, stretch, keepAnswer(request)) };
    },
  });
