import { type Static, Type } from '@sinclair/typebox';
import { ExternalId } from '../memories/schema.js';

const CLOSED = { additionalProperties: false } as const;
/** As memories have them: a dot joins the parts, so a part holds none. */
const Label = Type.String({ pattern: '^[^.\\x00-\\x1f\\x7f]{1,64}$' });
const Namespace = Type.Array(Label, { maxItems: 8 });
const Pattern = Type.Optional(
  Type.Union([Type.Array(Label, { maxItems: 8, description: '* stands for any one label' }), Type.Null()]),
);
const Value = Type.Record(Type.String({ maxLength: 256 }), Type.Unknown());
/** What a client in another language writes for what it leaves out. */
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]));
const Page = {
  limit: orNull(Type.Integer({ minimum: 1, maximum: 1000 })),
  offset: orNull(Type.Integer({ minimum: 0, maximum: 100_000 })),
};
const RefreshTtl = orNull(Type.Boolean());

export const PutSchema = Type.Object(
  {
    namespace: Namespace,
    key: ExternalId,
    value: Value,
    index: orNull(Type.Union([Type.Literal(false), Type.Array(Type.String({ minLength: 1, maxLength: 512 }))])),
    ttl: orNull(Type.Number({ exclusiveMinimum: 0, maximum: 52_560_000, description: 'minutes' })),
  },
  CLOSED,
);
export type Put = Static<typeof PutSchema>;

export const NameSchema = Type.Object({ namespace: Namespace, key: ExternalId }, CLOSED);
export type Name = Static<typeof NameSchema>;

export const GetQuerySchema = Type.Object(
  {
    namespace: Type.Optional(Type.String({ maxLength: 600, description: 'its labels, joined by dots' })),
    key: ExternalId,
    refresh_ttl: Type.Optional(Type.Boolean()),
  },
  CLOSED,
);

export const SearchSchema = Type.Object(
  {
    namespace_prefix: Type.Optional(Namespace),
    filter: orNull(Type.Record(Type.String({ maxLength: 512 }), Type.Unknown())),
    query: orNull(Type.String({ maxLength: 10_000 })),
    ...Page,
    refresh_ttl: RefreshTtl,
  },
  CLOSED,
);
export type Search = Static<typeof SearchSchema>;

export const NamespacesSchema = Type.Object(
  { prefix: Pattern, suffix: Pattern, max_depth: orNull(Type.Integer({ minimum: 1, maximum: 8 })), ...Page },
  CLOSED,
);
export type Namespaces = Static<typeof NamespacesSchema>;

const ItemSchema = Type.Object({
  namespace: Namespace,
  key: Type.String(),
  value: Value,
  created_at: Type.String(),
  updated_at: Type.String(),
});
export type Item = Static<typeof ItemSchema>;
export const GetResultSchema = Type.Union([ItemSchema, Type.Null()]);
export const SearchResultSchema = Type.Object({
  items: Type.Array(Type.Composite([ItemSchema, Type.Object({ score: Type.Optional(Type.Number()) })])),
});
export const NamespacesResultSchema = Type.Object({ namespaces: Type.Array(Namespace) });
