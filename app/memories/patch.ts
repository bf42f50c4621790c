import { type TSchema, Type } from '@sinclair/typebox';
import { isAllowed, type Principal } from '../access/principal.js';
import { type FieldError, problem } from '../http/errors.js';
import { isObject, type Json, type JsonObject } from '../http/json.js';
import { compileCheck, requireValid } from '../http/validate.js';
import { type RedactionCounts, type RedactionKind, redactJson } from '../policies/redact.js';
import type { Policies } from '../policies/schema.js';
import { jcs, type RowContent } from '../sealing/index.js';
import {
  checkModel,
  checkPredicate,
  contentOf,
  DEFAULT_IMPORTANCE,
  isBelowMinimum,
  type PlannedDraft,
  planTimes,
  problemAt,
} from './plan.js';
import type { MemoryRow } from './rows.js';
import { ContentSchema, DraftSchema, MemorySchema, SCOPES, Vector } from './schema.js';
import { buildState, type MemoryState, STATE_FIELDS, type StateColumns, StateSchema } from './state.js';
import { capConfidence, type Trust } from './trust.js';
import { readVector } from './vector-input.js';

/** RFC 7396: what is `null` goes, objects merge, everything else is replaced. */
export const mergePatch = (target: Json | undefined, patch: Json): Json => {
  if (!isObject(patch)) return patch;
  const merged = new Map(Object.entries(isObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
};

/** A vector is not part of the memory's document: it goes beside the merge. */
const BESIDE = { vector: Type.Optional(Vector), embedding_model: DraftSchema.properties.embedding_model };
const orNull = (schema: TSchema): TSchema => Type.Optional(Type.Union([schema, Type.Null()]));
const { content: _content, ...removable } = StateSchema.properties;

/** What /openapi.json says; the merged memory is what is checked. */
export const PatchSchema = Type.Object(
  {
    content: Type.Optional(ContentSchema),
    ...Object.fromEntries(Object.entries(removable).map(([name, schema]) => [name, orNull(schema)])),
    ...BESIDE,
  },
  { additionalProperties: false },
);

const checkState = compileCheck(StateSchema);
const checkGiven = compileCheck(Type.Object({ ...BESIDE, content: Type.Optional(ContentSchema) }));
const PATCHABLE: ReadonlySet<string> = new Set([...STATE_FIELDS, ...Object.keys(BESIDE)]);

/** What can be said of a patch without the memory: that it is an object and names nothing that cannot be changed. */
export const readPatch = (body: unknown): JsonObject => {
  if (!isObject(body as Json)) {
    throw problem('invalid_request', 'A merge patch is a JSON object.', {
      errors: [{ pointer: '', code: 'type', detail: 'the body must be an object' }],
    });
  }
  const patch = body as JsonObject;
  const others = Object.keys(patch).filter((key) => !PATCHABLE.has(key));
  const fixed = others.filter((key) => key in MemorySchema.properties);
  const errors = others.map((key): FieldError => {
    const pointer = `/${key.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')}`;
    return fixed.includes(key)
      ? { pointer, code: 'immutable_field', detail: `${pointer} cannot be changed` }
      : { pointer, code: 'unknown_key', detail: `${pointer} is not a known key` };
  });
  if (fixed.length > 0) throw problem('immutable_field', `${fixed.join(', ')} cannot be changed.`, { errors });
  if (others.length > 0) throw problem('invalid_request', 'The patch names unknown keys.', { errors });
  return patch;
};

export interface PatchContext {
  readonly principal: Principal;
  /** What the memory's trust will be. */
  readonly trust: Trust;
  readonly policies: Policies;
  readonly dimensions: number;
  readonly model: string;
}

export interface PlannedPatch {
  readonly before: MemoryState;
  readonly after: MemoryState;
  readonly content: RowContent;
  readonly columns: StateColumns;
  readonly redactions: RedactionCounts;
  readonly vector: Float32Array | null;
}

export const checkGlobal = (row: Pick<MemoryRow, 'scope'>, principal: Principal): void => {
  if (SCOPES[row.scope] !== 'global' || isAllowed(principal, 'global.write')) return;
  throw problem('forbidden', `The role ${principal.role} may not change what the whole tenant sees.`);
};

/** What of a memory a patch is planned on, wherever it is kept. */
export type Patchable = StateColumns & Pick<MemoryRow, 'scope' | 'created_at'>;

/** Pure: the memory as it will be, under today's policies; `undefined` when that is what it is already. */
export const planPatch = (
  row: Patchable,
  before: MemoryState,
  patch: JsonObject,
  context: PatchContext,
): PlannedPatch | undefined => {
  checkGlobal(row, context.principal);
  const { vector, embedding_model, ...fields } = patch;
  const content = typeof fields.content === 'string' ? fields.content : undefined;
  const beside = requireValid(checkGiven, defined({ vector, embedding_model, content }), 'The patch');
  checkModel(beside, context.model);
  const given = beside.vector === undefined ? null : readVector(beside.vector, context.dimensions);
  const merged = requireValid(checkState, mergePatch({ ...before }, fields), 'The patched memory');
  const { policies } = context.policies;
  if ('predicate' in patch) checkPredicate(merged, policies.predicates);
  const redactions = new Map<RedactionKind, number>();
  const redacted = redactJson(contentOf(merged) as RowContent & JsonObject, policies.redact, redactions);
  const columns = planColumns(row, merged, patch, context);
  const after = buildState(columns, redacted);
  if (!given && jcs(after) === jcs(before)) return undefined;
  return { before, after, content: redacted, columns, redactions, vector: given };
};

/** A whole draft in place of what there is. It is a new statement: its life time counts from today. */
export const planReplacement = (before: MemoryState, planned: PlannedDraft, trust: Trust): PlannedPatch | undefined => {
  const { content, redactions, vector, expiresAt, validFrom, validTo } = planned;
  const confidence = capConfidence(planned.confidence, trust);
  const importance = planned.draft.importance ?? DEFAULT_IMPORTANCE;
  const columns = { confidence, importance, expires_at: expiresAt, valid_from: validFrom, valid_to: validTo };
  const after = buildState(columns, content);
  if (!vector && jcs(after) === jcs(before)) return undefined;
  return { before, after, content, columns, redactions, vector };
};

type Merged = { readonly confidence?: number; readonly importance?: number } & Parameters<typeof planTimes>[0];

/** Columns that the patch does not name keep their exact value. */
const planColumns = (
  row: Patchable,
  merged: Merged,
  patch: JsonObject,
  { policies, trust }: Pick<PatchContext, 'policies' | 'trust'>,
): StateColumns => {
  const confidence = merged.confidence ?? 1;
  const { minConfidencePercent } = policies.policies;
  if ('confidence' in patch && isBelowMinimum(confidence, minConfidencePercent)) {
    const detail = `The confidence ${confidence} is below the tenant's minimum of ${minConfidencePercent} %.`;
    throw problemAt('invalid_request', '/confidence', detail);
  }
  // The policy's longest life is counted from the memory's beginning: a patch cannot prolong it.
  const times = planTimes(merged, { now: row.created_at, policies });
  return {
    confidence: capConfidence('confidence' in patch ? confidence : row.confidence, trust),
    importance: 'importance' in patch ? (merged.importance ?? DEFAULT_IMPORTANCE) : row.importance,
    expires_at: 'expires_at' in patch ? times.expiresAt : row.expires_at,
    valid_from: 'valid_from' in patch ? times.validFrom : row.valid_from,
    valid_to: 'valid_to' in patch ? times.validTo : row.valid_to,
  };
};

const defined = (members: Readonly<Record<string, Json | undefined>>): object =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
