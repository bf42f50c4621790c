import { Type } from '@sinclair/typebox';
import { literals, type Memory, Uuid } from './schema.js';

export const MAX_BATCH = 1000;

/** Each draft is checked on its own, so that an answer can go item by item. */
export const BatchSchema = Type.Object(
  {
    memories: Type.Array(Type.Unknown(), { minItems: 1, maxItems: MAX_BATCH }),
    on_error: Type.Optional(literals(['abort', 'continue'])),
    dedupe: Type.Optional(literals(['off'])),
  },
  { additionalProperties: false },
);

export interface WriteResult {
  readonly index: number;
  readonly status: 'created' | 'dropped' | 'rejected';
  readonly id?: string;
  readonly memory?: Memory;
  readonly reason?: string;
  readonly error?: { readonly code: string; readonly detail: string; readonly errors?: readonly unknown[] };
}
export const BatchResultSchema = Type.Object({
  results: Type.Array(
    Type.Object({
      index: Type.Integer(),
      status: literals(['created', 'dropped', 'rejected']),
      id: Type.Optional(Uuid),
      reason: Type.Optional(Type.String()),
      error: Type.Optional(Type.Unknown()),
    }),
  ),
  summary: Type.Object({ created: Type.Integer(), dropped: Type.Integer(), rejected: Type.Integer() }),
});
