import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Accepted } from '../../../infra/support/accepted.js';
import { ACCEPTED } from '../../../stacks/proofs/accepted.js';
import { environments } from '../../../stacks/spec/index.js';
import { describePart, PART_PATHS, partExists } from '../../support/parts.js';
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

const idOf = ({ resource }: Check): string => plainId(resource.slice(resource.indexOf('.') + 1));
const accepts = ({ check, on }: Accepted, found: Check): boolean => check === found.check_id && on.test(idOf(found));

/** What Terraform reads, without the block that the scanner's reader of JSON does not know. */
function scan(stacks: ReadonlyMap<string, StackJson>): Scan {
  const folder = mkdtempSync(join(tmpdir(), 'memplane-checkov-'));
  try {
    for (const [name, { terraform: _, ...rest }] of stacks) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'cdk.tf.json'), JSON.stringify(rest, null, 1));
    }
    const flags = ['-d', folder, '--framework', 'terraform_json', '--compact', '-o', 'json', '--skip-download'];
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

describePart('checkov on production, three clouds', partExists('checkov'), () => {
  jest.setTimeout(180_000);
  let stacks: ReadonlyMap<string, StackJson>;
  let found: Scan;

  beforeAll(() => {
    ({ stacks } = synth(environments.filter(({ profile }) => profile === 'prod')));
    found = scan(stacks);
  });

  it('reads every stack', () => {
    expect(stacks.size).toBe(9);
    expect(found.unread).toEqual([]);
    expect(found.passed).toBeGreaterThan(1_000);
  });

  it('fails nothing for which no reason stands beside the resource', () => {
    const unexplained = found.failed.filter((one) => !ACCEPTED.some((accepted) => accepts(accepted, one)));
    const explained = found.failed.length - unexplained.length;
    console.info(`checkov: ${found.passed} passed, ${explained} failed with a reason, ${unexplained.length} without`);
    expect(unexplained.map((one) => `${one.check_id} ${idOf(one)}: ${one.check_name}`)).toEqual([]);
  });

  it('leaves no reason over: each is of something that it finds', () => {
    const idle = ACCEPTED.filter((accepted) => !found.failed.some((one) => accepts(accepted, one)));
    expect(idle.map(({ check, on }) => `${check} ${on.source}`)).toEqual([]);
  });

  it('would fail a bucket that is public', () => {
    const vault = JSON.parse(JSON.stringify(stacks.get('aws-prod-vault'))) as StackJson;
    for (const block of Object.values(vault.resource.aws_s3_bucket_public_access_block ?? {}))
      block.block_public_acls = false;
    const { failed } = scan(new Map([['aws-prod-vault', vault]]));
    expect(failed.filter((one) => one.check_id === 'CKV_AWS_53').length).toBeGreaterThan(0);
  });
});
