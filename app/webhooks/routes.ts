import { Type } from '@sinclair/typebox';
import type { Core } from '../core.js';
import { typeTrouble } from '../events/types.js';
import { problem } from '../http/errors.js';
import { defineRoute, type Route } from '../http/route.js';
import { decodeCursor, encodeCursor } from '../memories/cursor.js';
import { formatTime } from '../memories/time.js';
import { SECRET_PATTERN } from './signature.js';
import { DELIVERY_STATUSES, type DeliveryRow, replayDelivery, selectDeliveries } from './store.js';
import type { WebhookDraft, Webhooks } from './webhooks.js';

const NullableText = Type.Union([Type.String(), Type.Null()]);
const Name = Type.Union([Type.String({ minLength: 1, maxLength: 256 }), Type.Null()]);
const Url = Type.String({ minLength: 1, maxLength: 2048 });
const EventTypes = Type.Array(
  Type.String({ minLength: 1, maxLength: 60, description: 'memory.created, memory.*, or * for all' }),
  { minItems: 1, maxItems: 50, uniqueItems: true },
);
const Secret = Type.String({
  pattern: SECRET_PATTERN,
  description: 'whsec_ and 24 to 64 bytes in base64; made for you if left out, and shown once',
});

const DraftSchema = Type.Object(
  {
    name: Type.Optional(Name),
    url: Url,
    event_types: EventTypes,
    secret: Type.Optional(Secret),
    active: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
const ChangeSchema = Type.Partial(DraftSchema, { additionalProperties: false, minProperties: 1 });

const WebhookSchema = Type.Object({
  id: Type.String(),
  name: NullableText,
  url: Type.String(),
  event_types: Type.Array(Type.String()),
  active: Type.Boolean(),
  created_at: Type.String(),
  updated_at: Type.String(),
  secret: Type.Optional(Type.String()),
});
const DeliverySchema = Type.Object({
  id: Type.String(),
  seq: Type.Integer(),
  type: Type.String(),
  status: Type.String(),
  attempts: Type.Integer(),
  response: Type.Union([Type.Integer(), Type.Null()]),
  error: NullableText,
  created_at: Type.String(),
  next_at: NullableText,
  finished_at: NullableText,
});
const PageSchema = Type.Object(
  {
    limit: Type.Integer({ default: 50, minimum: 1, maximum: 500 }),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
  },
  { additionalProperties: false },
);

const COLLECTION = '/api/v1/webhooks';
const ONE = '/api/v1/webhooks/{id}';
const read = { permission: 'webhooks.manage', writes: false } as const;
const write = { permission: 'webhooks.manage', writes: true } as const;

export const webhookRoutes = (core: Pick<Core, 'db' | 'vault'>, webhooks: Webhooks): readonly Route[] => [
  defineRoute({
    ...{ ...read, method: 'GET', path: COLLECTION, operation: 'listWebhooks', summary: 'All webhooks' },
    responses: { 200: Type.Object({ results: Type.Array(WebhookSchema), next_cursor: Type.Null() }) },
    handle: async () => ({ status: 200, body: { results: await webhooks.list(), next_cursor: null } }),
  }),
  defineRoute({
    ...{ ...write, method: 'POST', path: COLLECTION, operation: 'createWebhook' },
    summary: 'Be told of what happens, by requests signed as Standard Webhooks says; the secret is shown once',
    idempotencyKey: 'refused',
    body: DraftSchema,
    responses: { 201: WebhookSchema },
    handle: async ({ principal, body }) => {
      demandTypes(body.event_types);
      const webhook = await webhooks.create(principal, body as WebhookDraft);
      return { status: 201, body: webhook, headers: { Location: `${COLLECTION}/${webhook.id}` } };
    },
  }),
  defineRoute({
    ...{ ...read, method: 'GET', path: ONE, operation: 'getWebhook', summary: 'One webhook, without its secret' },
    responses: { 200: WebhookSchema },
    handle: async ({ params }) => ({ status: 200, body: await webhooks.find(params.id as string) }),
  }),
  ...changeRoutes(webhooks),
  ...deliveryRoutes(core, webhooks),
];

const changeRoutes = (webhooks: Webhooks): readonly Route[] => [
  ...(['PATCH', 'PUT'] as const).map((method) =>
    defineRoute({
      ...{ ...write, method, path: ONE, operation: `${method === 'PUT' ? 'replace' : 'change'}Webhook` },
      summary: 'Change a webhook; a secret that is replaced signs beside the new one for a day',
      idempotencyKey: 'refused',
      body: method === 'PUT' ? DraftSchema : ChangeSchema,
      responses: { 200: WebhookSchema },
      handle: async ({ params, body }) => {
        demandTypes(body.event_types ?? []);
        return { status: 200, body: await webhooks.change(params.id as string, body as Partial<WebhookDraft>) };
      },
    }),
  ),
  defineRoute({
    ...{ ...write, method: 'DELETE', path: ONE, operation: 'deleteWebhook', summary: 'Be told no more' },
    responses: { 200: WebhookSchema },
    handle: async ({ params }) => ({
      status: 200,
      body: await webhooks.remove(params.id as string),
    }),
  }),
];

const demandTypes = (types: readonly string[]): void => {
  const errors = types.flatMap((type, index) => {
    const detail = typeTrouble(type);
    return detail === undefined ? [] : [{ pointer: `/event_types/${index}`, code: 'types', detail }];
  });
  if (errors.length > 0) throw problem('invalid_request', `The body is not valid: ${errors[0]?.detail}.`, { errors });
};

const deliveryRoutes = ({ db, vault }: Pick<Core, 'db' | 'vault'>, webhooks: Webhooks): readonly Route[] => [
  defineRoute({
    ...{ ...read, method: 'GET', path: `${ONE}/deliveries`, operation: 'listDeliveries' },
    summary: 'What was sent to a webhook and what it answered, the newest first; kept for 30 days',
    query: PageSchema,
    responses: { 200: Type.Object({ results: Type.Array(DeliverySchema), next_cursor: NullableText }) },
    handle: async ({ params, query }) => {
      const { id } = await webhooks.find(params.id as string);
      const list = { deliveries: id };
      const after = decodeCursor(vault, list, query.cursor);
      const rows = await selectDeliveries(db, id, { after, limit: query.limit + 1 });
      const page = rows.slice(0, query.limit);
      const last = rows.length > query.limit ? page.at(-1) : undefined;
      const position = last && { createdAt: last.created_at.toISOString(), id: last.id };
      const next_cursor = position ? encodeCursor(vault, list, position) : null;
      return { status: 200, body: { results: page.map(describe), next_cursor } };
    },
  }),
  defineRoute({
    ...{ ...write, method: 'POST', path: `${ONE}/deliveries/{delivery}/replay`, operation: 'replayDelivery' },
    summary: 'Send it once more, with all its tries before it',
    responses: { 200: DeliverySchema },
    handle: async ({ params }) => {
      const row = await replayDelivery(db, params.id as string, params.delivery as string);
      if (!row) throw problem('not_found', `There is no delivery ${params.delivery} of this webhook.`);
      return { status: 200, body: describe(row) };
    },
  }),
];

const describe = (row: DeliveryRow) => ({
  ...{ id: row.id, seq: row.seq, type: row.type, status: DELIVERY_STATUSES[row.status] ?? 'failed' },
  ...{ attempts: row.attempts, response: row.response, error: row.error },
  created_at: formatTime(row.created_at),
  next_at: row.status === 0 ? formatTime(row.run_at) : null,
  finished_at: row.finished_at ? formatTime(row.finished_at) : null,
});
