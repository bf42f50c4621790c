import { Type } from '@sinclair/typebox';
import type { Core } from '../core.js';
import { defineRoute, type Route } from '../http/route.js';
import { decodeCursor, encodeCursor } from '../memories/cursor.js';
import type { Job } from './jobs.js';
import { JOB_STATUSES } from './store.js';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const StatusSchema = Type.Unsafe<(typeof JOB_STATUSES)[number]>({ type: 'string', enum: [...JOB_STATUSES] });

export const JobSchema = Type.Object({
  id: Type.String(),
  kind: Type.String(),
  status: StatusSchema,
  progress: Type.Object({ total: Type.Integer(), done: Type.Integer(), failed: Type.Integer() }),
  result: Type.Optional(Type.Unknown()),
  error: Type.Optional(Type.Object({ code: Type.String(), detail: Type.String(), remedy: Type.String() })),
  created_at: Type.String(),
  started_at: NullableText,
  finished_at: NullableText,
});

const QuerySchema = Type.Object(
  {
    status: Type.Optional(StatusSchema),
    limit: Type.Integer({ default: 50, minimum: 1, maximum: 1000 }),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
  },
  { additionalProperties: false },
);

export const jobRoutes = ({ jobs, vault }: Pick<Core, 'jobs' | 'vault'>): readonly Route[] => [
  defineRoute({
    ...{ method: 'GET', path: '/api/v1/jobs', operation: 'listJobs', permission: 'retrieve', writes: false },
    summary: 'Jobs, the newest first',
    query: QuerySchema,
    responses: { 200: Type.Object({ results: Type.Array(JobSchema), next_cursor: NullableText }) },
    handle: async ({ principal, query }) => {
      const list = { jobs: principal.keyId, status: query.status ?? null };
      const after = decodeCursor(vault, list, query.cursor);
      const status = query.status === undefined ? null : JOB_STATUSES.indexOf(query.status);
      const found = await jobs.list(principal, { status, after, limit: query.limit + 1 });
      const results = found.slice(0, query.limit);
      const last = found.length > query.limit ? results.at(-1) : undefined;
      const next_cursor = last ? encodeCursor(vault, list, positionOf(last)) : null;
      return { status: 200, body: { results, next_cursor } };
    },
  }),
  defineRoute({
    ...{ method: 'GET', path: '/api/v1/jobs/{id}', operation: 'getJob', permission: 'retrieve', writes: false },
    summary: 'One job: how far it is, and what came of it',
    responses: { 200: JobSchema },
    handle: async ({ principal, params }) => ({ status: 200, body: await jobs.find(principal, params.id as string) }),
  }),
  defineRoute({
    ...{ method: 'POST', path: '/api/v1/jobs/{id}/cancel', operation: 'cancelJob', permission: 'retrieve' },
    summary: 'Stop a job; what it has done stays done. A job that has ended is answered as it is',
    writes: true,
    responses: { 200: JobSchema },
    handle: async ({ principal, params }) => ({ status: 200, body: await jobs.cancel(principal, params.id as string) }),
  }),
  defineRoute({
    ...{ method: 'POST', path: '/api/v1/jobs/{id}/retry', operation: 'retryJob', permission: 'retrieve' },
    summary: 'Begin a job again that failed, was cancelled or was done in part',
    writes: true,
    responses: { 200: JobSchema },
    handle: async ({ principal, params }) => ({ status: 200, body: await jobs.retry(principal, params.id as string) }),
  }),
];

const positionOf = ({ created_at, id }: Job) => ({ createdAt: new Date(created_at).toISOString(), id });
