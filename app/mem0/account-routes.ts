import { Type } from '@sinclair/typebox';
import { problem } from '../http/errors.js';
import { type ApiResponse, defineRoute, type Route } from '../http/route.js';
import { changeProject, PingSchema, type Project, ProjectSchema, pickFields, ping, readProject } from './account.js';
import type { Mem0Deps } from './add.js';
import { MEM0 } from './dialect.js';
import { allEntities, EntityPageSchema, totalsOf } from './entities.js';
import { EventSchema, findEvent, listEvents } from './events.js';
import { createExport, getExport } from './exports.js';
import { HookSchema, type Hooks } from './hooks.js';
import * as schema from './schema.js';
import { buildPage, pageSchema } from './shape.js';
import { readEntity, sweepEntities, toldOf } from './sweep.js';

const READS = { dialect: MEM0, permission: 'retrieve', writes: false } as const;
const DELETES = { dialect: MEM0, permission: 'delete', writes: true } as const;
const EXPORTS = { dialect: MEM0, permission: 'export', writes: false } as const;
const ok = (body: unknown): ApiResponse => ({ status: 200, body });
const PAGE_SIZE = 100;

/** What the clients of mem0's platform do beside memories. */
export const hostedAccountRoutes = (deps: Mem0Deps, hooks: Hooks): readonly Route[] => [
  defineRoute({
    ...{ ...READS, permission: 'any', method: 'GET', path: '/v1/ping', operation: 'mem0Ping' },
    summary: 'mem0: what its clients ask for when they are made',
    responses: { 200: PingSchema },
    handle: async (request) => ok(ping(deps.core, request)),
  }),
  ...eventRoutes(deps),
  ...entityRoutes(deps),
  ...exportRoutes(deps),
  ...hookRoutes(hooks),
  ...projectRoutes(deps),
  ...profileRoutes(),
];

const eventRoutes = ({ core }: Mem0Deps): readonly Route[] => [
  defineRoute({
    ...{ ...READS, method: 'GET', path: '/v1/event/{id}', textParams: ['id'], operation: 'mem0Event' },
    summary: 'mem0: what came of a request that wrote or deleted',
    responses: { 200: EventSchema },
    handle: async (request) => ok(await findEvent(core, request, request.params.id ?? '')),
  }),
  defineRoute({
    ...{ ...READS, method: 'GET', path: '/v1/events', operation: 'mem0Events' },
    summary: 'mem0: requests that wrote or deleted, the newest first',
    query: schema.PageQuery,
    responses: { 200: pageSchema(EventSchema) },
    handle: async (request) => {
      const asked = { page: request.query.page ?? 1, size: request.query.page_size ?? 50 };
      return ok(await listEvents(core, request, asked, '/v1/events/'));
    },
  }),
];

const entityRoutes = (deps: Mem0Deps): readonly Route[] => [
  defineRoute({
    ...{ ...READS, method: 'GET', path: '/v1/entities', operation: 'mem0Entities' },
    summary: 'mem0: users, agents, applications and runs',
    query: schema.PageQuery,
    responses: { 200: EntityPageSchema },
    handle: async (request) => {
      const all = await allEntities(deps.core, request);
      const asked = { page: request.query.page ?? 1, size: request.query.page_size ?? PAGE_SIZE };
      const owner = ping(deps.core, request).org_id;
      const shown = all.slice((asked.page - 1) * asked.size, asked.page * asked.size);
      const results = shown.map((entity) => ({ ...entity, name: entity.id, owner, metadata: {} }));
      const base = `${deps.core.config.MEMPLANE_PUBLIC_URL ?? ''}/v1/entities/`;
      return ok({ ...buildPage(base, asked, all.length, results), ...totalsOf(all) });
    },
  }),
  ...(['v1', 'v2'] as const).map((version) =>
    defineRoute({
      ...{ ...DELETES, method: 'DELETE', path: `/${version}/entities/{type}/{name}`, textParams: ['type', 'name'] },
      operation: `mem0DeleteEntity${version.toUpperCase()}`,
      summary: 'mem0: delete all memories of one user, agent, application or run',
      responses: { 200: schema.ToldEvent },
      handle: async (request) => {
        const names = readEntity(request.params.type, request.params.name);
        return ok(toldOf('Entity deleted successfully!', await sweepEntities(deps, request, names)));
      },
    }),
  ),
];

const exportRoutes = (deps: Mem0Deps): readonly Route[] => [
  defineRoute({
    ...{ ...EXPORTS, method: 'POST', path: '/v1/exports', operation: 'mem0CreateExport' },
    summary: 'mem0: make of memories a document as a JSON schema wants it',
    body: schema.ExportBody,
    responses: { 201: Type.Object({ message: Type.String(), id: Type.String() }) },
    handle: async (request) => ({ status: 201, body: await createExport(deps, request, request.body) }),
  }),
  defineRoute({
    ...{ ...EXPORTS, method: 'POST', path: '/v1/exports/get', operation: 'mem0GetExport' },
    summary: 'mem0: the document, by its id or as the newest of its filters',
    body: schema.ExportAskBody,
    responses: { 200: Type.Unknown() },
    handle: async (request) => ok(await getExport(deps, request, request.body)),
  }),
];

const MANAGES = { dialect: MEM0, permission: 'webhooks.manage' } as const;
const HOOKS = { path: '/api/v1/webhooks/projects/{project}', textParams: ['project'] } as const;
/** `/api/v1/webhooks/{id}/` comes here by its slash; see feature.ts. */
export const HOOK = '/v1/webhooks/{id}';

const hookRoutes = (hooks: Hooks): readonly Route[] => [
  defineRoute({
    ...{ ...MANAGES, ...HOOKS, method: 'GET', writes: false, operation: 'mem0Webhooks', summary: 'mem0: webhooks' },
    responses: { 200: Type.Array(HookSchema) },
    handle: async (request) => ok(await hooks.list(request)),
  }),
  defineRoute({
    ...{ ...MANAGES, ...HOOKS, method: 'POST', writes: true, operation: 'mem0CreateWebhook' },
    summary: 'mem0: make a webhook; its secret is shown once',
    idempotencyKey: 'refused',
    body: schema.HookBody,
    responses: { 201: HookSchema },
    handle: async (request) => ({ status: 201, body: await hooks.create(request, request.body) }),
  }),
  defineRoute({
    ...{ ...MANAGES, method: 'PUT', path: HOOK, textParams: ['id'], writes: true, operation: 'mem0UpdateWebhook' },
    summary: 'mem0: change a webhook; its clients call it /api/v1/webhooks/{id}/',
    body: schema.HookBody,
    responses: { 200: schema.Told },
    handle: async (request) => ok(await hooks.change(request.params.id, request.body)),
  }),
  defineRoute({
    ...{ ...MANAGES, method: 'DELETE', path: HOOK, textParams: ['id'], writes: true, operation: 'mem0DeleteWebhook' },
    summary: 'mem0: delete a webhook; its clients call it /api/v1/webhooks/{id}/',
    responses: { 200: schema.Told },
    handle: async (request) => ok(await hooks.remove(request.params.id)),
  }),
];

/** Whatever they are called: the credential says whose they are. */
const PROJECT = {
  dialect: MEM0,
  path: '/api/v1/orgs/organizations/{org}/projects/{project}',
  textParams: ['org', 'project'],
} as const;

const projectRoutes = ({ core }: Mem0Deps): readonly Route[] => [
  defineRoute({
    ...{ ...PROJECT, method: 'GET', permission: 'retrieve', writes: false, operation: 'mem0Project' },
    summary: "mem0: the project's settings",
    repeatable: ['fields'],
    query: schema.FieldsQuery,
    responses: { 200: ProjectSchema },
    handle: async (request) => ok(pickFields(await readProject(core), request.query.fields)),
  }),
  defineRoute({
    ...{ ...PROJECT, method: 'PATCH', permission: 'admin', writes: true, operation: 'mem0UpdateProject' },
    summary: "mem0: change the project's settings",
    body: schema.ProjectBody,
    responses: { 200: ProjectSchema },
    handle: async ({ body }) => {
      const { custom_instructions, custom_categories } = body as Partial<Project>;
      const change = {
        ...(custom_instructions === undefined ? {} : { custom_instructions }),
        ...(custom_categories === undefined ? {} : { custom_categories }),
      };
      return ok(await (Object.keys(change).length > 0 ? changeProject(core, change) : readProject(core)));
    },
  }),
];

const Profile = Type.Record(Type.String(), Type.Unknown());

/** Clients 3.3 ask for profiles that a model writes. There are none here, and the answers say so. */
const profileRoutes = (): readonly Route[] => [
  defineRoute({
    ...{
      ...READS,
      method: 'GET',
      path: '/v2/entities/user/{id}/profile',
      textParams: ['id'],
      operation: 'mem0Profile',
    },
    summary: 'mem0: the profile of a user, which is never enabled here',
    responses: { 200: Profile },
    handle: async ({ params }) =>
      ok({
        ...{ profile: {}, status: 'not_enabled', entity_type: 'user', entity_id: params.id },
        ...{ updated_at: null, generation_count: 0, error: null },
      }),
  }),
  defineRoute({
    ...{ ...READS, method: 'GET', path: '/v2/profiles/settings', operation: 'mem0ProfileSettings' },
    summary: 'mem0: the settings of profiles, which are never enabled here',
    responses: { 200: Profile },
    handle: async () => ok({ enabled: false, entities: {}, capabilities: {} }),
  }),
  ...(['/v2/profiles/settings', '/v2/profiles/jobs'] as const).map((path) =>
    defineRoute({
      ...{ ...READS, method: 'POST', path, operation: path.endsWith('jobs') ? 'mem0ProfileJob' : 'mem0SetProfiles' },
      summary: 'mem0: profiles are not supported',
      responses: { 200: Profile },
      handle: async () => {
        throw problem('not_supported', 'Profiles are not supported.', {
          remedy: 'Ask POST /v1/exports/ for a document by schema, or POST /api/v1/context for a text about a person.',
        });
      },
    }),
  ),
];
