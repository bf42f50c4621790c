import type { DeploymentSpec } from 'kubernetes-types/apps/v1.js';

/** How many pods of one ReplicaSet are asked for, and how many serve. */
export interface SetScale {
  readonly name: string;
  readonly replicas: number;
  readonly available: number;
}

export interface RolloutState {
  readonly desired: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
  readonly current: SetScale;
  /** Oldest first. */
  readonly old: readonly SetScale[];
}

export interface ScaleStep {
  readonly name: string;
  readonly replicas: number;
  readonly because: string;
}

/** The two bounds of a rolling update as numbers. Percentages of surge round up, of unavailability down; never both 0. */
export function resolveBounds(spec: DeploymentSpec): { readonly maxSurge: number; readonly maxUnavailable: number } {
  const desired = spec.replicas ?? 1;
  if (spec.strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: desired };
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  const surge = resolveCount(maxSurge, desired, Math.ceil);
  const unavailable = resolveCount(maxUnavailable, desired, Math.floor);
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, desired) };
}

function resolveCount(value: string | number, of: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value;
  const number = Number.parseFloat(value);
  return value.endsWith('%') ? round((number * of) / 100) : number;
}

/**
 * The next step of a rolling update: as many new pods as the surge allows, then as many old ones away as availability
 * allows, broken ones first. Never more than desired + maxSurge asked for, never fewer than desired - maxUnavailable
 * that serve because of us.
 */
export function planRollout(state: RolloutState): readonly ScaleStep[] {
  const { desired, maxSurge, maxUnavailable, current, old } = state;
  const asked = current.replicas + sum(old, ({ replicas }) => replicas);
  const room = Math.max(0, desired + maxSurge - asked);
  const next = current.replicas > desired ? desired : Math.min(desired, current.replicas + room);
  const steps: ScaleStep[] = [];
  if (next !== current.replicas) {
    steps.push({ name: current.name, replicas: next, because: `${desired} desired, surge ${maxSurge}` });
  }
  const minAvailable = desired - maxUnavailable;
  const stillStarting = Math.max(0, next - current.available);
  const removable = Math.max(0, asked - current.replicas + next - minAvailable - stillStarting);
  return [...steps, ...planScaleDown(state, removable, minAvailable)];
}

function planScaleDown({ current, old }: RolloutState, removable: number, minAvailable: number): readonly ScaleStep[] {
  let left = removable;
  const broken = old.map((set) => {
    const count = Math.min(left, Math.max(0, set.replicas - set.available));
    left -= count;
    return count;
  });
  const serving = current.available + sum(old, ({ available }) => available);
  let spare = Math.min(left, Math.max(0, serving - minAvailable));
  return old.flatMap((set, index) => {
    const without = set.replicas - (broken[index] ?? 0);
    const healthy = Math.min(spare, without);
    spare -= healthy;
    const replicas = without - healthy;
    if (replicas === set.replicas) return [];
    return [{ name: set.name, replicas, because: `${serving} available, at least ${minAvailable} needed` }];
  });
}

/** All old pods end before the first new one starts. */
export function planRecreate(state: RolloutState, oldPodsLeft: number): readonly ScaleStep[] {
  const down = state.old
    .filter(({ replicas }) => replicas > 0)
    .map(({ name }) => ({ name, replicas: 0, because: 'Recreate ends the old pods first' }));
  if (down.length > 0 || oldPodsLeft > 0) return down;
  if (state.current.replicas === state.desired) return [];
  return [{ name: state.current.name, replicas: state.desired, because: `${state.desired} desired` }];
}

const sum = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((total, item) => total + value(item), 0);
