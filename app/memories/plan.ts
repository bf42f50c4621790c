import { isAllowed, type Permission, type Principal } from '../access/principal.js';
import { requireIn } from '../access/scoped.js';
import { type FieldError, type Problem, problem } from '../http/errors.js';
import type { Json } from '../http/json.js';
import { countMarks, type RedactionCounts, type RedactionKind, redactJson } from '../policies/redact.js';
import type { Policies } from '../policies/schema.js';
import type { RowContent } from '../sealing/index.js';
import { requireUserId, resolveUserId } from '../tenancy/identity.js';
import { type Draft, SCOPES, type Scope } from './schema.js';
import { readTime } from './time.js';
import type { Trust } from './trust.js';
import { readVector } from './vector-input.js';

/** A draft that has passed every rule that needs no store. */
export interface PlannedDraft {
  readonly kind: 'planned';
  readonly draft: Draft;
  /** What will be sealed: the draft's texts, redacted as the policy says. */
  readonly content: RowContent;
  readonly redactions: RedactionCounts;
  readonly id: string;
  readonly scope: Scope;
  readonly scopeCode: number;
  readonly userId: string | null;
  readonly vector: Float32Array | null;
  readonly confidence: number;
  readonly expiresAt: Date | null;
  readonly validFrom: Date | null;
  readonly validTo: Date | null;
  /** @default nothing: it stands for itself */
  readonly lineage?: Lineage;
  /** @default none: it begins now, with version 1 */
  readonly past?: Past;
}

/** What a memory that comes from elsewhere has been there. */
export interface Past {
  readonly version: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Of `STATUSES`. */
  readonly status: number;
  /** Never raised by coming here. */
  readonly trust: Trust | null;
}

/** What a memory was made from, and what it takes the place of. */
export interface Lineage {
  readonly supersedes: readonly string[];
  readonly evidence: readonly string[];
  readonly trust: readonly Trust[];
}

/** Valid, but the tenant's policy does not keep it. */
export interface DroppedDraft {
  readonly kind: 'dropped';
  readonly reason: string;
}

export interface PlanContext {
  readonly principal: Principal;
  /** What writing by this way needs in the scope of the draft. */
  readonly permission: Permission;
  readonly headerUser: string | null;
  /** Whether the draft was made from texts that were redacted before: it says so by their marks. */
  readonly redacted: boolean;
  readonly policies: Policies;
  readonly dimensions: number;
  readonly model: string;
  readonly now: Date;
  newId(): string;
}

export const DEFAULT_IMPORTANCE = 0.5;
const DAY_MS = 86_400_000;

/** Pure: who, where, until when. Throws the problem that a single draft is answered with. */
export const planDraft = (draft: Draft, context: PlanContext): PlannedDraft | DroppedDraft => {
  const { policies } = context.policies;
  checkPredicate(draft, policies.predicates);
  const scope = draft.scope ?? 'user';
  const named = { explicit: draft.user_id ?? null, header: context.headerUser };
  const userId = scope === 'user' ? requireUserId(context.principal, named) : resolveUserId(context.principal, named);
  checkScope(draft, scope, context);
  const vector = draft.vector === undefined ? null : readVector(draft.vector, context.dimensions);
  checkModel(draft, context.model);
  const times = planTimes(draft, context);
  const confidence = draft.confidence ?? 1;
  if (isBelowMinimum(confidence, policies.minConfidencePercent)) {
    return {
      kind: 'dropped',
      reason: `confidence ${confidence} is below the tenant's minimum of ${policies.minConfidencePercent} %`,
    };
  }
  const id = draft.id?.toLowerCase() ?? context.newId();
  const { content, redactions } = redact(draft, context);
  return {
    kind: 'planned',
    draft,
    content,
    redactions,
    id,
    scope,
    scopeCode: SCOPES.indexOf(scope),
    userId,
    vector,
    confidence,
    ...times,
  };
};

const NOTHING_REDACTED: RedactionCounts = new Map();

const redact = (draft: Draft, { policies, redacted }: PlanContext): Pick<PlannedDraft, 'content' | 'redactions'> => {
  const { redact: kinds } = policies.policies;
  if (kinds.length === 0) return { content: contentOf(draft), redactions: NOTHING_REDACTED };
  const redactions = new Map<RedactionKind, number>();
  const content = redactJson(contentOf(draft), kinds, redactions);
  if (redacted) countMarks(draft.content, kinds, redactions);
  return { content, redactions };
};

/** Compared as percent, as the policy is written: 0.57 * 100 is 56.99… in binary. */
export const isBelowMinimum = (confidence: number, percent: number): boolean =>
  Math.round(confidence * 1e6) < percent * 1e4;

type ContentField = 'content' | 'subject' | 'predicate' | 'object' | 'metadata' | 'source';

/** With the texts of a batch of 1,000 still well below what a transaction should carry. */
const MAX_METADATA_CHARACTERS = 65_536;

export const contentOf = (draft: Pick<Draft, ContentField>): RowContent & { readonly [key: string]: Json } => {
  const { content, subject = null, predicate = null, object = null } = draft;
  const metadata = (draft.metadata ?? {}) as RowContent['metadata'];
  if (draft.metadata && JSON.stringify(metadata).length > MAX_METADATA_CHARACTERS) {
    throw problemAt(
      'invalid_request',
      '/metadata',
      `metadata is longer than ${MAX_METADATA_CHARACTERS} characters of JSON.`,
    );
  }
  return { content, subject, predicate, object, metadata, source: { ...draft.source } };
};

export const checkPredicate = (draft: Pick<Draft, 'predicate'>, allowed: readonly string[] | null): void => {
  const { predicate } = draft;
  if (allowed === null || predicate === undefined || predicate === null || allowed.includes(predicate)) return;
  const detail = `The predicate ${JSON.stringify(predicate.slice(0, 100))} is not one of ${allowed.slice(0, 20).join(', ')}.`;
  throw problemAt('predicate_not_allowed', '/predicate', detail);
};

/** Whether a person belongs to the team is asked when its reference is known. */
const checkScope = (draft: Draft, scope: Scope, { principal, permission }: PlanContext): void => {
  requireIn(principal, permission, scope, '/scope');
  if (scope === 'team' && !draft.team_id) throw problemAt('invalid_scope', '/team_id', 'The scope team needs team_id.');
  if (scope === 'organization' && !draft.organization_id) {
    throw problemAt('invalid_scope', '/organization_id', 'The scope organization needs organization_id.');
  }
  if (scope === 'global' && !isAllowed(principal, 'global.write')) {
    throw problem('forbidden', `The role ${principal.role} may not write what the whole tenant sees.`, {
      remedy: 'Use a narrower scope, or a service or admin key.',
    });
  }
};

export const checkModel = (draft: Pick<Draft, 'embedding_model'>, model: string): void => {
  if (draft.embedding_model === undefined || draft.embedding_model === model) return;
  throw problemAt(
    'dimension_mismatch',
    '/embedding_model',
    `The tenant's model is ${model}; vectors of another model cannot be compared with its own.`,
  );
};

export const planTimes = (
  draft: Pick<Draft, 'expires_at' | 'valid_from' | 'valid_to'>,
  { now, policies }: Pick<PlanContext, 'now' | 'policies'>,
) => {
  const validFrom = readTime('/valid_from', draft.valid_from);
  const validTo = readTime('/valid_to', draft.valid_to);
  if (validFrom && validTo && validFrom > validTo)
    throw problemAt('invalid_request', '/valid_to', 'valid_to is before valid_from.');
  const asked = readTime('/expires_at', draft.expires_at);
  const { ttlDays } = policies.policies;
  const latest = ttlDays === null ? null : new Date(now.getTime() + ttlDays * DAY_MS);
  // The policy is the longest a memory may live, not only what holds when nobody says anything.
  const expiresAt = latest && (!asked || asked > latest) ? latest : asked;
  return { validFrom, validTo, expiresAt };
};

export const problemAt = (code: Problem['code'], pointer: string, detail: string): Problem => {
  const error: FieldError = { pointer, code, detail };
  return problem(code, detail, { errors: [error] });
};
