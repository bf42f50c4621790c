import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { twinEnvironment, withoutForeign } from './environment.js';
import { wholeRun } from './every-stack.js';
import { Inventory } from './inventory.js';
import { keepCosts, statesIn } from './kept-costs.js';
import { startTwins, type Twins } from './server.js';
import { typesIn } from './stack-types.js';

const USAGE = `npm run twin -- [--state FOLDER] [--fresh] COMMAND…

Runs COMMAND with the providers of AWS, Google Cloud and Azure replaced by twins on this machine: no account, no
network. States and synthesised stacks stay in .memplane/twins, or FOLDER, until --fresh removes them.

  npm run twin -- npx cdktf diff gcp-dev-vault        (without a name: every stack, one after the other)
  npm run twin -- npx cdktf deploy --auto-approve gcp-dev-vault
  TERRAFORM_BINARY_NAME=tofu npm run twin -- --state .memplane/tofu npx cdktf deploy --auto-approve gcp-dev-vault
  npm run twin -- terraform -chdir=.memplane/twins/cdktf.out/stacks/gcp-dev-vault plan`;

interface Asked {
  readonly state: string;
  readonly fresh: boolean;
  readonly command: readonly string[];
}

/** What is asked for, or the option that nobody knows. */
function readArguments(args: readonly string[], home: string): Asked | string {
  let asked: Asked = { state: home, fresh: false, command: [] };
  for (let at = 0; at < args.length; at += 1) {
    const one = args[at] ?? '';
    if (one === '--fresh') asked = { ...asked, fresh: true };
    else if (one === '--state' && args[at + 1] !== undefined) asked = { ...asked, state: resolve(args[++at] ?? '') };
    else if (one.startsWith('-')) return one;
    else return { ...asked, command: args.slice(at) };
  }
  return asked;
}

/** Exit codes: the command's own; 2 when it could not be run. */
export async function launch(args: readonly string[], home: string): Promise<number> {
  const asked = readArguments(args, home);
  if (asked === '--help') return refuse(USAGE, 0);
  if (typeof asked === 'string') return refuse(`error: unknown or incomplete option ${asked}\n\n${USAGE}`, 2);
  if (asked.command.length === 0) return refuse(USAGE, 2);
  const problem = terraformProblem();
  if (problem !== undefined) return refuse(`error: ${problem}`, 2);

  const folders = { states: join(asked.state, 'states'), out: join(asked.state, 'cdktf.out') };
  const made = join(asked.state, 'made.jsonl');
  if (asked.fresh) for (const one of [...Object.values(folders), made]) rmSync(one, { recursive: true, force: true });
  for (const folder of Object.values(folders)) mkdirSync(folder, { recursive: true });
  const twins = await startTwins((name) => typesIn(Object.values(folders), name), { inventory: new Inventory(made) });
  try {
    console.error(`twins of ${describe(twins)}; states in ${folders.states}. Nothing reaches a cloud.`);
    const before = statesIn(folders.states);
    const code = await runAll(asked.command, environmentOf(twins, home, folders), folders);
    keepCosts(asked.state, folders, before);
    return code;
  } finally {
    twins.stop();
  }
}

export function refuse(text: string, code: number): number {
  (code === 0 ? console.log : console.error)(text);
  return code;
}

export const describe = ({ versions }: Twins): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');

/** As the `cdktf` tool asks for it: `tofu` for OpenTofu. */
export const terraformName = (): string => process.env.TERRAFORM_BINARY_NAME ?? 'terraform';

/** Write-only arguments need 1.11. */
export function terraformProblem(): string | undefined {
  const env = { ...withoutForeign(process.env), CHECKPOINT_DISABLE: '1' };
  const program = terraformName();
  const { status, stdout } = spawnSync(program, ['version', '-json'], { encoding: 'utf8', env });
  if (status !== 0) return `${program} is not on the PATH: install 1.11 or later`;
  const { terraform_version: version } = JSON.parse(stdout) as { readonly terraform_version: string };
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 1 || minor >= 11 ? undefined : `${program} ${version} is too old: the stacks need 1.11 or later`;
}

export interface Folders {
  readonly states: string;
  readonly out: string;
}

/** What `cdktf` reads from the environment: where it writes, what it synthesises with, that there is no registry. */
export function environmentOf(twins: Twins, home: string, { states, out }: Folders): NodeJS.ProcessEnv {
  const rc = join(home, 'terraform.rc');
  writeFileSync(rc, 'disable_checkpoint = true\n');
  const bin = resolve('node_modules/.bin');
  return {
    ...twinEnvironment(process.env, { reattach: twins.reattach, rc }),
    PATH: [...(existsSync(bin) ? [bin] : []), process.env.PATH ?? ''].join(delimiter),
    TERRAFORM_BINARY_NAME: terraformName(),
    CDKTF_APP: `${process.execPath} ${join(home, 'js', 'synth.js')} ${states}`,
    CDKTF_OUTPUT: out,
    CDKTF_SKIP_PROVIDER_LOCK: 'true',
  };
}

/** A command as it is, or that of each stack in turn where it names none; the first that fails ends it. */
async function runAll(command: readonly string[], env: NodeJS.ProcessEnv, { out }: Folders): Promise<number> {
  const whole = wholeRun(command);
  if (whole === undefined || whole.all !== undefined) return await run(whole?.all ?? command, env);
  const synthesised = whole.synth === undefined ? 0 : await run(whole.synth, env);
  if (synthesised !== 0) return synthesised;
  const stacks = existsSync(join(out, 'stacks')) ? readdirSync(join(out, 'stacks')).sort() : [];
  for (const [index, stack] of stacks.entries()) {
    console.error(`\n${stack} (${index + 1} of ${stacks.length})`);
    const code = await run(whole.each?.(stack) ?? command, env);
    if (code !== 0) return code;
  }
  return 0;
}

function run([command = '', ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolveCode) => {
    const child = spawn(command, args, { stdio: 'inherit', env });
    // The terminal signals the whole group; the command decides what an interruption means to it.
    const wait = (): void => undefined;
    const stop = (): void => void child.kill('SIGTERM');
    process.on('SIGINT', wait).on('SIGTERM', stop);
    const ended = (code: number): void => {
      process.off('SIGINT', wait).off('SIGTERM', stop);
      resolveCode(code);
    };
    child.on('error', (error) => ended(refuse(`error: ${command}: ${error.message}`, 2)));
    child.on('exit', (code) => ended(code ?? 1));
  });
}
