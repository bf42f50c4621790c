import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AWS_ADDRESS } from './rehearsal.js';
import type { Attributes, StackJson } from './terraform-json.js';
import type { RealSchema } from './twins/fidelity.js';

export interface AwsSchema extends RealSchema {
  readonly resource_schemas: RealSchema['resource_schemas'] & Readonly<Record<string, { readonly version: number }>>;
}

/** The real AWS provider from a plugin mirror, under Terraform, without an account. */
export interface RealAws {
  readonly schema: () => AwsSchema;
  /** What the real provider would do to a stack whose state is given, without asking AWS. */
  readonly plan: (name: string, stack: StackJson, state: object) => readonly Change[];
  /** The whole plan of a stack that is not there yet, as `terraform show -json` says it. */
  readonly planned: (name: string, stack: StackJson) => object;
  readonly close: () => void;
}

export interface Change {
  readonly type: string;
  readonly name: string;
  readonly change: { readonly actions: readonly string[]; readonly replace_paths?: readonly (readonly string[])[] };
}

export function openRealAws(mirror: { readonly folder: string; readonly version: string }): RealAws {
  const folder = mkdtempSync(join(tmpdir(), 'memplane-aws-'));
  const rc = join(folder, 'terraform.rc');
  writeFileSync(rc, `provider_installation {\n  filesystem_mirror {\n    path = "${mirror.folder}"\n  }\n}\n`);
  const { PATH = '' } = process.env;
  const env = { PATH, TF_CLI_CONFIG_FILE: rc, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' };
  const run = (name: string, ...args: readonly string[]): string =>
    execFileSync('terraform', [`-chdir=${join(folder, name)}`, ...args], {
      env,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const write = (name: string, file: string, value: object): void => {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, file), JSON.stringify(value, null, 2));
  };
  const required = { aws: { source: 'hashicorp/aws', version: mirror.version } };
  return {
    schema: () => {
      write('schema', 'main.tf.json', { terraform: { required_providers: required } });
      run('schema', 'init');
      const { provider_schemas } = JSON.parse(run('schema', 'providers', 'schema', '-json'));
      return provider_schemas[AWS_ADDRESS] as AwsSchema;
    },
    plan: (name, stack, state) => {
      write(name, 'main.tf.json', { ...offline(stack), terraform: { required_providers: required } });
      write(name, 'terraform.tfstate', state);
      run(name, 'init');
      run(name, 'plan', '-refresh=false', '-lock=false', '-out=plan.bin');
      return (JSON.parse(run(name, 'show', '-json', 'plan.bin')) as { resource_changes: Change[] }).resource_changes;
    },
    planned: (name, stack) => {
      write(name, 'main.tf.json', { ...offline(stack), terraform: { required_providers: required } });
      run(name, 'init');
      run(name, 'plan', '-refresh=false', '-lock=false', '-out=plan.bin');
      return JSON.parse(run(name, 'show', '-json', 'plan.bin')) as object;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A provider that asks nobody who it is, and resources that may go and change. */
function offline(stack: StackJson): StackJson {
  const copy = JSON.parse(JSON.stringify(stack)) as StackJson;
  for (const provider of copy.provider.aws ?? []) {
    delete provider.allowed_account_ids;
    Object.assign(provider, {
      access_key: 'offline',
      secret_key: 'offline',
      skip_credentials_validation: true,
      skip_requesting_account_id: true,
      skip_metadata_api_check: 'true',
      skip_region_validation: true,
    } satisfies Attributes);
  }
  for (const ofType of Object.values(copy.resource)) for (const one of Object.values(ofType)) delete one.lifecycle;
  return copy;
}
