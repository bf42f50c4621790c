import { type Static, Type } from '@sinclair/typebox';
import { NOT_BLANK, TIME } from '../http/validate.js';
import { ContentSchema, DraftSchema, ExternalId, literals, ScopeSchema } from '../memories/schema.js';
import { WriteResultSchema } from '../memories/write-schema.js';

const Nullable = <T extends ReturnType<typeof Type.String>>(schema: T) => Type.Union([schema, Type.Null()]);

export const MessageSchema = Type.Object(
  {
    role: literals(['user', 'assistant', 'system', 'tool']),
    content: ContentSchema,
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    at: Type.Optional(Type.String({ pattern: TIME })),
  },
  { additionalProperties: false },
);

export const IngestSchema = Type.Object(
  {
    conversation_text: Type.Optional(Type.String({ minLength: 1, maxLength: 1_000_000, pattern: NOT_BLANK })),
    messages: Type.Optional(Type.Array(MessageSchema, { minItems: 1, maxItems: 1000 })),
    user_id: Type.Optional(Nullable(ExternalId)),
    agent_id: Type.Optional(Nullable(ExternalId)),
    session_id: Type.Optional(Nullable(ExternalId)),
    app_id: Type.Optional(Nullable(ExternalId)),
    team_id: Type.Optional(Nullable(ExternalId)),
    organization_id: Type.Optional(Nullable(ExternalId)),
    scope: Type.Optional(ScopeSchema),
    infer: Type.Optional(Type.Boolean({ description: 'false stores each message as it is. Default true' })),
    document_id: Type.Optional(ExternalId),
    update_mode: Type.Optional(
      Type.Unsafe<'append' | 'replace'>({
        type: 'string',
        enum: ['append', 'replace'],
        description: 'With document_id: what the document said before stays, or goes. Default append',
      }),
    ),
    namespace: DraftSchema.properties.namespace,
    metadata: Type.Optional(Type.Record(Type.String({ maxLength: 256 }), Type.Unknown())),
    expires_at: Type.Optional(Nullable(Type.String({ pattern: TIME }))),
    dry_run: Type.Optional(Type.Boolean({ description: 'Finds and stores nothing. Default false' })),
  },
  { additionalProperties: false },
);
export type Ingest = Static<typeof IngestSchema>;

const FactSchema = Type.Object({
  content: Type.String(),
  subject: Type.Union([Type.String(), Type.Null()]),
  predicate: Type.Union([Type.String(), Type.Null()]),
  object: Type.Union([Type.String(), Type.Null()]),
  confidence: Type.Number(),
  importance: Type.Number(),
  message: Type.Integer(),
});

export const IngestResultSchema = Type.Object({
  memory_ids: Type.Array(Type.String()),
  results: Type.Array(WriteResultSchema),
  /** Only of a dry run: what would have been stored. */
  facts: Type.Optional(Type.Array(FactSchema)),
  replaced: Type.Integer(),
  held: Type.Integer(),
  redactions: Type.Record(Type.String(), Type.Integer()),
  extraction: Type.Object({ provider: Type.String(), model: Type.String() }),
  usage: Type.Object({ tokens: Type.Integer() }),
  job_id: Type.Union([Type.String(), Type.Null()]),
});
export type IngestResult = Static<typeof IngestResultSchema>;
