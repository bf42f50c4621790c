import type { Irreversible } from '../outputs.js';
import { plainId, type StackJson } from '../proofs/terraform-json.js';
import { irreversibleSteps, type Step } from './irreversible.js';
import { type Action, actionOf, changedIn, type PlanJson } from './plan-json.js';

export interface Change {
  readonly action: Exclude<Action, 'none'>;
  /** As Terraform and its state say it. */
  readonly address: string;
  readonly type: string;
  /** What would be another one; of a replacement, what forces it. */
  readonly attributes: readonly string[];
  readonly from?: string;
}

/** One finding of a proof that does not hold, or is waived. */
export interface Finding {
  readonly rule: string;
  readonly address: string;
  readonly verdict: 'fail' | 'warn' | 'waived';
  readonly text: string;
}

export interface Policy {
  readonly facts: number;
  readonly holds: number;
  readonly findings: readonly Finding[];
}

export interface Cost {
  readonly currency: string;
  readonly monthly: number;
  readonly monthlyAtMost: number;
  /** What the stack cost as it was last applied; null: nobody kept it. */
  readonly before: number | null;
  /** Of `before`, by what is charged; only what differs. */
  readonly items: readonly { readonly item: string; readonly monthly: number }[];
}

export interface Preview {
  readonly stack: string;
  readonly counts: Readonly<Record<'add' | 'change' | 'replace' | 'destroy' | 'move' | 'forget', number>>;
  readonly changes: readonly Change[];
  readonly irreversible: readonly Step[];
  readonly policy: Policy;
  readonly cost: Cost;
  /** What Terraform says against it; then there is nothing to apply. */
  readonly refused: readonly string[];
}

export interface Planned {
  readonly stack: string;
  readonly json: StackJson;
  readonly plan: PlanJson;
  /** What Terraform wrote as errors. */
  readonly errors: readonly string[];
  readonly policy: Policy;
  readonly cost: Cost;
  /** Types that keep data or a key. */
  readonly stateful: ReadonlySet<string>;
}

const ORDER: readonly Action[] = ['destroy', 'replace', 'forget', 'change', 'move', 'add'];

/** What an apply would do, in the order in which a reviewer wants to see it. Pure: of files that lie there. */
export function buildPreview({ stack, json, plan, errors, policy, cost, stateful }: Planned): Preview {
  const all = (plan.resource_changes ?? []).filter(({ mode }) => mode === 'managed');
  const changes = all
    .flatMap((one): readonly Change[] => {
      const action = actionOf(one);
      if (action === 'none') return [];
      const forcing = (one.change.replace_paths ?? []).map((path) => path.join('.'));
      return [
        {
          action,
          address: one.address,
          type: one.type,
          attributes: action === 'replace' ? forcing : action === 'change' ? changedIn(one) : [],
          ...(one.previous_address === undefined ? {} : { from: one.previous_address }),
        },
      ];
    })
    .sort((a, b) => ORDER.indexOf(a.action) - ORDER.indexOf(b.action) || (a.address < b.address ? -1 : 1));
  const count = (action: Action): number => changes.filter((one) => one.action === action).length;
  return {
    stack,
    counts: {
      add: count('add'),
      change: count('change'),
      replace: count('replace'),
      destroy: count('destroy'),
      move: count('move'),
      forget: count('forget'),
    },
    changes,
    irreversible: irreversibleSteps(all, promisedBy(json), stateful),
    policy,
    cost,
    refused: errors.length > 0 || plan.errored !== true ? errors : ['Terraform refuses this plan'],
  };
}

function promisedBy({ output }: StackJson): readonly Irreversible[] {
  return Object.values(output).flatMap(
    ({ value }) => ((value as { readonly irreversible?: unknown }).irreversible ?? []) as readonly Irreversible[],
  );
}

/** `aws_kms_key.kms_audit_key_C8B7AEA7` without what cdktf adds, for people. */
export const readable = (address: string): string => plainId(address);
