import { Type } from '@sinclair/typebox';
import { selectLastArchive } from '../archive/store.js';
import type { Core } from '../core.js';
import { problem } from '../http/errors.js';
import { type ApiResponse, defineRoute, type Route } from '../http/route.js';
import { TIME, UUID } from '../http/validate.js';
import { readTime } from '../memories/time.js';
import { searchEvents, selectEventById } from './event-search.js';
import { presentEvents } from './event-view.js';
import { readProof } from './reader.js';
import { type CheckpointRow, selectEvents } from './store.js';
import { verifyData } from './verify-data.js';

export type AuditRouteDeps = Pick<Core, 'db' | 'vault' | 'audit' | 'memories'>;

const Time = Type.String({ pattern: TIME });
const EventsQuery = Type.Object(
  {
    actor: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: "a key's id" })),
    memory_id: Type.Optional(Type.String({ pattern: UUID })),
    type: Type.Optional(Type.String({ pattern: '^[a-z]+\\.[a-z_]+$', maxLength: 64 })),
    from: Type.Optional(Time),
    to: Type.Optional(Time),
    limit: Type.Integer({ default: 50, minimum: 1, maximum: 500 }),
    cursor: Type.Optional(Type.String({ pattern: '^(0|[1-9][0-9]{0,15})$' })),
  },
  { additionalProperties: false },
);

const NullableText = Type.Union([Type.String(), Type.Null()]);
const EventsAnswer = Type.Object({
  results: Type.Array(
    Type.Object({
      seq: Type.Integer(),
      hash: Type.String({ description: 'the leaf hash, base64' }),
      event: Type.Unknown({ description: 'what was hashed' }),
      detail: Type.Unknown(),
    }),
  ),
  next_cursor: NullableText,
});
const HeadAnswer = Type.Object({
  origin: Type.String(),
  vkey: Type.String({ description: 'a C2SP signed-note verifier key' }),
  size: Type.Integer(),
  seq: Type.Union([Type.Integer(), Type.Null()]),
  hash: NullableText,
  root: NullableText,
  checkpoint: NullableText,
  archived_through: Type.Union([Type.Integer(), Type.Null()], {
    description: 'how many events the last archive in the locked bucket holds',
  }),
  plane_key: Type.Union([Type.String(), Type.Null()], {
    description: 'the verifier key of the plane, when one signs checkpoints too',
  }),
});
const DataAnswer = Type.Object({
  checked: Type.Integer(),
  erased: Type.Integer({ description: 'nobody can open them any more' }),
  unlogged: Type.Integer({ description: 'written before there was a log' }),
  findings: Type.Array(Type.Object({ id: Type.String(), what: Type.String() })),
});
const Note = Type.String({ contentMediaType: 'text/plain' });

const base = { method: 'GET', permission: 'audit.read', writes: false } as const;

export const auditRoutes = (deps: AuditRouteDeps): readonly Route[] =>
  [listEvents, showHead, showCheckpoint, prove, verifyRows].map((route) => route(deps));

const listEvents = (deps: AuditRouteDeps): Route =>
  defineRoute({
    ...base,
    path: '/api/v1/audit/events',
    operation: 'listAuditEvents',
    summary: 'What was written, read, refused and changed, oldest first',
    query: EventsQuery,
    responses: { 200: EventsAnswer },
    handle: async ({ query }) => {
      const { actor = null, memory_id = null, type = null, cursor, limit } = query;
      const memoryId = memory_id?.toLowerCase() ?? null;
      const [from, to] = [readTime('/query/from', query.from), readTime('/query/to', query.to)];
      const after = cursor === undefined ? null : Number(cursor);
      const rows = await searchEvents(deps.db, { actor, memoryId, type, from, to, after, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const results = await presentEvents(deps.db, deps.vault, page, memoryId);
      const next = rows.length > limit ? String(page.at(-1)?.seq) : null;
      return { status: 200, body: { results, next_cursor: next } };
    },
  });

const showHead = (deps: AuditRouteDeps): Route =>
  defineRoute({
    ...base,
    path: '/api/v1/audit/head',
    operation: 'auditHead',
    summary: 'The newest event and a checkpoint signed over it',
    responses: { 200: HeadAnswer },
    handle: async () => ({ status: 200, body: await buildHead(deps) }),
  });

const showCheckpoint = (deps: AuditRouteDeps): Route =>
  defineRoute({
    ...base,
    path: '/api/v1/audit/checkpoint',
    operation: 'auditCheckpoint',
    summary: 'A signed note over all that is in the log now (C2SP tlog-checkpoint)',
    responses: { 200: Note },
    handle: async () => plain((await settle(deps)).note),
  });

const prove = (deps: AuditRouteDeps): Route =>
  defineRoute({
    ...base,
    path: '/api/v1/audit/proof/{id}',
    operation: 'auditProof',
    summary: 'That an event is in the log, to be checked offline (C2SP tlog-proof)',
    responses: { 200: Note },
    handle: async ({ params }) => {
      const checkpoint = await settle(deps);
      const event = await selectEventById(deps.db, params.id as string);
      if (!event) throw problem('not_found', `There is no audit event ${params.id}.`);
      return plain(Buffer.from(await readProof(deps.db, event.seq, checkpoint)));
    },
  });

const verifyRows = (deps: AuditRouteDeps): Route =>
  defineRoute({
    ...base,
    path: '/api/v1/audit/verify-data',
    operation: 'verifyAuditedData',
    summary: 'Compare every memory with what the log committed to; takes a second for some 20,000 of them',
    responses: { 200: DataAnswer },
    handle: async () => ({ status: 200, body: await verifyData(deps.db, deps.vault, deps.memories.marks) }),
  });

const plain = (body: Buffer): ApiResponse => ({
  status: 200,
  body,
  headers: { 'Content-Type': 'text/plain; charset=utf-8' },
});

/** Everything committed so far is ordered and signed before it is shown. */
const settle = async ({ audit }: AuditRouteDeps): Promise<CheckpointRow> => {
  const checkpoint = await audit.settle();
  const trouble = audit.trouble();
  if (trouble !== undefined) throw problem('audit_tampered', `Nothing is signed any more: ${trouble}.`);
  if (!checkpoint) throw problem('not_found', 'The audit log is empty.');
  return checkpoint;
};

const buildHead = async (deps: AuditRouteDeps) => {
  const { origin, vkey } = deps.vault.logSigner();
  const { size, root, note } = await settle(deps);
  const [last] = await selectEvents(deps.db, size - 1, 1);
  return {
    ...{ origin, vkey, size, seq: last?.seq ?? null, hash: last?.leaf.toString('base64') ?? null },
    root: root.toString('base64'),
    checkpoint: note.toString('utf8'),
    archived_through: (await selectLastArchive(deps.db))?.size ?? null,
    plane_key: (await deps.audit.planeKey()) ?? null,
  };
};
