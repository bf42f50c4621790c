import { type Static, Type } from '@sinclair/typebox';
import { NOT_BLANK, TIME, UUID, UUID_OF_SOMETHING } from '../http/validate.js';

export const SCOPES = ['user', 'team', 'organization', 'global'] as const;
export type Scope = (typeof SCOPES)[number];
/** Of a row, whose column the database keeps to these four. */
export const scopeOf = ({ scope }: { readonly scope: number }): Scope => {
  const name = SCOPES[scope];
  if (name === undefined) throw new Error(`There is no scope ${scope}`);
  return name;
};
export const STATUSES = ['active', 'quarantined', 'superseded', 'expired', 'forgotten'] as const;
export const VECTOR_STATUSES = ['pending', 'succeeded', 'failed', 'skipped'] as const;
export const SOURCE_KINDS = ['api', 'conversation', 'import', 'mcp', 'sync', 'tool'] as const;
export const TRUST_CLASSES = ['unknown', 'user', 'agent', 'tool', 'document', 'derived'] as const;

export const literals = <const T extends readonly string[]>(values: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values] });
const Nullable = <T extends ReturnType<typeof Type.String>>(schema: T) => Type.Union([schema, Type.Null()]);

/** An id that a client gives to a person, an agent, a session: opaque, but short and printable enough for a path. */
export const ExternalId = Type.String({ minLength: 1, maxLength: 256, pattern: '^[^\\x00-\\x1f\\x7f]+$' });
export const Uuid = Type.String({ pattern: UUID });
const Time = Type.String({ pattern: TIME });
const Fraction = Type.Number({ minimum: 0, maximum: 1 });
/** 4096 numbers as base64 are 21,848 characters. */
export const Vector = Type.Union([
  // First what is sent in large batches: what it is not costs a report of why not.
  Type.String({
    minLength: 4,
    maxLength: 22_000,
    // Not a pattern: whoever decodes it sees as well, and an expression over every character costs more than the decoding.
    description: 'base64 of little-endian 32-bit floats',
  }),
  Type.Array(Type.Number(), { minItems: 1, maxItems: 4096 }),
]);
export const ScopeSchema = literals(SCOPES);
const Name = Type.String({ minLength: 1, maxLength: 1024 });

/** Written `a.b` in a query, so a part holds no dot. */
const NamespaceSchema = Type.Array(Type.String({ pattern: '^[^.\\x00-\\x1f\\x7f]{1,64}$' }), { maxItems: 8 });

export const ContentSchema = Type.String({ minLength: 1, maxLength: 100_000, pattern: NOT_BLANK });

export const DraftSchema = Type.Object(
  {
    content: ContentSchema,
    id: Type.Optional(Type.String({ pattern: UUID_OF_SOMETHING })),
    key: Type.Optional(Nullable(ExternalId)),
    namespace: Type.Optional(NamespaceSchema),
    user_id: Type.Optional(Nullable(ExternalId)),
    agent_id: Type.Optional(Nullable(ExternalId)),
    session_id: Type.Optional(Nullable(ExternalId)),
    app_id: Type.Optional(Nullable(ExternalId)),
    team_id: Type.Optional(Nullable(ExternalId)),
    organization_id: Type.Optional(Nullable(ExternalId)),
    scope: Type.Optional(ScopeSchema),
    subject: Type.Optional(Nullable(Name)),
    predicate: Type.Optional(Nullable(Name)),
    object: Type.Optional(Nullable(Name)),
    confidence: Type.Optional(Fraction),
    importance: Type.Optional(Fraction),
    metadata: Type.Optional(Type.Record(Type.String({ maxLength: 256 }), Type.Unknown())),
    expires_at: Type.Optional(Nullable(Time)),
    valid_from: Type.Optional(Nullable(Time)),
    valid_to: Type.Optional(Nullable(Time)),
    source: Type.Optional(
      Type.Object(
        {
          id: Type.Optional(Name),
          uri: Type.Optional(Type.String({ maxLength: 2048 })),
          role: Type.Optional(Type.String({ maxLength: 64 })),
        },
        { additionalProperties: false },
      ),
    ),
    vector: Type.Optional(Vector),
    embedding_model: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
  },
  { additionalProperties: false },
);
export type Draft = Static<typeof DraftSchema>;

export const MemorySchema = Type.Object({
  id: Uuid,
  key: Nullable(Type.String()),
  namespace: Type.Array(Type.String()),
  user_id: Nullable(Type.String()),
  agent_id: Nullable(Type.String()),
  session_id: Nullable(Type.String()),
  app_id: Nullable(Type.String()),
  team_id: Nullable(Type.String()),
  organization_id: Nullable(Type.String()),
  scope: ScopeSchema,
  content: Type.String(),
  content_hash: Type.String({
    description: 'keyed: equal contents of one person have equal hashes, nothing else can be learnt from it',
  }),
  subject: Nullable(Type.String()),
  predicate: Nullable(Type.String()),
  object: Nullable(Type.String()),
  confidence: Type.Number(),
  importance: Type.Number(),
  metadata: Type.Record(Type.String(), Type.Unknown()),
  pii: Type.Array(Type.String()),
  redactions: Type.Array(Type.Object({ kind: Type.String(), count: Type.Integer() })),
  status: literals(STATUSES),
  legal_hold: Type.Boolean(),
  expires_at: Nullable(Type.String()),
  valid_from: Nullable(Type.String()),
  valid_to: Nullable(Type.String()),
  created_at: Type.String(),
  updated_at: Type.String(),
  version: Type.Integer(),
  source: Type.Object({
    kind: literals(SOURCE_KINDS),
    id: Type.Optional(Type.String()),
    uri: Type.Optional(Type.String()),
    role: Type.Optional(Type.String()),
  }),
  trust: Type.Object({ class: literals(TRUST_CLASSES), score: Type.Number() }),
  supersedes: Type.Array(Type.String()),
  superseded_by: Nullable(Type.String()),
  evidence: Type.Array(Type.String()),
  contradictions: Type.Integer(),
  vector_status: literals(VECTOR_STATUSES),
  embedding: Type.Optional(Type.Array(Type.Number())),
});
export type Memory = Static<typeof MemorySchema>;

const Selectors = {
  user_id: Type.Optional(ExternalId),
  agent_id: Type.Optional(ExternalId),
  session_id: Type.Optional(ExternalId),
  app_id: Type.Optional(ExternalId),
  team_id: Type.Optional(ExternalId),
  organization_id: Type.Optional(ExternalId),
  scope: Type.Optional(ScopeSchema),
};
const Include = Type.Optional(literals(['vector']));

export const ORDERS = ['created_at:desc', 'created_at:asc', 'updated_at:desc', 'updated_at:asc'] as const;
const AsOf = Type.Optional(Type.String({ pattern: TIME, description: 'the state at this time' }));

export const ListQuerySchema = Type.Object(
  {
    ...Selectors,
    status: Type.Optional(literals(STATUSES)),
    latest_only: Type.Optional(Type.Boolean()),
    as_of: AsOf,
    filters: Type.Optional(
      Type.String({ minLength: 2, maxLength: 16_384, description: 'JSON; see the guide to search' }),
    ),
    limit: Type.Integer({ default: 50, minimum: 1, maximum: 1000 }),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    order: Type.Optional(literals(ORDERS)),
    count: Type.Optional(Type.Boolean()),
    include: Include,
  },
  { additionalProperties: false },
);
export type ListQuery = Static<typeof ListQuerySchema>;
export const ListSchema = Type.Object({
  results: Type.Array(MemorySchema),
  next_cursor: Nullable(Type.String()),
  count: Type.Optional(Type.Integer()),
});

export const GetQuerySchema = Type.Object({ include: Include, as_of: AsOf }, { additionalProperties: false });
export const ChangeQuerySchema = Type.Object(
  { reason: Type.Optional(Type.String({ maxLength: 500 })) },
  { additionalProperties: false },
);
export const DeleteQuerySchema = Type.Object(
  {
    linked: Type.Optional(
      Type.Boolean({ description: 'with what it superseded, what superseded it and what was derived from it' }),
    ),
    reason: ChangeQuerySchema.properties.reason,
  },
  { additionalProperties: false },
);
export const PutQuerySchema = Type.Object(
  {
    namespace: Type.Optional(Type.String({ minLength: 1, maxLength: 600, description: 'its parts, joined by dots' })),
    reason: ChangeQuerySchema.properties.reason,
  },
  { additionalProperties: false },
);
export const DeleteResultSchema = Type.Object({
  id: Uuid,
  deleted: Type.Boolean(),
  linked: Type.Array(Uuid),
  audit_event: Type.Union([Uuid, Type.Null()]),
});
