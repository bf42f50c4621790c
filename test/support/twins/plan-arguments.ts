import { resolve } from 'node:path';

export const PLAN_USAGE = `npm run plan:offline -- [STACK…] [--json] [--against FOLDER] [--state FOLDER] [--real-aws]

Says what an apply would do, stack by stack, without an account or a network: what cannot be taken back, what is added,
changed, replaced and destroyed, what the proofs found, and what it costs. Terraform plans; providers are twins.

  STACK             aws-prod-vault, or aws-prod for all stacks of it; none: every stack
  --against FOLDER  compare with these stacks (the cdktf.out of the last release) instead of with what was rehearsed
  --state FOLDER    what "npm run twin" applied there (.memplane/twins)
  --real-aws        plan AWS with the provider that Terraform finds in TF_PLUGIN_MIRROR; it plans from nothing
  --json            one object on standard output

  npm run plan:offline -- aws-prod
  npm run plan:offline -- --against ../last-release/cdktf.out aws-prod-plane

Exit codes: 0 it could be applied; 1 Terraform or a proof refuses; 2 nothing was decided.`;

export interface PlanAsked {
  readonly names: readonly string[];
  readonly json: boolean;
  readonly realAws: boolean;
  readonly against?: string;
  readonly state: string;
}

/** What is asked for; 'help', or what is wrong. */
export function readPlanArguments(args: readonly string[], home: string): PlanAsked | string {
  let asked: PlanAsked = { names: [], json: false, realAws: false, state: home };
  for (let at = 0; at < args.length; at += 1) {
    const one = args[at] ?? '';
    const value = args[at + 1];
    if (one === '--help' || one === '-h') return 'help';
    if (one === '--json') asked = { ...asked, json: true };
    else if (one === '--real-aws') asked = { ...asked, realAws: true };
    else if (one === '--against' || one === '--state') {
      if (value === undefined || value.startsWith('-')) return `${one} needs a folder`;
      asked = { ...asked, [one.slice(2)]: resolve(value) };
      at += 1;
    } else if (one.startsWith('-')) return `unknown option ${one}`;
    else asked = { ...asked, names: [...asked.names, one] };
  }
  return asked.realAws && asked.against !== undefined
    ? '--real-aws and --against exclude each other: nothing was applied that the real provider would know'
    : asked;
}

/** The stacks that names mean, in the order in which they are applied; or the name that means none. */
export function chooseStacks(known: readonly string[], names: readonly string[]): readonly string[] | string {
  const unknown = names.find((name) => !known.some((one) => means(name, one)));
  if (unknown !== undefined) return `there is no stack ${unknown}; there are ${[...known].sort().join(', ')}`;
  const chosen = names.length === 0 ? known : known.filter((one) => names.some((name) => means(name, one)));
  const layer = (one: string): number => LAYERS.indexOf(one.slice(one.lastIndexOf('-') + 1));
  const environment = (one: string): string => one.slice(0, one.lastIndexOf('-'));
  return [...chosen].sort((a, b) =>
    environment(a) === environment(b) ? layer(a) - layer(b) : environment(a) < environment(b) ? -1 : 1,
  );
}

const LAYERS = ['bootstrap', 'vault', 'plane'];
const means = (name: string, stack: string): boolean => stack === name || stack.startsWith(`${name}-`);
