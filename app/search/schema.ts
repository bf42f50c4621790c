import { type Static, Type } from '@sinclair/typebox';
import { TIME } from '../http/validate.js';
import { ExternalId, MemorySchema, ScopeSchema, Uuid, Vector } from '../memories/schema.js';

const choice = <const T extends readonly string[]>(values: T) =>
  Type.Unsafe<T[number]>({ type: 'string', enum: [...values] });
const Fraction = Type.Number({ minimum: 0, maximum: 1 });
const Time = Type.String({ pattern: TIME });

export const MODES = ['hybrid', 'semantic', 'keyword'] as const;
export type Mode = (typeof MODES)[number];

const Selectors = {
  user_id: Type.Optional(ExternalId),
  agent_id: Type.Optional(ExternalId),
  session_id: Type.Optional(ExternalId),
  app_id: Type.Optional(ExternalId),
  team_id: Type.Optional(ExternalId),
  organization_id: Type.Optional(ExternalId),
  scope: Type.Optional(ScopeSchema),
};

/** Checked by the parser of filters, which knows better what to say. */
export const FiltersSchema = Type.Unsafe<unknown>({
  type: 'object',
  description: 'AND, OR, NOT and fields with operators; see the guide to search',
});

export const SearchSchema = Type.Object(
  {
    query: Type.Optional(Type.String({ minLength: 1, maxLength: 10_000 })),
    vector: Type.Optional(Vector),
    mode: Type.Optional(choice(MODES)),
    filters: Type.Optional(FiltersSchema),
    ...Selectors,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 10 })),
    threshold: Type.Optional(Fraction),
    max_tokens: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
    rerank: Type.Optional(Type.Boolean()),
    latest_only: Type.Optional(Type.Boolean({ default: true })),
    include_expired: Type.Optional(Type.Boolean()),
    include_quarantined: Type.Optional(Type.Boolean()),
    as_of: Type.Optional(Time),
    include: Type.Optional(choice(['vector'])),
    explain: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type Search = Static<typeof SearchSchema>;

const Part = Type.Union([Fraction, Type.Null()]);
export const ExplainSchema = Type.Object({
  semantic: Part,
  keyword: Part,
  rerank: Part,
  recency: Fraction,
  importance: Fraction,
  trust: Fraction,
  matched_terms: Type.Array(Type.String()),
});
export type Explain = Static<typeof ExplainSchema>;

const Degraded = Type.Array(choice(['embedding', 'vectors', 'rerank']));
export const SearchResultSchema = Type.Object({
  results: Type.Array(
    Type.Composite([
      MemorySchema,
      Type.Object({ score: Fraction, rank: Type.Integer(), explain: Type.Optional(ExplainSchema) }),
    ]),
  ),
  truncated: Type.Boolean(),
  tokens: Type.Optional(Type.Integer()),
  took_ms: Type.Number(),
  degraded: Degraded,
});

export const ContextSchema = Type.Object(
  {
    query: Type.Optional(Type.String({ minLength: 1, maxLength: 10_000 })),
    ...Selectors,
    max_tokens: Type.Optional(Type.Integer({ minimum: 50, maximum: 1_000_000, default: 1500 })),
    filters: Type.Optional(FiltersSchema),
  },
  { additionalProperties: false },
);
export type ContextRequest = Static<typeof ContextSchema>;
export const ContextResultSchema = Type.Object({
  text: Type.String(),
  memories: Type.Array(MemorySchema),
  tokens: Type.Integer(),
  truncated: Type.Boolean(),
  degraded: Degraded,
});

export const ClustersQuerySchema = Type.Object(
  {
    user_id: Selectors.user_id,
    team_id: Selectors.team_id,
    organization_id: Selectors.organization_id,
    scope: Selectors.scope,
    k: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
    filters: Type.Optional(Type.String({ minLength: 2, maxLength: 16_384 })),
  },
  { additionalProperties: false },
);
export type ClustersQuery = Static<typeof ClustersQuerySchema>;
export const ClustersSchema = Type.Object({
  clusters: Type.Array(
    Type.Object({
      size: Type.Integer(),
      terms: Type.Array(Type.String()),
      cohesion: Fraction,
      exemplar: MemorySchema,
      ids: Type.Array(Uuid),
    }),
  ),
  count: Type.Integer(),
  truncated: Type.Boolean(),
  took_ms: Type.Number(),
});

export const ContradictionsQuerySchema = Type.Object(
  {
    user_id: Selectors.user_id,
    team_id: Selectors.team_id,
    organization_id: Selectors.organization_id,
    scope: Selectors.scope,
    limit: Type.Integer({ default: 50, minimum: 1, maximum: 1000 }),
    cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1024 })),
    count: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type ContradictionsQuery = Static<typeof ContradictionsQuerySchema>;
export const ContradictionsSchema = Type.Object({
  results: Type.Array(Type.Object({ memory: MemorySchema, counterparts: Type.Array(MemorySchema) })),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
  count: Type.Optional(Type.Integer()),
});
