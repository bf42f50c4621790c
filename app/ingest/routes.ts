import type { Core } from '../core.js';
import { inTransaction } from '../db/pool.js';
import type { Json } from '../http/json.js';
import { prefersAsync } from '../http/prefer.js';
import { type ApiRequest, type ApiResponse, defineRoute, type Route } from '../http/route.js';
import { JobSchema } from '../jobs/routes.js';
import { readUserHeader, resolveUserId } from '../tenancy/identity.js';
import { readMessages } from './conversation.js';
import { type IngestDeps, ingestConversation } from './ingest.js';
import { type Ingest, IngestResultSchema, IngestSchema } from './schema.js';

export const INGEST_JOB = 'ingest';

export const ingestRoutes = (core: Core, deps: IngestDeps): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: '/api/v1/memory/ingest',
    operation: 'ingestConversation',
    summary: 'Find in a conversation what is worth remembering, and store it; Prefer: respond-async does it as a job',
    permission: 'ingest',
    writes: true,
    idempotencyKey: 'honoured',
    body: IngestSchema,
    responses: { 201: IngestResultSchema, 200: IngestResultSchema, 202: JobSchema },
    handle: (request) => (prefersAsync(request.headers) ? later(core, request) : now(deps, request)),
  }),
];

const now = async (deps: IngestDeps, request: ApiRequest<unknown, Ingest>): Promise<ApiResponse> => {
  const { principal, headers, body, remember } = request;
  const result = await ingestConversation(deps, { principal, headers }, body, (transaction, answer) =>
    remember(transaction, TENANT_SLOT, answer),
  );
  return { status: body.dry_run ? 200 : 201, body: result };
};
/** SLOTS.tenant: an answer about several people belongs to none of them. */
const TENANT_SLOT = 0;

/** What can be refused is refused now; what is left to the job is the provider and the store. */
const later = async (core: Core, request: ApiRequest<unknown, Ingest>): Promise<ApiResponse> => {
  const { principal, headers, body, remember } = request;
  readMessages(body);
  const header = readUserHeader(headers);
  const userId = resolveUserId(principal, { explicit: body.user_id ?? null, header });
  const person = userId === null ? undefined : (await core.people.ensure(core.db, [userId])).get(userId);
  const slot = person?.slot ?? TENANT_SLOT;
  return inTransaction(core.db, async (transaction) => {
    const input = { ...body, ...(userId === null ? {} : { user_id: userId }) } as unknown as Json;
    const asked = { kind: INGEST_JOB, principal, slot, userRef: person?.ref ?? null, input };
    const job = await core.jobs.enqueue(transaction, asked);
    const answer = { status: 202, body: job, headers: { Location: `/api/v1/jobs/${job.id}` } };
    await remember(transaction, slot, answer);
    return answer;
  });
};
