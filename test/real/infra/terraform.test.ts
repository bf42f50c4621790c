import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { withDefaults } from '../../../stacks/spec/defaults.js';
import { environments } from '../../../stacks/spec/index.js';
import { regulated } from '../../../stacks/spec/regulated.js';
import { type Attributes, type StackJson, stackOf, synth } from '../../support/stacks.js';

const AWS = 'registry.terraform.io/hashicorp/aws';

/** Where `terraform providers mirror` and packages put plugins; `TF_PLUGIN_MIRROR` names another folder. */
const MIRRORS = [
  process.env.TF_PLUGIN_MIRROR ?? '',
  ...(existsSync('/opt') ? readdirSync('/opt').map((name) => join('/opt', name)) : []),
  '/usr/share/terraform/plugins',
  '/usr/local/share/terraform/plugins',
  join(homedir(), '.terraform.d/plugins'),
];

const mirror = MIRRORS.find((folder) => folder !== '' && existsSync(join(folder, AWS)));
const version =
  mirror === undefined
    ? undefined
    : readdirSync(join(mirror, AWS))
        .filter((one) => /^\d/.test(one))
        .sort()
        .at(-1);
const terraform = spawnSync('terraform', ['version', '-json'], { encoding: 'utf8', env: offline() });

/** Each thing that is missing is one skipped test with its reason in its title, and said aloud. */
const missing = [
  ...(terraform.status === 0 ? [] : ['terraform is not on the PATH: install 1.11 or later']),
  ...(version === undefined ? [`no folder with ${AWS}: set TF_PLUGIN_MIRROR to one`] : []),
];

function offline(rc?: string): NodeJS.ProcessEnv {
  const { PATH = '' } = process.env;
  return {
    PATH,
    CHECKPOINT_DISABLE: '1',
    TF_IN_AUTOMATION: '1',
    ...(rc === undefined ? {} : { TF_CLI_CONFIG_FILE: rc }),
  };
}

/** Local state, and a provider that asks nobody who it is. `allowed_account_ids` would ask. */
function offlineCopy(stack: StackJson): StackJson {
  const copy = JSON.parse(JSON.stringify(stack)) as StackJson;
  delete copy.terraform.backend;
  for (const provider of copy.provider.aws ?? []) {
    delete provider.allowed_account_ids;
    Object.assign(provider, {
      access_key: 'offline',
      secret_key: 'offline',
      skip_credentials_validation: true,
      skip_requesting_account_id: true,
      skip_metadata_api_check: 'true',
      skip_region_validation: true,
    });
  }
  return copy;
}

if (missing.length > 0) {
  console.warn(`skipped, not passed: ${missing.join('; ')}`);
  describe('the AWS stacks against the real provider', () => {
    it.skip.each(missing)('are not tried: %s', () => undefined);
  });
}

const run = missing.length > 0 ? describe.skip : describe;

run(`the AWS stacks against the real provider ${version ?? ''}`, () => {
  jest.setTimeout(900_000);
  let folder: string;
  let rc: string;
  let stacks: ReadonlyMap<string, StackJson>;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'memplane-terraform-'));
    rc = join(folder, 'terraform.rc');
    writeFileSync(rc, `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`);
    const aws = [...environments, ...regulated.map(withDefaults)].filter(({ place }) => place.cloud === 'aws');
    stacks = synth(aws, { awsProviderPin: version ?? '' }).stacks;
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function call(name: string, ...args: readonly string[]) {
    const { status, stdout, stderr } = spawnSync('terraform', [`-chdir=${join(folder, name)}`, ...args, '-no-color'], {
      encoding: 'utf8',
      env: offline(rc),
    });
    return { status, said: `${stdout}${stderr}` };
  }

  function validate(name: string, stack: StackJson) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'cdk.tf.json'), JSON.stringify(stack));
    const init = call(name, 'init', '-backend=false', '-input=false');
    return init.status === 0 ? call(name, 'validate') : init;
  }

  it.each(['aws-dev-vault', 'aws-dev-plane', 'aws-prod-vault', 'aws-prod-plane', 'aws-reg-vault', 'aws-reg-plane'])(
    '%s is valid',
    (name) => {
      const { status, said } = validate(name, stackOf({ code: 0, out: [], errors: [], stacks }, name));
      expect(said).toContain('Success! The configuration is valid.');
      expect(status).toBe(0);
    },
  );

  it.each(['aws-prod-vault', 'aws-prod-plane'])('%s plans to add everything and to change nothing', (name) => {
    const stack = offlineCopy(stackOf({ code: 0, out: [], errors: [], stacks }, name));
    const resources = Object.values(stack.resource).flatMap((ofType) => Object.keys(ofType));
    expect(validate(`${name}-plan`, stack).status).toBe(0);
    const { said } = call(`${name}-plan`, 'plan', '-input=false', '-lock=false', '-refresh=false');
    expect(said).toContain(`Plan: ${resources.length} to add, 0 to change, 0 to destroy.`);
  });

  it('gives server and secret the same new password in one apply, of all the kinds that Azure asks for', () => {
    const plane = stacks.get('aws-prod-plane') as StackJson & { readonly locals: Readonly<Record<string, string>> };
    const [name, expression] = Object.entries(plane.locals).find(([one]) => one.includes('_admin_')) ?? [];
    const passwords = (folderName: string): readonly string[] => {
      mkdirSync(join(folder, folderName), { recursive: true });
      // Terraform's own resource stands in for both: it keeps what ours only passes on.
      const keeps = { input: `\${local.${name}}` };
      const config = {
        locals: { [name ?? '']: expression ?? '' },
        resource: { terraform_data: { server: keeps, secret: keeps } },
      };
      writeFileSync(join(folder, folderName, 'cdk.tf.json'), JSON.stringify(config));
      call(folderName, 'init', '-input=false');
      expect(call(folderName, 'apply', '-auto-approve', '-input=false').said).toContain('2 added');
      const { values } = JSON.parse(call(folderName, 'show', '-json').said) as {
        readonly values: {
          readonly root_module: { readonly resources: readonly { readonly values: { input: string } }[] };
        };
      };
      return values.root_module.resources.map((one) => one.values.input);
    };
    const [server, secret] = passwords('one-apply');
    expect(server).toBe(secret);
    expect(server).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)[\w-]{67}$/);
    expect(passwords('another-apply')[0]).not.toBe(server);
  });

  it('a misspelt lock mode is not valid, so the check can fail', () => {
    const stack = JSON.parse(JSON.stringify(stacks.get('aws-prod-vault'))) as StackJson;
    const [lock] = Object.values(stack.resource.aws_s3_bucket_object_lock_configuration ?? {});
    if (lock === undefined) throw new Error('no lock to misspell');
    (lock.rule as { default_retention: Attributes }).default_retention.mode = 'COMPLIANT';
    const { status, said } = validate('mutant', stack);
    expect(status).not.toBe(0);
    expect(said).toContain('COMPLIANT');
  });
});
