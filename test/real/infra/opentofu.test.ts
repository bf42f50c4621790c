import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { describePart, PART_PATHS, partExists } from '../../support/parts.js';
import { describeWith, openRehearsal, type Rehearsal, terraformMissing } from '../../support/rehearsal.js';
import { type StackJson, synth } from '../../support/stacks.js';
import { FUNCTIONS } from '../../support/terraform-features.js';
import { AWS_ADDRESS, findAwsMirror, withoutAccount } from '../../support/twins/aws-mirror.js';

jest.setTimeout(900_000);

const TOFU = PART_PATHS.tofu;
const { stacks } = synth();

const countOf = ({ resource }: StackJson): number =>
  Object.values(resource ?? {}).reduce((sum, ofType) => sum + Object.keys(ofType).length, 0);

function tofu(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { PATH = '' } = process.env;
  const { status, stdout, stderr } = spawnSync(TOFU, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { PATH, TF_CLI_CONFIG_FILE: '/dev/null', CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', ...env },
  });
  return { status, out: stdout, said: `${stdout}${stderr}` };
}

describePart('OpenTofu', partExists('tofu'), () => {
  it('is 1.11 or later, which has write-only arguments', () => {
    const { terraform_version } = JSON.parse(tofu(['version', '-json']).out) as { readonly terraform_version: string };
    const [major = 0, minor = 0] = terraform_version.split('.').map(Number);
    expect([terraform_version, major > 1 || minor >= 11]).toEqual([terraform_version, true]);
  });

  it('has every function that the feature lint lets through', () => {
    const { function_signatures } = JSON.parse(tofu(['metadata', 'functions', '-json']).out) as {
      readonly function_signatures: Readonly<Record<string, object>>;
    };
    expect([...FUNCTIONS].filter((name) => function_signatures[name] === undefined)).toEqual([]);
  });

  describe('with twins of the three providers', () => {
    let rehearsal: Rehearsal;
    beforeAll(async () => {
      rehearsal = await openRehearsal(TOFU);
    });
    afterAll(() => rehearsal.close());

    it.each([...stacks])('applies %s whole, and finds nothing to change afterwards', async (name, stack) => {
      rehearsal.write(name, stack);
      expect(await rehearsal.terraform(name, 'init')).toMatchObject({ code: 0 });
      expect((await rehearsal.terraform(name, 'validate')).said).toContain('Success! The configuration is valid.');
      const count = countOf(stack);
      const { said } = await rehearsal.terraform(name, 'apply', '-auto-approve');
      expect(said).toContain(`Apply complete! Resources: ${count} added, 0 changed, 0 destroyed.`);
      const again = await rehearsal.terraform(name, 'plan', '-detailed-exitcode');
      expect([again.code, again.said]).toEqual([0, expect.stringContaining('No changes.')]);
    });

    it('no password is in a state of its own', () => {
      const secrets = rehearsal.secrets();
      expect(secrets.length).toBeGreaterThan(0);
      for (const name of stacks.keys()) {
        for (const { value } of secrets) expect(rehearsal.state(name)).not.toContain(value);
      }
    });
  });

  describeWith(terraformMissing(), 'beside Terraform', () => {
    const NAMES = ['aws-prod-plane', 'gcp-prod-plane', 'azure-prod-plane', 'azure-prod-vault'];

    it.each(NAMES)('plans of %s what Terraform plans, value by value', async (name) => {
      const [theirs, ours] = await Promise.all(['terraform', TOFU].map((program) => plannedBy(program, name)));
      expect(ours?.length).toBe(countOf(stacks.get(name) as StackJson));
      expect(ours).toEqual(theirs);
    });
  });
});

interface Planned {
  readonly address: string;
  readonly change: unknown;
  readonly provider_name?: string;
}

async function plannedBy(program: string, name: string): Promise<readonly Planned[]> {
  const rehearsal = await openRehearsal(program);
  try {
    rehearsal.write(name, stacks.get(name) as StackJson);
    for (const args of [['init'], ['plan', '-out=plan.bin']]) {
      const { code, said } = await rehearsal.terraform(name, ...args);
      if (code !== 0) throw new Error(`${program} ${args[0]} of ${name}: ${said}`);
    }
    const { said } = await rehearsal.terraform(name, 'show', '-json', 'plan.bin');
    const { resource_changes: changes } = JSON.parse(said) as { readonly resource_changes: readonly Planned[] };
    // Each tool has its own registry, and that alone may differ.
    return changes
      .map(({ provider_name: _, ...rest }) => rest)
      .sort((one, other) => one.address.localeCompare(other.address, 'en'));
  } finally {
    rehearsal.close();
  }
}

const mirror = findAwsMirror();

describePart('OpenTofu with the real provider of AWS', partExists('tofu') && mirror !== undefined, () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'memplane-tofu-'));
    const { folder: theirs = '', version = '' } = mirror ?? {};
    const own = join(folder, 'mirror', 'registry.opentofu.org', 'hashicorp', 'aws', version);
    mkdirSync(own, { recursive: true });
    // A mirror is searched without following links, but for the last folder.
    for (const platform of readdirSync(join(theirs, AWS_ADDRESS, version))) {
      symlinkSync(join(theirs, AWS_ADDRESS, version, platform), join(own, platform));
    }
    const installation = `provider_installation {\n  filesystem_mirror {\n    path = "${join(folder, 'mirror')}"\n  }\n}\n`;
    writeFileSync(join(folder, 'tofu.rc'), installation);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['aws-prod-vault', 'aws-prod-plane'])('%s is valid, and plans to add everything', (name) => {
    const stack = withoutAccount(stacks.get(name) as StackJson, mirror ?? { folder: '', version: '' });
    const { backend: _, ...terraform } = stack.terraform as Readonly<Record<string, unknown>>;
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'cdk.tf.json'), JSON.stringify({ ...stack, terraform }));
    const call = (...args: readonly string[]) =>
      tofu([`-chdir=${join(folder, name)}`, ...args, '-no-color'], { TF_CLI_CONFIG_FILE: join(folder, 'tofu.rc') });
    const init = call('init', '-input=false');
    expect([init.said, init.status]).toEqual([expect.stringContaining('successfully initialized'), 0]);
    expect(call('validate').said).toContain('Success! The configuration is valid.');
    const { said } = call('plan', '-input=false', '-lock=false', '-refresh=false');
    expect(said).toContain(`Plan: ${countOf(stack)} to add, 0 to change, 0 to destroy.`);
  });
});
