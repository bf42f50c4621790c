import type { MemoryPlane, MemoryPlaneStatus } from '../api/v1alpha1/types.js';
import type { PlacementCount } from '../catalogue/catalogue.js';
import { mergeConditions, type ConditionInput as NewCondition } from '../runtime/conditions.js';

export interface StoreFinding {
  readonly kind: string;
  readonly name: string;
  readonly reachable: boolean;
  readonly version: string | undefined;
  /** Why it is not reachable, and what to do. */
  readonly problem: { readonly reason: string; readonly message: string } | undefined;
}

/** A pure fold. `observedTime` moves only when what was observed does: a plane at rest is not written. */
export function foldPlaneStatus(
  plane: MemoryPlane,
  findings: readonly StoreFinding[],
  counts: readonly PlacementCount[] | undefined,
  now: Date,
): MemoryPlaneStatus {
  const previous = plane.status;
  const generation = plane.metadata.generation ?? 0;
  return {
    ...previous,
    conditions: mergeConditions(previous?.conditions ?? [], conditions(findings, generation), now),
    stores: findings.map((finding) => store(finding, previous, counts, now)),
    ...(counts === undefined
      ? {}
      : { tenants: sum(counts, 'Active'), retainedTenants: sum(counts, 'Retained') + sum(counts, 'Erasing') }),
  };
}

function conditions(findings: readonly StoreFinding[], generation: number): readonly NewCondition[] {
  const problem = findings.find((finding) => finding.problem !== undefined)?.problem;
  const { reason, message } = problem ?? { reason: 'Ready', message: 'every store answers' };
  const status = problem === undefined ? 'True' : 'False';
  return [{ type: 'Ready', status, reason, message, observedGeneration: generation }];
}

function store(
  { kind, name, reachable, version }: StoreFinding,
  previous: MemoryPlaneStatus | undefined,
  counts: readonly PlacementCount[] | undefined,
  now: Date,
) {
  const held = counts?.filter(({ database }) => database === name).reduce((total, count) => total + count.tenants, 0);
  const next = {
    kind,
    name,
    reachable,
    ...(version === undefined ? {} : { version }),
    ...(kind === 'postgres' && held !== undefined ? { tenants: held } : {}),
  };
  const before = previous?.stores?.find((candidate) => candidate.kind === kind && candidate.name === name);
  const unchanged =
    before !== undefined && Object.entries(next).every(([key, value]) => Reflect.get(before, key) === value);
  return { ...next, observedTime: unchanged ? before.observedTime : now.toISOString() };
}

const sum = (counts: readonly PlacementCount[], state: PlacementCount['state']): number =>
  counts.filter((count) => count.state === state).reduce((total, count) => total + count.tenants, 0);
