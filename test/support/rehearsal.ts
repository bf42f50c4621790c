import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StackJson } from './terraform-json.js';
import { twinEnvironment } from './twins/environment.js';
import type { Secret } from './twins/provider.js';
import { startTwins } from './twins/server.js';
import { withLocalState } from './twins/stack-copy.js';
import { typesIn } from './twins/stack-types.js';

export { AWS_ADDRESS, findAwsMirror } from './twins/aws-mirror.js';

export interface Outcome {
  readonly code: number;
  readonly said: string;
}

/** The real Terraform, or OpenTofu, over stacks in a folder of its own, with twins in place of the providers. */
export interface Rehearsal {
  readonly folder: string;
  readonly write: (name: string, stack: StackJson) => void;
  readonly terraform: (name: string, ...args: readonly string[]) => Promise<Outcome>;
  /** `init`, then `apply`: throws with what Terraform said if one fails. */
  readonly apply: (name: string) => Promise<string>;
  readonly state: (name: string) => string;
  readonly secrets: () => readonly Secret[];
  readonly close: () => void;
}

/** Why the suites that need Terraform cannot run here, if they cannot. */
export function terraformMissing(): readonly string[] {
  const { PATH = '' } = process.env;
  const env = { PATH, CHECKPOINT_DISABLE: '1' };
  const { status } = spawnSync('terraform', ['version'], { env });
  return status === 0 ? [] : ['terraform is not on the PATH: install 1.11 or later'];
}

/** Says aloud what is missing, and counts a skipped test a reason. */
export function describeWith(missing: readonly string[], what: string, body: () => void): void {
  if (missing.length === 0) {
    describe(what, body);
    return;
  }
  console.warn(`skipped, not passed: ${what}: ${missing.join('; ')}`);
  describe(what, () => {
    it.skip.each(missing)('is not tried: %s', () => undefined);
  });
}

export async function openRehearsal(program = 'terraform'): Promise<Rehearsal> {
  const folder = mkdtempSync(join(tmpdir(), 'memplane-twins-'));
  const rc = join(folder, 'terraform.rc');
  writeFileSync(rc, 'disable_checkpoint = true\n');
  const proto = join(process.cwd(), 'test/support/twins/tfplugin5.proto');
  const twins = await startTwins((name) => typesIn([folder], name), { proto });
  const env = twinEnvironment(process.env, { reattach: twins.reattach, rc });
  const stateOf = (name: string): string => join(folder, name, 'terraform.tfstate');
  const terraform = (name: string, ...args: readonly string[]) =>
    runTerraform([`-chdir=${join(folder, name)}`, ...args, '-no-color'], env, program);
  return {
    folder,
    terraform,
    write: (name, stack) => {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, 'cdk.tf.json'), JSON.stringify(withLocalState(stack, stateOf(name)), null, 2));
    },
    apply: async (name) => {
      for (const args of [['init'], ['apply', '-auto-approve']]) {
        const { code, said } = await terraform(name, ...args);
        if (code !== 0) throw new Error(`terraform ${args[0]} of ${name}: ${said}`);
        if (args[0] === 'apply') return said;
      }
      return '';
    },
    state: (name) => readFileSync(stateOf(name), 'utf8'),
    secrets: twins.secrets,
    close: () => {
      twins.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Not the synchronous kind: the twins answer in this very process. */
export function runTerraform(args: readonly string[], env: NodeJS.ProcessEnv, program = 'terraform'): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 1, said }));
  });
}
