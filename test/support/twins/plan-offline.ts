import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Previews from '../../../stacks/preview/index.js';
import type { CostFile, PlanJson, Preview, SarifLog } from '../../../stacks/preview/index.js';
import type { StackJson } from '../../../stacks/proofs/terraform-json.js';
import { AWS_ADDRESS, findAwsMirror, type Mirror, withoutAccount } from './aws-mirror.js';
import { keptCost } from './kept-costs.js';
import { describe, environmentOf, refuse, terraformName, terraformProblem } from './launch.js';
import { chooseStacks, PLAN_USAGE, type PlanAsked, readPlanArguments } from './plan-arguments.js';
import { startTwins, type Twins } from './server.js';
import { withLocalState } from './stack-copy.js';
import { typesIn } from './stack-types.js';

/** Terraform ends so when there are changes. */
const CHANGES = 2;

interface Folders {
  readonly states: string;
  readonly out: string;
  /** Copies of stacks, each beside its plan. */
  readonly work: string;
}

interface Place extends Folders {
  readonly asked: PlanAsked;
  readonly env: NodeJS.ProcessEnv;
  readonly mirror?: Mirror;
  readonly previews: typeof Previews;
}

/** `npm run plan:offline`: exit code. */
export async function planOffline(args: readonly string[], home: string): Promise<number> {
  const asked = readPlanArguments(args, home);
  if (asked === 'help') return refuse(PLAN_USAGE, 0);
  if (typeof asked === 'string') return refuse(`error: ${asked}\n\n${PLAN_USAGE}`, 2);
  const problem = terraformProblem() ?? againstProblem(asked);
  if (problem !== undefined) return refuse(`error: ${problem}`, 2);
  const mirror = asked.realAws ? findAwsMirror() : undefined;
  if (asked.realAws && mirror === undefined) {
    return refuse(`error: --real-aws: no provider in TF_PLUGIN_MIRROR or Terraform's usual folders`, 2);
  }
  const folders = foldersOf(asked, home);
  const twins = await startTwins((name) => typesIn(Object.values(folders), name));
  try {
    console.error(`${mirror === undefined ? '' : `AWS provider ${mirror.version}, `}twins of ${describe(twins)}`);
    const env = planEnvironment(twins, home, folders, mirror);
    if ((await run(String(env.CDKTF_APP), [], { ...env, CDKTF_OUTDIR: folders.out })).code !== 0) return 1;
    const previews = (await import(pathToFileURL(resolve('dist/stacks/preview/index.js')).href)) as typeof Previews;
    return await previewAll({ ...folders, asked, env, previews, ...(mirror === undefined ? {} : { mirror }) });
  } finally {
    twins.stop();
    rmSync(folders.work, { recursive: true, force: true });
  }
}

const againstProblem = ({ against }: PlanAsked): string | undefined =>
  against === undefined || existsSync(join(against, 'stacks'))
    ? undefined
    : `--against ${against} has no folder stacks: name the cdktf.out that "npm run synth" wrote`;

function foldersOf({ state, against }: PlanAsked, home: string): Folders {
  const work = join(home, 'plan');
  rmSync(work, { recursive: true, force: true });
  const folders = {
    states: against === undefined ? join(state, 'states') : join(work, 'states'),
    out: join(state, 'cdktf.out'),
    work,
  };
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  return folders;
}

/** The real provider of AWS is one that Terraform starts itself. */
function planEnvironment(twins: Twins, home: string, folders: Folders, mirror: Mirror | undefined): NodeJS.ProcessEnv {
  const env = environmentOf(twins, home, folders);
  if (mirror === undefined) return env;
  const rc = join(folders.work, 'terraform.rc');
  writeFileSync(rc, `provider_installation {\n  filesystem_mirror {\n    path = "${mirror.folder}"\n  }\n}\n`);
  const { [AWS_ADDRESS]: _, ...others } = JSON.parse(twins.reattach) as Record<string, object>;
  return { ...env, TF_REATTACH_PROVIDERS: JSON.stringify(others), TF_CLI_CONFIG_FILE: rc };
}

async function previewAll(place: Place): Promise<number> {
  const known = readdirSync(join(place.out, 'stacks'));
  const chosen = chooseStacks(known, place.asked.names);
  if (typeof chosen === 'string') return refuse(`error: ${chosen}`, 2);
  const previews: Preview[] = [];
  for (const stack of chosen) {
    const preview = await previewOf(stack, place);
    previews.push(preview);
    if (!place.asked.json) console.log(place.previews.renderPreview(preview).join('\n'));
  }
  if (place.asked.json) console.log(JSON.stringify({ stacks: previews }, null, 2));
  return previews.some(({ refused }) => refused.length > 0) ? 1 : 0;
}

async function previewOf(stack: string, place: Place): Promise<Preview> {
  const { against } = place.asked;
  const failed = against === undefined ? [] : await applyBefore(stack, against, place);
  const json = readJson<StackJson>(join(place.out, 'stacks', stack, 'cdk.tf.json'));
  const real = place.mirror !== undefined && stack.startsWith('aws-');
  const state = join(real ? place.work : place.states, `${stack}.tfstate`);
  const { plan, errors } = failed.length > 0 ? { plan: {}, errors: failed } : await planOf(stack, json, state, place);
  const { policyOf, costOf, buildPreview } = place.previews;
  const before =
    against === undefined
      ? keptCost(place.asked.state, stack, !real && existsSync(state) ? state : undefined)
      : readJson<CostFile>(join(against, 'cost.json'));
  return buildPreview({
    stack,
    json: { ...json, output: json.output ?? {} },
    plan,
    errors,
    policy: policyOf(readJson<SarifLog>(join(place.out, 'proofs.sarif')), stack),
    cost: costOf(readJson<CostFile>(join(place.out, 'cost.json')), real ? { costs: [] } : before, stack),
    stateful: statefulTypes(),
  });
}

const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;

/** Types of everything whose loss loses data or a key. */
function statefulTypes(): ReadonlySet<string> {
  const ids = readJson<Readonly<Record<string, readonly string[]>>>(resolve('stacks/logical-ids.json'));
  return new Set(Object.values(ids).flatMap((all) => all.map((one) => one.slice(0, one.indexOf('.')))));
}

/** The stacks of another release, applied to the twins, are what is compared with. A stack that it had not is new. */
async function applyBefore(stack: string, against: string, place: Place): Promise<readonly string[]> {
  const file = join(against, 'stacks', stack, 'cdk.tf.json');
  if (!existsSync(file)) return [];
  const folder = join(place.work, 'before', stack);
  write(folder, withLocalState(readJson<StackJson>(file), join(place.states, `${stack}.tfstate`)));
  for (const args of [['init'], ['apply', '-auto-approve']]) {
    const { code, errors } = await terraform(folder, args, place.env);
    if (code !== 0) return [`what is in ${against} cannot be applied`, ...errors];
  }
  return [];
}

async function planOf(stack: string, json: StackJson, state: string, { work, env, mirror }: Place) {
  const folder = join(work, 'now', stack);
  const real = mirror !== undefined && stack.startsWith('aws-');
  write(folder, withLocalState(real ? withoutAccount(json, mirror) : json, state));
  const started = await terraform(folder, ['init'], env);
  if (started.code !== 0) return { plan: {}, errors: started.errors };
  const { code, errors } = await terraform(folder, ['plan', '-out=plan.bin', '-detailed-exitcode'], env);
  const saved = existsSync(join(folder, 'plan.bin'));
  const shown = saved ? (await terraform(folder, ['show', '-json', 'plan.bin'], env)).out : '{}';
  return { plan: JSON.parse(shown) as PlanJson, errors: code === 0 || code === CHANGES ? [] : errors };
}

function write(folder: string, stack: object): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'cdk.tf.json'), JSON.stringify(stack, null, 2));
}

async function terraform(folder: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  const { code, out, said } = await run(terraformName(), [`-chdir=${folder}`, ...args, '-no-color'], env, true);
  return { code, out, errors: errorsIn(said) };
}

/** `Error: Instance cannot be destroyed` with the sentence that names the resource, each on one line. */
function errorsIn(said: string): readonly string[] {
  const blocks = said.split(/^Error: /m).slice(1);
  return blocks.map((block) => {
    const [title = '', ...rest] = block.split('\n');
    const detail = rest.filter((line) => !/^\s*(on .* line \d+|\d+:|$)/.test(line)).map((line) => line.trim());
    return [title.trim(), detail.join(' ')].filter((part) => part !== '').join(': ');
  });
}

/** Not the synchronous kind: the twins answer in this very process. `quiet` keeps what it says for us. */
function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv, quiet = false) {
  return new Promise<{ readonly code: number; readonly out: string; readonly said: string }>((settle, reject) => {
    // Without arguments it is a command line, as `cdktf` takes it.
    const child = spawn(command, args, { env, shell: args.length === 0, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (!quiet) process.stderr.write(chunk);
    });
    child.on('error', reject);
    child.on('close', (code) => settle({ code: code ?? 1, out, said }));
  });
}
