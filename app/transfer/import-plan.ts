import { isAllowedIn } from '../access/principal.js';
import { Problem, problem } from '../http/errors.js';
import { type DroppedDraft, type PlanContext, type PlannedDraft, planDraft } from '../memories/plan.js';
import { type Draft, STATUSES, TRUST_CLASSES } from '../memories/schema.js';
import { readTime } from '../memories/time.js';
import { REDACTION_KINDS, type RedactionKind } from '../policies/redact.js';
import type { ImportedEvent, ImportedMemory } from './import-schema.js';
import type { ImportRecord, LineError } from './parse.js';

/** A memory of the file that has passed every rule that needs no store. */
export interface ImportItem {
  readonly line: number;
  readonly planned: PlannedDraft;
  readonly supersededBy: string | null;
  readonly history: readonly ImportedEvent[];
}

export interface ImportPlan {
  readonly items: readonly ImportItem[];
  readonly errors: readonly LineError[];
}

export interface ImportPlanContext extends PlanContext {
  /** The model that the file's inline vectors were made by. */
  readonly fileModel: string | null;
  /** Whether each memory gets an id of its own here. */
  readonly renames: boolean;
}

/** Pure, but for new ids. What a policy does not keep is a mistake here: whoever imports wants to know. */
export const planImport = (records: readonly ImportRecord[], context: ImportPlanContext): ImportPlan => {
  const errors: LineError[] = [];
  const items: ImportItem[] = [];
  const names = buildNames(records, context);
  for (const record of records) {
    try {
      const planned = planRecord(record, context, names);
      if (planned.kind === 'dropped') errors.push(dropped(record, planned));
      else items.push(planned.item);
    } catch (cause) {
      if (!(cause instanceof Problem)) throw cause;
      errors.push(...lineErrors(record.line, record.memory.id ?? null, cause));
    }
  }
  return { items, errors };
};

/** What an id of the file is called here. */
type Names = (id: string) => string;

const buildNames = (records: readonly ImportRecord[], { renames, newId }: ImportPlanContext): Names => {
  const names = new Map<string, string>();
  if (renames) for (const { memory } of records) if (memory.id) names.set(memory.id.toLowerCase(), newId());
  return (id) => names.get(id.toLowerCase()) ?? id.toLowerCase();
};

const planRecord = (
  { line, memory, vector, history }: ImportRecord,
  context: ImportPlanContext,
  nameOf: Names,
): DroppedDraft | { readonly kind: 'item'; readonly item: ImportItem } => {
  const given = vector ? { model: vector.model, vector: vector.vector } : inlineVector(memory, context);
  // A vector of another model, or of another length, says nothing here: the text is embedded anew.
  const usable = given && given.model === context.model && lengthOf(given.vector) === context.dimensions;
  const { id } = memory;
  const draft: Draft = {
    ...draftOf(memory),
    ...(id === undefined ? {} : { id: nameOf(id) }),
    ...(usable ? { vector: given.vector } : {}),
  };
  const planned = planDraft(draft, context);
  if (planned.kind === 'dropped') return planned;
  demandScope(planned, context);
  const { evidence = [], supersedes = [] } = memory;
  const lineage = { evidence: evidence.map(nameOf), supersedes: supersedes.map(nameOf), trust: [] };
  const item: ImportItem = {
    line,
    planned: { ...planned, redactions: mergeRedactions(planned, memory), lineage, past: pastOf(memory, context) },
    supersededBy: memory.superseded_by ? nameOf(memory.superseded_by) : null,
    history,
  };
  return { kind: 'item', item };
};

const draftOf = ({ source, ...memory }: ImportedMemory): Draft => {
  const { content, key, namespace, user_id, agent_id, session_id, app_id, team_id, organization_id } = memory;
  const { scope, subject, predicate, object, confidence, importance, metadata } = memory;
  const { expires_at, valid_from, valid_to } = memory;
  const { kind: _kind, ...origin } = source ?? {};
  const whole = {
    ...{ content, key, namespace, user_id, agent_id, session_id, app_id, team_id, organization_id, scope },
    ...{ subject, predicate, object, confidence, importance, metadata, expires_at, valid_from, valid_to },
    ...(source === undefined ? {} : { source: origin }),
  };
  return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined)) as unknown as Draft;
};

const inlineVector = ({ embedding }: ImportedMemory, { fileModel }: ImportPlanContext) =>
  embedding === undefined || fileModel === null ? undefined : { model: fileModel, vector: embedding };

const lengthOf = (vector: readonly number[] | string): number =>
  typeof vector === 'string' ? Buffer.byteLength(vector, 'base64') / 4 : vector.length;

const pastOf = ({ version = 1, status, created_at, updated_at, trust }: ImportedMemory, { now }: PlanContext) => {
  const createdAt = readTime('/created_at', created_at) ?? now;
  const updatedAt = readTime('/updated_at', updated_at) ?? createdAt;
  for (const [pointer, time] of [
    ['/created_at', createdAt],
    ['/updated_at', updatedAt],
  ] as const) {
    if (time > now) {
      throw problem('invalid_request', `${pointer.slice(1)} is in the future.`, {
        errors: [{ pointer, code: 'future', detail: `${pointer} is in the future` }],
      });
    }
  }
  return {
    ...{ version, createdAt, updatedAt: updatedAt < createdAt ? createdAt : updatedAt },
    status: STATUSES.indexOf(status ?? 'active'),
    trust: trust ? { trust_class: TRUST_CLASSES.indexOf(trust.class), trust_score: trust.score } : null,
  };
};

/** What was redacted there, and what is redacted here. */
const mergeRedactions = ({ redactions }: PlannedDraft, memory: ImportedMemory): PlannedDraft['redactions'] => {
  const counts = new Map(redactions);
  for (const { kind, count } of memory.redactions ?? []) {
    const known = REDACTION_KINDS.find((name): name is RedactionKind => name === kind);
    if (known) counts.set(known, (counts.get(known) ?? 0) + count);
  }
  return counts;
};

/** A grant may be for some scopes only. */
const demandScope = ({ scope }: PlannedDraft, { principal }: PlanContext): void => {
  if (isAllowedIn(principal, 'import', scope)) return;
  throw problem('forbidden', `The role ${principal.role} may not import into the scope ${scope}.`, {
    errors: [{ pointer: '/scope', code: 'forbidden', detail: `needs import:${scope}` }],
  });
};

const dropped = ({ line, memory }: ImportRecord, { reason }: DroppedDraft): LineError => ({
  ...{ line, id: memory.id ?? null, code: 'dropped', pointer: '/confidence', detail: reason },
});

export const lineErrors = (line: number, id: string | null, cause: Problem): readonly LineError[] => {
  const errors = cause.options.errors ?? [];
  if (errors.length === 0) return [{ line, id, code: cause.code, pointer: '', detail: cause.message }];
  return errors.map(({ pointer, detail }) => ({ line, id, code: cause.code, pointer, detail }));
};
