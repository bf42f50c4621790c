import { type Static, Type } from '@sinclair/typebox';
import { TIME } from '../http/validate.js';
import { DraftSchema, literals, STATUSES, TRUST_CLASSES, Uuid, Vector } from '../memories/schema.js';
import { EVENTS, StateSchema } from '../memories/state.js';

const Time = Type.String({ pattern: TIME });
const Ids = Type.Array(Uuid, { maxItems: 1000 });
const { vector: _vector, embedding_model: _model, source: _source, ...draftFields } = DraftSchema.properties;

/** What is the server's is read and made anew, or, where that would be a claim, left out. */
const Ignored = Type.Optional(Type.Unknown());

/** A memory as an export, or a list, tells of it. Only the content is required. */
export const ImportedMemorySchema = Type.Object(
  {
    ...draftFields,
    source: Type.Optional(
      Type.Object(
        { kind: Ignored, ...(DraftSchema.properties.source.properties ?? {}) },
        { additionalProperties: false },
      ),
    ),
    version: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_147_483_000 })),
    status: Type.Optional(literals(STATUSES)),
    created_at: Type.Optional(Time),
    updated_at: Type.Optional(Time),
    supersedes: Type.Optional(Ids),
    superseded_by: Type.Optional(Type.Union([Uuid, Type.Null()])),
    evidence: Type.Optional(Ids),
    trust: Type.Optional(
      Type.Object(
        { class: literals(TRUST_CLASSES), score: Type.Number({ minimum: 0, maximum: 1 }) },
        { additionalProperties: false },
      ),
    ),
    redactions: Type.Optional(
      Type.Array(
        Type.Object(
          { kind: Type.String({ maxLength: 64 }), count: Type.Integer({ minimum: 0, maximum: 1_000_000 }) },
          { additionalProperties: false },
        ),
        { maxItems: 64 },
      ),
    ),
    embedding: Type.Optional(Vector),
    ...{ type: Ignored, content_hash: Ignored, pii: Ignored, legal_hold: Ignored, contradictions: Ignored },
    ...{ vector_status: Ignored, created_by: Ignored, score: Ignored, rank: Ignored },
  },
  { additionalProperties: false },
);
export type ImportedMemory = Static<typeof ImportedMemorySchema>;

export const ImportedVectorSchema = Type.Object(
  {
    type: Type.Literal('vector'),
    memory_id: Uuid,
    model: Type.String({ minLength: 1, maxLength: 200 }),
    dimensions: Type.Optional(Type.Integer({ minimum: 1 })),
    vector: Vector,
  },
  { additionalProperties: false },
);
export type ImportedVector = Static<typeof ImportedVectorSchema>;

export const ImportedEventSchema = Type.Object(
  {
    type: Type.Literal('history'),
    memory_id: Uuid,
    version: Type.Integer({ minimum: 1, maximum: 2_147_483_000 }),
    event: literals(EVENTS),
    at: Time,
    actor: Type.Optional(Type.Union([Uuid, Type.Null()])),
    reason: Type.Optional(Type.Union([Type.String({ maxLength: 500 }), Type.Null()])),
    audit_event: Ignored,
    state: Type.Union([StateSchema, Type.Null()]),
  },
  { additionalProperties: false },
);
export type ImportedEvent = Static<typeof ImportedEventSchema>;

export const CONFLICT_MODES = ['skip', 'overwrite', 'new_ids', 'fail'] as const;
export type ConflictMode = (typeof CONFLICT_MODES)[number];

export const ImportQuerySchema = Type.Object(
  {
    on_conflict: Type.Optional(literals(CONFLICT_MODES)),
    dry_run: Type.Optional(Type.Boolean()),
    verify: Type.Optional(
      Type.Boolean({ description: 'false takes an export whose footer is missing or does not fit' }),
    ),
    signer: Type.Optional(
      Type.String({ minLength: 1, maxLength: 500, description: 'the vkey that must have signed the export' }),
    ),
  },
  { additionalProperties: false },
);
export type ImportQuery = Static<typeof ImportQuerySchema>;

export const ImportResultSchema = Type.Object({
  created: Type.Integer(),
  skipped: Type.Integer(),
  overwritten: Type.Integer(),
  failed: Type.Integer(),
  errors: Type.Array(
    Type.Object({
      line: Type.Integer({ description: 'of the file; of a JSON document the position of the memory, from 1' }),
      id: Type.Union([Type.String(), Type.Null()]),
      code: Type.String(),
      pointer: Type.String(),
      detail: Type.String(),
    }),
  ),
  dry_run: Type.Boolean(),
  verified: Type.Boolean({ description: 'that a footer vouched for every line of the file' }),
  audit_events: Type.Array(Type.String()),
});
