import { Type } from '@sinclair/typebox';
import { literals, type Memory, Uuid } from './schema.js';

export const MAX_BATCH = 1000;

export const DEDUPES = ['exact', 'semantic', 'off'] as const;
export type Dedupe = (typeof DEDUPES)[number];

/** Each draft is checked on its own, so that an answer can go item by item. */
export const BatchSchema = Type.Object(
  {
    memories: Type.Array(Type.Unknown(), { minItems: 1, maxItems: MAX_BATCH }),
    on_error: Type.Optional(literals(['abort', 'continue'])),
    dedupe: Type.Optional(literals(DEDUPES)),
  },
  { additionalProperties: false },
);

export const WaitQuerySchema = Type.Object(
  {
    wait: Type.Optional(
      Type.Unsafe<'stored' | 'indexed'>({
        type: 'string',
        enum: ['stored', 'indexed'],
        description: 'indexed: answers when the vectors are there too, or after 30 seconds',
      }),
    ),
  },
  { additionalProperties: false },
);

/** What becomes of a draft. */
export const RESULT_STATUSES = [
  'created',
  'updated',
  'merged',
  'superseded',
  'duplicate',
  'dropped',
  'quarantined',
  'rejected',
] as const;
export type ResultStatus = (typeof RESULT_STATUSES)[number];

export interface WriteResult {
  readonly index: number;
  readonly status: ResultStatus;
  readonly id?: string;
  readonly memory?: Memory;
  readonly reason?: string;
  readonly error?: { readonly code: string; readonly detail: string; readonly errors?: readonly unknown[] };
}

export type Summary = Readonly<Record<ResultStatus, number>>;

export const WriteResultSchema = Type.Object({
  index: Type.Integer(),
  status: literals(RESULT_STATUSES),
  id: Type.Optional(Uuid),
  reason: Type.Optional(Type.String()),
  error: Type.Optional(Type.Unknown()),
});

export const BatchResultSchema = Type.Object({
  results: Type.Array(WriteResultSchema),
  // A record over a list of names would allow none of them in the document.
  summary: Type.Object(Object.fromEntries(RESULT_STATUSES.map((status) => [status, Type.Integer()]))),
});

export const summarize = (results: readonly Pick<WriteResult, 'status'>[]): Summary => {
  const counts = Object.fromEntries(RESULT_STATUSES.map((status) => [status, 0])) as Record<ResultStatus, number>;
  for (const { status } of results) counts[status]++;
  return counts;
};
