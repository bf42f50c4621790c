import type { Json } from '../proofs/terraform-json.js';

type Values = { readonly [name: string]: Json };

/** One resource in `terraform show -json PLAN`: what Terraform would do to it. */
export interface PlannedChange {
  readonly address: string;
  readonly mode: 'managed' | 'data';
  readonly type: string;
  readonly name: string;
  /** Where a `moved` block takes it from. */
  readonly previous_address?: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: Values | null;
    readonly after: Values | null;
    readonly after_unknown?: Json;
    readonly replace_paths?: readonly (readonly (string | number)[])[];
  };
}

/** Of the plan, what a preview reads. A plan that Terraform refused has its changes all the same. */
export interface PlanJson {
  readonly resource_changes?: readonly PlannedChange[];
  readonly errored?: boolean;
}

export type Action = 'add' | 'change' | 'replace' | 'destroy' | 'forget' | 'move' | 'none';

export function actionOf({ change: { actions }, previous_address }: PlannedChange): Action {
  if (actions.includes('create')) return actions.includes('delete') ? 'replace' : 'add';
  if (actions.includes('delete')) return 'destroy';
  if (actions.includes('update')) return 'change';
  if (actions.includes('forget')) return 'forget';
  return previous_address === undefined ? 'none' : 'move';
}

/** Attributes of the first level that would be others; what only the cloud will tell counts only if nothing was said. */
export function changedIn({ change: { before, after, after_unknown: unknown } }: PlannedChange): readonly string[] {
  if (before === null || after === null) return [];
  const waits = typeof unknown === 'object' && unknown !== null ? Object.keys(unknown) : [];
  const names = new Set([...Object.keys(before), ...Object.keys(after), ...waits]);
  const isWaiting = (name: string): boolean => (unknown as Values | undefined)?.[name] === true;
  return [...names]
    .filter((name) => isWaiting(name) || JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .sort();
}
