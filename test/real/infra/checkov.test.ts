import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { jest } from '@jest/globals';
import type { Accepted } from '../../../infra/support/accepted.js';
import { ACCEPTED } from '../../../stacks/proofs/accepted.js';
import { environments } from '../../../stacks/spec/index.js';
import { describePart, PART_PATHS, partExists } from '../../support/parts.js';
import { openRealAws } from '../../support/real-aws.js';
import { describeWith, findAwsMirror, terraformMissing } from '../../support/rehearsal.js';
import { plainId, type StackJson, synth } from '../../support/stacks.js';

interface Check {
  readonly check_id: string;
  readonly check_name: string;
  /** `aws_s3_bucket.audit`, or `resource.pg_pg-a` where the scanner forgets the type. */
  readonly resource: string;
}

interface Scan {
  readonly passed: number;
  readonly failed: readonly Check[];
  readonly unread: readonly string[];
}

/** What development alone leaves out is no reason in production. */
const PROMISED = ACCEPTED.filter(({ inDev }) => inDev !== true);

const idOf = ({ resource }: Check): string => plainId(resource.slice(resource.indexOf('.') + 1));
const accepts = ({ check, on }: Accepted, found: Check): boolean => check === found.check_id && on.test(idOf(found));

/** What Terraform reads, without the block that the scanner's reader of JSON does not know. */
const scanStacks = (stacks: ReadonlyMap<string, StackJson>): Scan =>
  scan(
    'terraform_json',
    new Map([...stacks].map(([name, { terraform: _, ...rest }]) => [`${name}/cdk.tf.json`, rest])),
  );

function scan(framework: string, files: ReadonlyMap<string, object>): Scan {
  const folder = mkdtempSync(join(tmpdir(), 'memplane-checkov-'));
  try {
    for (const [name, json] of files) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), JSON.stringify(json, null, 1));
    }
    const flags = ['-d', folder, '--framework', framework, '--compact', '-o', 'json', '--skip-download'];
    const { stdout, stderr } = spawnSync(PART_PATHS.checkov, flags, { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (!stdout.trim().startsWith('{'))
      throw new Error(`checkov said no JSON: ${stdout.slice(0, 300)}${stderr.slice(-700)}`);
    const { results, summary } = JSON.parse(stdout) as {
      readonly results: { readonly failed_checks: readonly Check[]; readonly parsing_errors: readonly string[] };
      readonly summary: { readonly passed: number };
    };
    return { passed: summary.passed, failed: results.failed_checks, unread: results.parsing_errors };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints what was found, and returns what nobody has given a reason for. */
function unexplained(
  what: string,
  { passed, failed }: Scan,
  reasons: readonly Accepted[] = PROMISED,
): readonly string[] {
  const open = failed.filter((one) => !reasons.some((accepted) => accepts(accepted, one)));
  console.info(
    `checkov, ${what}: ${passed} passed, ${failed.length - open.length} failed with a reason, ${open.length} without`,
  );
  return open.map((one) => `${one.check_id} ${idOf(one)}: ${one.check_name}`);
}

const idle = ({ failed }: Scan, of: readonly Accepted[]): readonly string[] =>
  of
    .filter((accepted) => !failed.some((one) => accepts(accepted, one)))
    .map(({ check, on }) => `${check} ${on.source}`);

const production = environments.filter(({ profile }) => profile === 'prod');

describePart('checkov on production, three clouds', partExists('checkov'), () => {
  jest.setTimeout(900_000);
  let stacks: ReadonlyMap<string, StackJson>;
  let found: Scan;

  beforeAll(() => {
    ({ stacks } = synth(production));
    found = scanStacks(stacks);
  });

  it('reads every stack', () => {
    expect(stacks.size).toBe(9);
    expect(found.unread).toEqual([]);
    expect(found.passed).toBeGreaterThan(1_000);
  });

  it('fails nothing for which no reason stands beside the resource', () => {
    expect(unexplained('what is synthesised', found)).toEqual([]);
  });

  it('leaves no reason over: each is of something that it finds', () => {
    expect(
      idle(
        found,
        PROMISED.filter(({ inPlan }) => inPlan !== true),
      ),
    ).toEqual([]);
  });

  it('would fail a bucket that is public', () => {
    const vault = JSON.parse(JSON.stringify(stacks.get('aws-prod-vault'))) as StackJson;
    for (const block of Object.values(vault.resource.aws_s3_bucket_public_access_block ?? {}))
      block.block_public_acls = false;
    const { failed } = scanStacks(new Map([['aws-prod-vault', vault]]));
    expect(failed.filter((one) => one.check_id === 'CKV_AWS_53').length).toBeGreaterThan(0);
  });
});

describePart('checkov on development, three clouds', partExists('checkov'), () => {
  jest.setTimeout(900_000);
  let stacks: ReadonlyMap<string, StackJson>;
  let found: Scan;

  beforeAll(() => {
    ({ stacks } = synth(environments.filter(({ profile }) => profile === 'dev')));
    found = scanStacks(stacks);
  });

  it('reads every stack, and fails nothing for which no reason stands beside the resource', () => {
    expect([stacks.size, found.unread]).toEqual([9, []]);
    expect(unexplained('development', found, ACCEPTED)).toEqual([]);
  });

  it('leaves no reason over of those that only development has', () => {
    expect(
      idle(
        found,
        ACCEPTED.filter(({ inDev }) => inDev === true),
      ),
    ).toEqual([]);
  });
});

const mirror = findAwsMirror();
const missing = [
  ...(partExists('checkov') ? [] : ['checkov is not on this machine: npm run test:real brings it']),
  ...terraformMissing(),
  ...(mirror === undefined ? ['no folder with registry.terraform.io/hashicorp/aws: set TF_PLUGIN_MIRROR to one'] : []),
];

/** In a plan the scanner also reads what policies say. */
describeWith(missing, `checkov on the plans of production, by the real AWS provider ${mirror?.version}`, () => {
  jest.setTimeout(900_000);

  it('fails nothing without a reason, and finds what only a plan shows', () => {
    if (mirror === undefined) throw new Error('no mirror');
    const aws = production.filter(({ place }) => place.cloud === 'aws');
    const real = openRealAws(mirror);
    try {
      const { stacks } = synth(aws, { awsProviderPin: mirror.version });
      const plans = new Map([...stacks].map(([name, stack]) => [`${name}.json`, real.planned(name, stack)]));
      const found = scan('terraform_plan', plans);
      expect(found.passed).toBeGreaterThan(500);
      expect(unexplained('plans', found)).toEqual([]);
      expect(
        idle(
          found,
          PROMISED.filter(({ inPlan }) => inPlan === true),
        ),
      ).toEqual([]);
    } finally {
      real.close();
    }
  });
});
