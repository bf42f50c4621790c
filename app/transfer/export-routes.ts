import { type Static, Type } from '@sinclair/typebox';
import { isAllowed, type Principal } from '../access/principal.js';
import type { Core } from '../core.js';
import { problem } from '../http/errors.js';
import type { Json } from '../http/json.js';
import { prefersAsync } from '../http/prefer.js';
import { type ApiRequest, type ApiResponse, defineRoute, type Route } from '../http/route.js';
import { JobSchema } from '../jobs/routes.js';
import { ExternalId, literals } from '../memories/schema.js';
import type { Caller } from '../memories/service.js';
import { type ExportDeps, exportLines, INCLUDES } from './export.js';
import { MEDIA_TYPE } from './format.js';
import { findFile, readFile } from './parts.js';
import { readsWholeTenant, resolveSubject, type Subject } from './subject.js';

export const EXPORT_JOB = 'export';
const TENANT_SLOT = 0;

export const ExportSchema = Type.Object(
  {
    user_id: Type.Optional(ExternalId),
    filters: Type.Optional(Type.Unknown({ description: 'the filter language; see the guide to search' })),
    include: Type.Optional(Type.Array(literals(INCLUDES), { maxItems: 3, uniqueItems: true })),
  },
  { additionalProperties: false },
);
export type ExportAsked = Static<typeof ExportSchema>;
const FileSchema = Type.String({ contentMediaType: MEDIA_TYPE, description: 'a line of JSON each; see the guide' });

export const exportRoutes = (core: Core, deps: ExportDeps): readonly Route[] => {
  const turns = createTurns();
  return [
    defineRoute({
      ...{ method: 'POST', path: '/api/v1/export', operation: 'exportMemories', permission: 'export', writes: false },
      summary: 'Everything of a person, or of the tenant, as one file; Prefer: respond-async makes it as a job',
      body: ExportSchema,
      responses: { 200: FileSchema, 202: JobSchema },
      handle: (request) => (prefersAsync(request.headers) ? later(core, deps, request) : now(deps, turns, request)),
    }),
    defineRoute({
      ...{ method: 'GET', path: '/api/v1/exports/{id}', operation: 'getExport', permission: 'export', writes: false },
      summary: 'The file of an export that a job made; it is there for a day',
      responses: { 200: FileSchema },
      handle: async ({ principal, params }) => {
        const id = params.id as string;
        const owner = await findFile(core.db, id);
        if (!owner || !mayFetch(principal, owner.userRef)) throw problem('not_found', `There is no export ${id}.`);
        await core.audit.observe({ type: 'data.export', code: 'fetched', resource: { kind: 'export', id } });
        return { status: 200, headers: HEADERS, stream: () => readFile(core.db, core.vault, id) };
      },
    }),
  ];
};

const HEADERS = { 'Content-Type': MEDIA_TYPE, 'Content-Disposition': 'attachment; filename="memories.ndjson"' };

const mayFetch = (principal: Principal, userRef: string | null): boolean =>
  principal.userId === null ? readsWholeTenant(principal) : userRef === principal.userRef;

const now = async (deps: ExportDeps, turns: Turns, request: ApiRequest<unknown, ExportAsked>): Promise<ApiResponse> => {
  const { include = [], filters } = request.body;
  const subject = await resolveExport(deps, request, request.body);
  const done = turns.take();
  return {
    status: 200,
    headers: HEADERS,
    stream: (signal) => {
      // Comes when the answer is out as well as when the client went.
      signal.addEventListener('abort', done, { once: true });
      return exportLines(deps, subject, { include, filters }, signal);
    },
  };
};

/** What can be refused is refused before a byte goes out, and that it was asked for is in the log. */
export const resolveExport = async (deps: ExportDeps, caller: Caller, asked: ExportAsked): Promise<Subject> => {
  const { include = [], filters, user_id: userId = null } = asked;
  if (include.includes('audit') && !isAllowed(caller.principal, 'audit.read')) {
    throw problem('forbidden', 'Events of the audit log are for whoever may read it.', {
      remedy: 'Leave "audit" out of include, or use a key with audit.read.',
      errors: [{ pointer: '/include', code: 'forbidden', detail: 'audit needs the permission audit.read' }],
    });
  }
  const subject = await resolveSubject(deps, caller, { userId, filters });
  await deps.audit.record(deps.db, {
    type: 'data.export',
    code: subject.userId === null ? 'tenant' : 'user',
    slot: subject.person?.slot ?? null,
    detail: { include: [...include], filters: (filters ?? null) as Json },
  });
  return subject;
};

const later = async (
  core: Core,
  deps: ExportDeps,
  { principal, headers, body }: ApiRequest<unknown, ExportAsked>,
): Promise<ApiResponse> => {
  const { userId, person } = await resolveSubject(
    deps,
    { principal, headers },
    {
      userId: body.user_id ?? null,
      filters: body.filters,
    },
  );
  if (principal.userId === null && !readsWholeTenant(principal)) {
    throw problem('forbidden', 'A file that waits to be fetched is for keys that may read the whole tenant.', {
      remedy: 'Leave Prefer out: the export comes as the answer. Or use a key with retrieve and retrieve.all.',
    });
  }
  const owner = { slot: person?.slot ?? TENANT_SLOT, userRef: person?.ref ?? null };
  const named = userId === null ? {} : { user_id: userId };
  const input = { transfer: core.newId(), owner, asked: { ...body, ...named } } as unknown as Json;
  const job = await core.jobs.enqueue(core.db, { kind: EXPORT_JOB, principal, ...owner, input });
  return { status: 202, body: job, headers: { Location: `/api/v1/jobs/${job.id}` } };
};

/** Each holds a connection for as long as its client reads: most must be left for everybody else. */
const MOST_AT_ONCE = 2;
interface Turns {
  take(): () => void;
}
const createTurns = (): Turns => {
  let taken = 0;
  return {
    take: () => {
      if (taken >= MOST_AT_ONCE) {
        throw problem('rate_limited', `${MOST_AT_ONCE} exports are under way in this replica already.`, {
          remedy: 'Wait as many seconds as Retry-After says, or send Prefer: respond-async.',
          headers: { 'Retry-After': '5' },
        });
      }
      taken++;
      let open = true;
      return () => {
        if (open) taken--;
        open = false;
      };
    },
  };
};
