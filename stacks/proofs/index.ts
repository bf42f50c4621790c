import type { Environment } from '../spec/environment.js';
import { terraformRules } from './features.js';
import { stateGuard } from './guards.js';
import { keyRules } from './key-graph.js';
import { permissionRules } from './permissions.js';
import { planRules } from './plan-gaps.js';
import { networkRules } from './reachability.js';
import { recoveryRules } from './recovery.js';
import type { Evidence, ProvenStack, Rule, World } from './rule.js';
import { secretRules } from './secrets.js';
import { rulesOf, type Setting } from './setting.js';
import { awsSettings } from './settings-aws.js';
import { azureSettings } from './settings-azure.js';
import { clusterSettings } from './settings-clusters.js';
import { edgeSettings } from './settings-edge.js';
import { gcpSettings } from './settings-gcp.js';
import { keepingSettings } from './settings-keeping.js';
import { type Waived, waiverOf } from './waivers.js';
import { workloadRules } from './workloads.js';
import { wormRules } from './worm.js';

export type { Evidence, ProvenStack, Rule, Verdict, World } from './rule.js';
export type { Waived } from './waivers.js';

export const SETTINGS: readonly Setting[] = [
  ...awsSettings,
  ...gcpSettings,
  ...azureSettings,
  ...clusterSettings,
  ...keepingSettings,
  ...edgeSettings,
];

/** Every proof there is. Pure functions over what was synthesised: synth, tests and memoryctl run the same ones. */
export const RULES: readonly Rule[] = [
  ...keyRules,
  ...permissionRules,
  ...workloadRules,
  ...wormRules,
  ...networkRules,
  stateGuard,
  ...recoveryRules,
  ...secretRules,
  ...planRules,
  ...terraformRules,
  ...rulesOf(SETTINGS),
];

export interface Proven {
  readonly environment: string;
  readonly rule: Rule;
  readonly evidence: Evidence;
  /** Why a failure is none. */
  readonly waived?: Waived;
}

export interface Proofs {
  readonly all: readonly Proven[];
  /** What stops a synth: failures without a waiver, and waivers of nothing. */
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
}

export function worldOf(environment: Environment, stacks: readonly ProvenStack[]): World {
  return { environment, cloud: environment.place.cloud, production: environment.profile !== 'dev', stacks };
}

/** `judged`: rules of which somebody else says whether a waiver is used. */
export function prove(
  worlds: readonly World[],
  rules: readonly Rule[] = RULES,
  judged: ReadonlySet<string> = new Set(),
): Proofs {
  const ours = rules.filter(({ id }) => !judged.has(id));
  const all = worlds.flatMap((world) => {
    const { name, waivers } = waiversOf(world);
    return rules.flatMap((rule) =>
      rule.prove(world).map((evidence): Proven => {
        const waived = evidence.verdict === 'fail' ? waiverOf(waivers, rule.id, evidence) : undefined;
        return { environment: name, rule, evidence, ...(waived === undefined ? {} : { waived }) };
      }),
    );
  });
  const open = all.filter(({ evidence, waived }) => evidence.verdict === 'fail' && waived === undefined);
  return {
    all,
    failures: [...open.map(described), ...worlds.flatMap((world) => unused(world, all, ours))],
    warnings: all.filter(({ evidence }) => evidence.verdict === 'warn').map(described),
  };
}

/** `WORM-FLOOR aws-prod-vault aws_s3_bucket.audit: days of the lock is 30, and must be at least 365; …` */
export function described({ rule, evidence }: Proven): string {
  const { stack, address, attribute, value, wanted, remedy = rule.remedy } = evidence;
  return `${rule.id} ${stack} ${address}: ${attribute} is ${value}, and must be ${wanted} (${remedy})`;
}

function waiversOf({ environment }: World): { readonly name: string; readonly waivers: readonly Waived[] } {
  const { place, name, waivers } = environment;
  return { name: `${place.cloud}-${name}`, waivers };
}

/** A waiver that waives nothing hides the next weakening. Those of rules that are not ours are the environment's. */
function unused(world: World, all: readonly Proven[], rules: readonly Rule[]): readonly string[] {
  const { name, waivers } = waiversOf(world);
  return waivers
    .filter(({ rule }) => rules.some(({ id }) => id === rule))
    .filter((waiver) => !all.some((one) => one.environment === name && one.waived === waiver))
    .map(({ rule, resource }) => `${name}.waivers: ${rule} for ${resource} waives nothing; take it out`);
}
