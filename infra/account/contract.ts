import type { ITerraformDependable } from 'cdktf';
import { refused } from '../support/errors.js';
import type { Site } from '../support/site.js';
import type { Tags } from '../support/tags.js';

/** Who applies the stacks: one pipeline, by exactly this subject of exactly this issuer. */
export interface Pipeline {
  /** `https://token.actions.githubusercontent.com` */
  readonly issuer: string;
  /** `repo:example/infrastructure:environment:prod`, in full: a pattern would admit a branch of anybody's. */
  readonly subject: string;
}

export interface AccountConfig<S extends Site = Site> {
  readonly site: S;
  /** Prefix of what has a name. */
  readonly name: string;
  readonly tags: Tags;
  /** @default none: the principals of the site exist already, made by somebody else */
  readonly pipeline?: Pipeline;
  /** AWS: ARNs of who may become these roles, each with a second factor. Elsewhere membership of the groups says so. */
  readonly people: { readonly compliance: readonly string[]; readonly breakGlass: readonly string[] };
  /** Azure: groups of resources, and which of them nobody may delete. */
  readonly groups: Readonly<Record<'bootstrap' | 'vault' | 'plane', string>>;
  /** AWS: ARN of the audit bucket, which compliance reads. */
  readonly audit: string;
  /** AWS: ARN of the bucket of states, and alias of its key. */
  readonly state: string;
  readonly stateKey: string;
  /** AWS: alias of the key of the audit bucket. */
  readonly auditKey: string;
}

export interface AccountOutput<S extends Site = Site> {
  /** The same place, in a form that waits for what this unit makes. */
  readonly site: S;
  /** Who applies the stacks, by what `place` calls it; Azure gives it an id only now. */
  readonly deploy: string;
  /** What Terraform cannot do, as commands. */
  readonly byHand: readonly string[];
  readonly ready: readonly ITerraformDependable[];
}

export function checkAccount({ name, pipeline, people, site }: AccountConfig): void {
  const at = `account ${name}`;
  if (pipeline === undefined) return;
  if (!/^https:\/\/[^\s/]+(\/\S*)?$/.test(pipeline.issuer)) {
    throw refused(`${at}.pipeline.issuer`, pipeline.issuer, 'not an issuer', 'name its https address');
  }
  if (pipeline.subject === '' || /[*?\s]/.test(pipeline.subject)) {
    const why = 'a pattern, or nothing, would admit others than this pipeline';
    throw refused(`${at}.pipeline.subject`, pipeline.subject, why, 'name the subject in full');
  }
  if (site.cloud !== 'aws') return;
  for (const who of ['compliance', 'breakGlass'] as const) {
    for (const arn of people[who]) {
      if (/^arn:[\w-]+:(iam|sts)::\d{12}:(role|user|assumed-role)\/[\w+=,.@/-]+$/.test(arn)) continue;
      throw refused(`${at}.people.${who}`, arn, 'not one principal', 'name the ARN of a role or a user');
    }
  }
}
