import { Type } from '@sinclair/typebox';
import { NOT_BLANK } from '../http/validate.js';
import { ScopeSchema, Uuid } from '../memories/schema.js';

export const Scope = Type.Optional(ScopeSchema);
/** Checked where it is parsed, which knows better what to say. */
export const Time = Type.Optional(Type.String({ maxLength: 40 }));
export const Filters = Type.Optional(Type.Unsafe<object>({ type: 'object' }));
export const Metadata = Type.Optional(Type.Unsafe<Record<string, unknown>>({ type: 'object' }));
export const Reason = Type.Optional(Type.String({ maxLength: 500 }));
export const Id = Type.Unsafe<string>({ ...Uuid });
export const Content = { minLength: 1, maxLength: 8000, pattern: NOT_BLANK } as const;
export const CLOSED = { additionalProperties: false } as const;
