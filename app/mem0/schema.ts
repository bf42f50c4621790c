import { Type } from '@sinclair/typebox';
import { ContentSchema, ExternalId } from '../memories/schema.js';

/** mem0's clients send more than is known here, by version and by option: what is not known is ignored. */
export const open = Type.Object;

const OrNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]));
export const MemoryText = ContentSchema;
const Metadata = Type.Record(Type.String({ maxLength: 256 }), Type.Unknown());
const Filters = Type.Unsafe<unknown>({ type: 'object', description: 'AND, OR, NOT and fields with operators, or *' });
/** Names, days, options: what also has to fit into an address. */
const Text = Type.String({ maxLength: 256 });

export const NameFields = {
  user_id: OrNull(ExternalId),
  agent_id: OrNull(ExternalId),
  app_id: OrNull(ExternalId),
  run_id: OrNull(ExternalId),
  session_id: OrNull(ExternalId),
};
export const NamesQuery = open({
  user_id: Type.Optional(ExternalId),
  agent_id: Type.Optional(ExternalId),
  app_id: Type.Optional(ExternalId),
  run_id: Type.Optional(ExternalId),
  session_id: Type.Optional(ExternalId),
});

export const AddBody = open({
  ...NameFields,
  messages: Type.Unsafe<unknown>({ description: 'a list of {role, content}, or a text' }),
  metadata: OrNull(Metadata),
  infer: OrNull(Type.Boolean()),
  expiration_date: OrNull(Text),
  custom_instructions: OrNull(Type.String({ maxLength: 10_000 })),
  timestamp: Type.Optional(Type.Unknown()),
  output_format: OrNull(Text),
});

const Flag = OrNull(Type.Boolean());
export const ListFields = {
  ...NameFields,
  filters: Type.Optional(Type.Union([Filters, Type.Null()])),
  start_date: OrNull(Text),
  end_date: OrNull(Text),
  categories: OrNull(Type.Array(Text, { maxItems: 100 })),
  latest_only: Flag,
  show_expired: Flag,
};
export const ListBody = open(ListFields);

export const SearchBody = open({
  ...ListFields,
  query: Type.String({ minLength: 1, maxLength: 10_000 }),
  top_k: OrNull(Type.Integer({ minimum: 1, maximum: 1_000 })),
  limit: OrNull(Type.Integer({ minimum: 1, maximum: 1_000 })),
  threshold: OrNull(Type.Number({ minimum: 0, maximum: 1 })),
  rerank: Flag,
  explain: Flag,
  fields: OrNull(Type.Array(Text, { maxItems: 100 })),
  output_format: OrNull(Text),
});

const PageNumber = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 }));
const PageSize = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 }));
export const PageQuery = open({ page: PageNumber, page_size: PageSize });
export const ListQuery = open({
  ...NamesQuery.properties,
  page: PageNumber,
  page_size: PageSize,
  start_date: Type.Optional(Text),
  end_date: Type.Optional(Text),
});
export const ServerListQuery = open({ ...NamesQuery.properties, top_k: PageSize, limit: PageSize });
export const DeleteQuery = open({ delete_linked: Type.Optional(Type.Boolean()) });
export const FieldsQuery = open({ fields: Type.Optional(Type.String({ maxLength: 1_000 })) });

const ChangeFields = { text: OrNull(MemoryText), metadata: OrNull(Metadata), expiration_date: OrNull(Text) };
export const ChangeBody = open(ChangeFields);
/** mem0's own server calls the text `data` in some versions. */
export const ServerChangeBody = open({ ...ChangeFields, data: OrNull(MemoryText) });

const MemoryId = Type.String({ pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$' });
const batchOf = <T extends Parameters<typeof Type.Array>[0]>(item: T) =>
  open({ memories: Type.Array(item, { minItems: 1, maxItems: 1_000 }) });
export const BatchChangeBody = batchOf(open({ memory_id: MemoryId, ...ChangeFields }));
export const BatchRemoveBody = batchOf(open({ memory_id: MemoryId }));

export const ExportBody = open({ schema: Type.Record(Type.String(), Type.Unknown()), filters: Filters });
export const ExportAskBody = open({
  memory_export_id: OrNull(Text),
  filters: Type.Optional(Type.Union([Filters, Type.Null()])),
});

export const FeedbackBody = open({
  memory_id: Text,
  feedback: OrNull(
    Type.Unsafe<'POSITIVE' | 'NEGATIVE' | 'VERY_NEGATIVE'>({
      type: 'string',
      enum: ['POSITIVE', 'NEGATIVE', 'VERY_NEGATIVE'],
    }),
  ),
  feedback_reason: OrNull(Type.String({ maxLength: 400 })),
});

export const HookBody = open({
  name: OrNull(Type.String({ minLength: 1, maxLength: 256 })),
  url: Type.Optional(Type.String({ minLength: 1, maxLength: 2048 })),
  event_types: Type.Optional(Type.Array(Text, { maxItems: 50 })),
  is_active: Type.Optional(Type.Boolean()),
});

export const ProjectBody = open({
  custom_instructions: OrNull(Type.String({ maxLength: 10_000 })),
  custom_categories: OrNull(Type.Array(Type.Unknown(), { maxItems: 100 })),
});

export const Told = open({ message: Type.String() });
export const ToldEvent = open({ message: Type.String(), event_id: Type.String() });
