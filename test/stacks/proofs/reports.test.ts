import { readFileSync } from 'node:fs';
import { CONTROLS } from '../../../stacks/proofs/controls.js';
import { prove, RULES, type World } from '../../../stacks/proofs/index.js';
import { buildReference } from '../../../stacks/proofs/reference.js';
import { buildMarkdown } from '../../../stacks/proofs/report-markdown.js';
import { buildSarif } from '../../../stacks/proofs/report-sarif.js';
import { broken, worldFor } from '../../support/worlds.js';

interface Sarif {
  readonly $schema: string;
  readonly version: string;
  readonly runs: readonly {
    readonly tool: {
      readonly driver: {
        readonly name: string;
        readonly rules: readonly { readonly id: string; readonly properties: { readonly tags: readonly string[] } }[];
      };
    };
    readonly invocations: readonly { readonly exitCode: number }[];
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly kind: string;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly { readonly logicalLocations: readonly { readonly fullyQualifiedName: string }[] }[];
      readonly suppressions?: readonly { readonly justification: string }[];
    }[];
  }[];
}

const sarifOf = (worlds: readonly World[]): Sarif =>
  JSON.parse(JSON.stringify(buildSarif(prove(worlds), RULES, '1.0.0'))) as Sarif;

const ungoverned = broken(worldFor('aws-prod'), 'vault', (stack) =>
  stack.set(
    'aws_s3_bucket_object_lock_configuration',
    'audit_lock',
    ['rule', 'default_retention', 'mode'],
    'GOVERNANCE',
  ),
);
const waiver = {
  rule: 'WORM-LOCK',
  resource: 'aws_s3_bucket.audit',
  reason: 'a drill that ends on Friday',
  owner: 'platform@example.com',
  expires: '2026-12-01',
};
const waived = (world: World, given: object): World => ({
  ...world,
  environment: { ...world.environment, waivers: [given] } as never,
});

describe('the SARIF report', () => {
  const [run] = sarifOf([ungoverned]).runs;

  it('is of version 2.1.0, and says what every result is about', () => {
    const { version, $schema } = sarifOf([ungoverned]);
    expect(version).toBe('2.1.0');
    expect($schema).toContain('sarif-2.1.0');
    for (const { ruleId, ruleIndex, kind, level, message, locations } of run?.results ?? []) {
      expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
      // SARIF 3.27.10: what is no failure has no level.
      expect(level === 'none').toBe(kind === 'pass');
      expect(message.text).not.toBe('');
      expect(locations[0]?.logicalLocations[0]?.fullyQualifiedName).toMatch(/^aws-prod-(bootstrap|vault|plane)\//);
    }
  });

  it('names the resource and the attribute of the failure, and the exit code', () => {
    const failures = run?.results.filter(({ kind, level }) => kind === 'fail' && level === 'error') ?? [];
    expect(failures.map(({ ruleId }) => ruleId)).toContain('WORM-LOCK');
    const [lock] = failures.filter(({ ruleId }) => ruleId === 'WORM-LOCK');
    expect(lock?.message.text).toContain('default_retention.mode is "GOVERNANCE", and must be COMPLIANCE');
    expect(lock?.locations[0]?.logicalLocations[0]?.fullyQualifiedName).toBe('aws-prod-vault/aws_s3_bucket.audit');
    expect(run?.invocations[0]?.exitCode).toBe(1);
  });

  it('gives every rule the controls that it is evidence for', () => {
    for (const { properties } of run?.tool.driver.rules ?? []) {
      for (const family of ['SOC2:', 'HIPAA:', 'GDPR:', 'CIS8:', 'NIST:']) {
        expect(properties.tags.some((tag) => tag.startsWith(family))).toBe(true);
      }
    }
  });

  it('keeps a waived failure, with who waives it and until when', () => {
    const [again] = sarifOf([waived(ungoverned, waiver)]).runs;
    const [lock] = again?.results.filter(({ ruleId, kind }) => ruleId === 'WORM-LOCK' && kind === 'fail') ?? [];
    expect(lock?.suppressions?.[0]?.justification).toBe(
      'a drill that ends on Friday (platform@example.com, until 2026-12-01)',
    );
  });
});

describe('a waiver', () => {
  it('takes a failure from the list and nothing else', () => {
    const open = prove([ungoverned]).failures;
    const left = prove([waived(ungoverned, waiver)]).failures;
    expect(open.filter((one) => !left.includes(one))).toEqual([
      expect.stringContaining('WORM-LOCK aws-prod-vault aws_s3_bucket.audit:'),
    ]);
  });

  it('of nothing is a failure itself', () => {
    expect(prove([waived(worldFor('aws-prod'), waiver)]).failures).toEqual([
      'aws-prod.waivers: WORM-LOCK for aws_s3_bucket.audit waives nothing; take it out',
    ]);
  });
});

describe('the Markdown report', () => {
  it('has a line for each control, and each rule with its evidence', () => {
    const text = buildMarkdown(prove([worldFor('aws-prod')]), RULES);
    for (const id of new Set(Object.values(CONTROLS).flat())) expect(text).toContain(`| ${id} |`);
    expect(text).toContain('No failure.');
    expect(text).toContain('| WORM-LOCK |');
    expect(text).toContain(
      '`aws_s3_bucket.audit` object_lock_configuration.rule.default_retention.mode = "COMPLIANCE"',
    );
  });

  it('puts failures first, with the remedy', () => {
    const text = buildMarkdown(prove([ungoverned]), RULES);
    expect(text.indexOf('WORM-LOCK aws-prod-vault aws_s3_bucket.audit')).toBeLessThan(text.indexOf('## By control'));
    expect(text).toContain('**fail** `aws_s3_bucket.audit`');
  });
});

describe('docs/reference/proofs.md', () => {
  it('is what npm run generate writes', () => {
    expect(readFileSync('docs/reference/proofs.md', 'utf8')).toBe(buildReference());
  });
});
