import type { Cloud } from '../../infra/support/site.js';
import type { Environment, Layer } from '../spec/environment.js';
import type { Topic } from './controls.js';
import type { Resource, StackJson } from './terraform-json.js';

export interface ProvenStack {
  readonly name: string;
  readonly layer: Layer | 'bootstrap';
  readonly json: StackJson;
}

/** All stacks of one environment: who may delete an object of the vault is written in the plane as well. */
export interface World {
  readonly environment: Environment;
  readonly cloud: Cloud;
  /** Not `dev`: promises that cost money are made to it. */
  readonly production: boolean;
  readonly stacks: readonly ProvenStack[];
}

/** `warn`: true today and not yet the promise, such as the first of Azure's two applies. */
export type Verdict = 'pass' | 'fail' | 'warn';

export interface Evidence {
  readonly verdict: Verdict;
  readonly stack: string;
  /** `aws_s3_bucket.audit` */
  readonly address: string;
  /** `versioning_configuration.status`, or what was asked of a policy. */
  readonly attribute: string;
  readonly value: string;
  /** What the promise is; with `value` it is the whole message of a failure. */
  readonly wanted: string;
  /** What to do here, where that is more exact than the remedy of the rule. */
  readonly remedy?: string;
}

export interface Rule {
  /** Stands in reports and waivers, so it never changes. */
  readonly id: string;
  readonly title: string;
  readonly topic: Topic;
  /** Ids of public scanners that look at the same thing; none where there is no such rule. */
  readonly scanners: readonly string[];
  readonly remedy: string;
  /** Everything that was looked at, whether it holds or not. */
  readonly prove: (world: World) => readonly Evidence[];
}

export function evidence(
  stack: ProvenStack,
  { address }: Pick<Resource, 'address'>,
  holds: boolean,
  told: Pick<Evidence, 'attribute' | 'value' | 'wanted' | 'remedy'>,
): Evidence {
  return { verdict: holds ? 'pass' : 'fail', stack: stack.name, address, ...told };
}
