import { Type } from '@sinclair/typebox';
import { TIME } from '../http/validate.js';
import { FEEDBACKS } from './feedback.js';
import { DraftSchema, ExternalId, literals, MemorySchema, ScopeSchema, Uuid } from './schema.js';
import { WriteResultSchema } from './write-schema.js';

const Reason = Type.Optional(Type.String({ maxLength: 500 }));
const Ids = Type.Array(Uuid, { minItems: 1, maxItems: 1000 });
const AuditEvent = Type.Union([Uuid, Type.Null()]);
const closed = { additionalProperties: false } as const;

export const SupersedeSchema = Type.Object(
  {
    by: Type.Optional(Uuid),
    draft: Type.Optional(DraftSchema),
    evidence: Type.Optional(Type.Array(Uuid, { maxItems: 100 })),
    reason: Reason,
  },
  closed,
);
export const SupersededSchema = Type.Object({ superseded: MemorySchema, by: MemorySchema, audit_event: AuditEvent });

export const FeedbackSchema = Type.Object(
  { value: Type.Union([literals(FEEDBACKS), Type.Null()]), reason: Reason },
  closed,
);

export const BulkDeleteSchema = Type.Object(
  {
    ids: Type.Optional(Ids),
    filters: Type.Optional(Type.Unknown({ description: 'the filter language of searches' })),
    user_id: Type.Optional(ExternalId),
    agent_id: Type.Optional(ExternalId),
    session_id: Type.Optional(ExternalId),
    app_id: Type.Optional(ExternalId),
    scope: Type.Optional(ScopeSchema),
    dry_run: Type.Optional(Type.Boolean()),
    max: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    reason: Reason,
  },
  closed,
);
export const BulkDeletedSchema = Type.Object({
  matched: Type.Integer(),
  deleted: Type.Integer(),
  held: Type.Integer(),
  ids: Type.Array(Uuid),
  truncated: Type.Boolean(),
  dry_run: Type.Boolean(),
  audit_event: AuditEvent,
});

export const BulkUpdateSchema = Type.Object(
  {
    updates: Type.Array(
      Type.Object(
        {
          id: Uuid,
          version: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_647 })),
          patch: Type.Unknown({ description: 'a merge patch, as PATCH of one memory takes it' }),
        },
        closed,
      ),
      { minItems: 1, maxItems: 1000 },
    ),
    on_error: Type.Optional(literals(['abort', 'continue'])),
    reason: Reason,
  },
  closed,
);
export const BulkUpdatedSchema = Type.Object({
  results: Type.Array(WriteResultSchema),
  summary: Type.Record(Type.String(), Type.Integer()),
  audit_event: AuditEvent,
});

const Moment = Type.String({ pattern: TIME });
export const RevertSchema = Type.Object(
  {
    writer: Type.String({ pattern: Uuid.pattern ?? '', description: 'the id of a credential, as histories name it' }),
    from: Moment,
    to: Moment,
    reason: Reason,
  },
  closed,
);
const Listed = Type.Array(Uuid);
export const RevertedSchema = Type.Object({
  rewound: Listed,
  restored: Listed,
  quarantined: Listed,
  held: Listed,
  truncated: Type.Boolean(),
  audit_event: AuditEvent,
});

export const PersonQuerySchema = Type.Object({ scope: Type.Optional(ScopeSchema), reason: Reason }, closed);
export const PersonDeletedSchema = Type.Object({
  deleted: Type.Integer(),
  held: Type.Integer(),
  vectors: Type.Integer(),
  cache: Type.Integer(),
  audit_event: AuditEvent,
});

export const ENTITY_TYPES = ['user', 'agent', 'session', 'app', 'team', 'organization'] as const;
export const EntityQuerySchema = Type.Object(
  {
    type: Type.Optional(literals(ENTITY_TYPES)),
    limit: Type.Integer({ default: 50, minimum: 1, maximum: 1000 }),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
  },
  closed,
);
export const EntityListSchema = Type.Object({
  results: Type.Array(
    Type.Object({
      id: Type.String(),
      type: literals(ENTITY_TYPES),
      total_memories: Type.Integer(),
      created_at: Type.String(),
      updated_at: Type.String(),
    }),
  ),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
});
