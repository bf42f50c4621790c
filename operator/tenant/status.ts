import { CONDITIONS, REASONS } from '../api/v1alpha1/conditions.js';
import type { Condition, MemoryTenantStatus } from '../api/v1alpha1/types.js';
import { mergeConditions, type ConditionInput as NewCondition } from '../runtime/conditions.js';
import { equalJson } from '../runtime/merge-patch.js';
import type { Outcome } from '../runtime/outcome.js';
import { describeMigration, succeedEmbedding } from './embedding.js';
import type { Facts } from './facts.js';
import { PHASES, type PhaseName, type PhaseOutcome, phaseCondition } from './phases/phase.js';

/** What one reconcile found out: why it stopped before the phases, or what each phase said. */
export interface Findings {
  /** Before the phases: paused, a plane that is missing, an identity that must be decided. */
  readonly gate: Outcome<never> | undefined;
  readonly phases: readonly { readonly phase: PhaseName; readonly outcome: PhaseOutcome }[];
  /** What resolving found, whatever the phases said. */
  readonly facts: Facts;
  readonly paused: boolean;
  readonly suspended: boolean;
}

/** A pure fold of the findings into the next status; what no phase spoke of stays as it was. */
export function foldStatus(
  previous: MemoryTenantStatus | undefined,
  generation: number,
  findings: Findings,
  now: Date,
): MemoryTenantStatus {
  const found = findings.phases.map(({ outcome }) => ('facts' in outcome ? outcome.facts : {}));
  const facts: Facts = Object.assign({}, findings.facts, ...found);
  const { available, ...fields } = facts;
  const embedding = succeedEmbedding(previous?.embedding, fields.embedding);
  const early = findings.gate !== undefined || findings.paused;
  const conditions = [
    ...readiness(findings),
    ...availability(previous, available),
    ...(early ? [] : phaseConditions(findings, embedding)),
    ...(findings.paused
      ? [condition('Paused', 'True', 'Paused', 'spec.paused is set: the operator looks and does not touch')]
      : []),
  ].map((one) => ({ ...one, observedGeneration: generation }));
  const kept = early ? keptConditions(previous, conditions) : besideConditions(previous);
  return {
    ...previous,
    ...fields,
    ...(embedding === undefined ? {} : { embedding }),
    observedGeneration: generation,
    conditions: mergeConditions(previous?.conditions ?? [], [...conditions, ...kept], now),
  };
}

const condition = (type: string, status: NewCondition['status'], reason: string, message: string): NewCondition => ({
  type,
  status,
  reason,
  message,
});

/** Ready always; Reconciling and Stalled only while they are true, as kstatus reads them. */
function readiness({ gate, phases, paused, suspended }: Findings): readonly NewCondition[] {
  const said: readonly (PhaseOutcome | undefined)[] = [gate, ...phases.map(({ outcome }) => outcome)];
  const blocking = said.find((outcome) => outcome !== undefined && outcome.kind !== 'done');
  if (paused) return [];
  if (blocking?.kind !== 'wait' && blocking?.kind !== 'stalled') {
    return suspended
      ? [condition('Ready', 'True', 'Suspended', 'scaled to zero as spec.mode asks; data and keys are kept')]
      : [condition('Ready', 'True', 'Ready', 'every phase holds')];
  }
  const { reason, message, kind } = blocking;
  return [
    condition('Ready', 'False', reason, message),
    condition(kind === 'stalled' ? 'Stalled' : 'Reconciling', 'True', reason, message),
  ];
}

/** Whether the service answers now: it goes on to do so while a later phase waits. */
function availability(
  previous: MemoryTenantStatus | undefined,
  available: Facts['available'],
): readonly NewCondition[] {
  if (available !== undefined) {
    return [condition('Available', available.yes ? 'True' : 'False', available.reason, available.message)];
  }
  const before = previous?.conditions?.find(({ type }) => type === 'Available');
  return before === undefined ? [] : [condition('Available', before.status, before.reason, before.message)];
}

function phaseConditions({ phases }: Findings, embedding: Facts['embedding']): readonly NewCondition[] {
  return PHASES.map((name) => {
    const outcome = phases.find(({ phase }) => phase === name)?.outcome;
    const type = phaseCondition(name);
    if (outcome === undefined) return condition(type, 'Unknown', 'Pending', `waits for ${lastOf(phases)}`);
    if (outcome.kind !== 'done') return condition(type, 'False', outcome.reason, outcome.message);
    return name === 'vectors' ? vectorsCondition(embedding) : condition(type, 'True', 'Ready', `${name} in place`);
  });
}

/** The service runs and is ready, whatever its vectors are of: whoever changes the model reads here what that leaves to do. */
function vectorsCondition(embedding: Facts['embedding']): NewCondition {
  const type = CONDITIONS.vectorsReady;
  const { migration } = embedding ?? {};
  return migration === undefined
    ? condition(type, 'True', 'Ready', 'vectors in place')
    : condition(type, 'False', REASONS.EmbeddingChanged, describeMigration(migration));
}

/** The same status after a look at the vectors themselves; `undefined` when it says so already. */
export function foldMigration(
  status: MemoryTenantStatus,
  migration: NonNullable<Facts['embedding']>['migration'],
  now: Date,
): MemoryTenantStatus | undefined {
  const { migration: shown, ...rest } = status.embedding ?? {};
  if (equalJson(shown, migration)) return undefined;
  const embedding = migration === undefined ? rest : { ...rest, migration };
  const told = status.conditions?.find(({ type }) => type === CONDITIONS.vectorsReady);
  // What the phase itself waits for is told first.
  const free = told !== undefined && (told.status === 'True' || told.reason === REASONS.EmbeddingChanged);
  if (!free) return { ...status, embedding };
  const { observedGeneration } = told;
  const next = { ...vectorsCondition(embedding), ...(observedGeneration === undefined ? {} : { observedGeneration }) };
  const all = status.conditions ?? [];
  const conditions = mergeConditions(
    all,
    all.map((one) => (one === told ? next : one)),
    now,
  );
  return { ...status, embedding, conditions };
}

const lastOf = (phases: Findings['phases']): string => phases.at(-1)?.phase ?? 'the phases before it';

/** What is said of work beside the phases stays until that says something else. */
const besideConditions = (previous: MemoryTenantStatus | undefined): readonly Condition[] =>
  (previous?.conditions ?? []).filter(({ type }) => type === CONDITIONS.auditReady);

/** When a reconcile stops early, what the phases said last time is still the best that is known. */
function keptConditions(
  previous: MemoryTenantStatus | undefined,
  next: readonly NewCondition[],
): readonly (NewCondition & Pick<Condition, 'observedGeneration'>)[] {
  const spoken = new Set([...next.map(({ type }) => type), 'Reconciling', 'Stalled', 'Paused']);
  return (previous?.conditions ?? []).filter(({ type }) => !spoken.has(type));
}
