import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBundle } from '../../../operator/cli/evidence/bundle.js';
import { withDefaults } from '../../../stacks/spec/defaults.js';
import { prod } from '../../../stacks/spec/prod.js';
import { synthesise } from '../../../stacks/synthesise.js';
import { memoryctl } from '../../support/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'memplane-evidence-'));
const at = (name: string): string => join(folder, name);
const out = at('cdktf.out');
const bundle = at('aws-prod.jsonl');

beforeAll(async () => {
  const aws = prod.map(withDefaults).filter(({ place }) => place.cloud === 'aws');
  const quiet = { out: () => undefined, error: () => undefined };
  expect(synthesise(aws, {}, quiet, out)).toBe(0);
  for (const name of ['ours', 'theirs']) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(at(`${name}.pem`), privateKey.export({ format: 'pem', type: 'pkcs8' }));
    writeFileSync(at(`${name}.pub`), publicKey.export({ format: 'pem', type: 'spki' }));
  }
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(at('ec.pub'), publicKey.export({ format: 'pem', type: 'spki' }));
  expect((await sign('aws-prod', '--to', bundle, '--release', '1.4.0')).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sign = (...args: readonly string[]) =>
  memoryctl(['infra', 'evidence', 'sign', ...args, '--out', out, '--key', at('ours.pem')]);
const verify = (file: string, ...args: readonly string[]) =>
  memoryctl(['infra', 'evidence', 'verify', file, '--public-key', at('ours.pub'), ...args]);
const diff = (...args: readonly string[]) => memoryctl(['infra', 'evidence', 'diff', ...args]);

const lines = (): string[] => readFileSync(bundle, 'utf8').trimEnd().split('\n');

function written(changed: readonly string[]): string {
  const file = at('changed.jsonl');
  writeFileSync(file, `${changed.join('\n')}\n`);
  return file;
}

describe('evidence of an environment', () => {
  it('says of each fact its control and clause, scanners, resource, attribute, value and verdict', () => {
    const { header, facts } = openBundle(readFileSync(bundle, 'utf8'), () => []);
    expect(header).toMatchObject({ environment: 'aws-prod', release: '1.4.0', previous: null });
    expect(header.stacks.map(({ name }) => name)).toEqual(['aws-prod-bootstrap', 'aws-prod-plane', 'aws-prod-vault']);
    expect(facts.find(({ rule, address }) => rule === 'WORM-LOCK' && address === 'aws_s3_bucket.audit')).toMatchObject({
      controls: expect.arrayContaining(['HIPAA:164.312(c)(1)', 'NIST:AU-9']),
      stack: 'aws-prod-vault',
      attribute: 'object_lock_configuration.rule.default_retention.mode',
      value: '"COMPLIANCE"',
      verdict: 'pass',
    });
    const encrypted = facts.find(({ rule }) => rule === 'PG-ENCRYPTED');
    expect(encrypted).toMatchObject({ checkov: ['CKV_AWS_16'], trivy: ['AWS-0080'] });
    expect(facts.length).toBeGreaterThan(1000);
  });

  it('is verified by the public key alone, and against a synthesis of now', async () => {
    const said = await verify(bundle, '--out', out);
    expect(said.out).toMatch(/facts, whole and signed; head [0-9a-f]{64}\n$/);
    expect(said.code).toBe(0);
  });

  it.each(['HIPAA:164.312(c)(1)', 'CKV_AWS_16', 'WORM-LOCK'])('is listed by %s', async (control) => {
    const said = await verify(bundle, '--control', control, '--json');
    const { facts } = JSON.parse(said.out) as { readonly facts: readonly { readonly address: string }[] };
    expect(facts.length).toBeGreaterThan(0);
    expect(facts.every(({ address }) => address !== '')).toBe(true);
    expect((await verify(bundle, '--control', 'HIPAA:1')).notes).toMatch(
      /nothing is evidence for HIPAA:1\n {2}there are .*CIS8/s,
    );
  });
});

describe('whoever changes evidence is found out', () => {
  const attacks: readonly (readonly [string, (all: readonly string[]) => readonly string[], RegExp])[] = [
    [
      'a value',
      (all) => all.map((one) => one.replace('"\\"COMPLIANCE\\""', '"\\"GOVERNANCE\\""')),
      /line \d+ does not follow/,
    ],
    [
      'a verdict of the last fact',
      (all) => all.map((one, n) => (n === all.length - 2 ? one.replace('"pass"', '"fail"') : one)),
      /another hash of the last line/,
    ],
    ['a line taken out', (all) => all.filter((_, n) => n !== 7), /line 8 does not follow line 7/],
    [
      'the last fact taken out',
      (all) => all.filter((_, n) => n !== all.length - 2),
      /covers \d+ lines, and there are \d+/,
    ],
    [
      'two lines in another order',
      (all) => [all[0] ?? '', all[2] ?? '', all[1] ?? '', ...all.slice(3)],
      /line 2 does not follow/,
    ],
    ['a line twice', (all) => [...all.slice(0, 5), all[4] ?? '', ...all.slice(5)], /line 6 does not follow/],
    [
      'the release',
      (all) => all.map((one) => one.replace('"release":"1.4.0"', '"release":"1.5.0"')),
      /line 2 does not follow line 1/,
    ],
    [
      'the hash of a stack',
      (all) => all.map((one, n) => (n === 0 ? one.replace(/"sha256":"./, '"sha256":"x') : one)),
      /line 2 does not follow line 1/,
    ],
    ['no checkpoint', (all) => all.slice(0, -1), /no signed checkpoint/],
    ['rubbish for a line', (all) => all.map((one, n) => (n === 3 ? 'x' : one)), /line 4 is no JSON object/],
    ['a space', (all) => all.map((one, n) => (n === 3 ? `${one} ` : one)), /line 5 does not follow line 4/],
    [
      'the signature',
      (all) =>
        all.map((one) =>
          one.replace(/([A-Za-z0-9+/])(=*\\n"\})$/, (_, last, rest) => `${last === 'A' ? 'Q' : 'A'}${rest}`),
        ),
      /no signature|no signed checkpoint/,
    ],
  ];
  it.each(attacks)('%s', async (_, change, found) => {
    const changed = change(lines());
    expect(changed).not.toEqual(lines());
    const said = await verify(written(changed));
    expect(said.out).toMatch(/NOT WHAT WAS SIGNED/);
    expect(said.out).toMatch(found);
    expect(said.code).toBe(1);
  });

  it('one who makes it anew needs the key', async () => {
    const made = at('made.jsonl');
    const signed = ['infra', 'evidence', 'sign', 'aws-prod', '--out', out, '--key', at('theirs.pem'), '--to', made];
    expect((await memoryctl(signed)).code).toBe(0);
    const said = await verify(made);
    expect(said.out).toContain('found: no signature of the given public key holds');
    expect(said.code).toBe(1);
  });

  it('a synthesis that is another one is told, by stack and by fact', async () => {
    const other = at('other.out');
    cpSync(out, other, { recursive: true });
    const stack = join(other, 'stacks/aws-prod-vault/cdk.tf.json');
    writeFileSync(stack, readFileSync(stack, 'utf8').replace('COMPLIANCE', 'GOVERNANCE'));
    const proofs = join(other, 'proofs.sarif');
    writeFileSync(
      proofs,
      readFileSync(proofs, 'utf8').replaceAll('"value": "\\"COMPLIANCE\\""', '"value": "\\"GOVERNANCE\\""'),
    );
    const said = await verify(bundle, '--out', other);
    expect(said.out).toContain('found: aws-prod-vault: the stack in');
    expect(said.out).toMatch(
      /found: WORM-LOCK aws-prod-vault aws_s3_bucket\.audit .*signed pass "COMPLIANCE", proved pass "GOVERNANCE"/,
    );
    expect(said.code).toBe(1);
  });
});

describe('two releases', () => {
  it('the second follows the first, and only what changed is said', async () => {
    const other = at('next.out');
    cpSync(out, other, { recursive: true });
    const proofs = join(other, 'proofs.sarif');
    const log = JSON.parse(readFileSync(proofs, 'utf8')) as {
      readonly runs: readonly { readonly results: Record<string, unknown>[] }[];
    };
    const results = log.runs[0]?.results ?? [];
    const [changed, removed] = results.filter(
      ({ ruleId }) => ruleId === 'PG-PITR' || ruleId === 'REDIS-TLS' || ruleId === 'PG-HA',
    );
    Object.assign(changed?.properties ?? {}, { value: '31' });
    results.splice(results.indexOf(removed ?? {}), 1);
    writeFileSync(proofs, JSON.stringify(log));
    const next = at('next.jsonl');
    const args = ['infra', 'evidence', 'sign', 'aws-prod', '--out', other, '--key', at('ours.pem'), '--to', next];
    expect((await memoryctl([...args, '--previous', bundle])).code).toBe(0);
    const said = await diff(bundle, next, '--public-key', at('ours.pub'), '--json');
    const { follows, differences } = JSON.parse(said.out) as {
      readonly follows: boolean;
      readonly differences: readonly Record<string, unknown>[];
    };
    expect(follows).toBe(true);
    expect(differences.map(({ kind }) => kind).sort()).toEqual(['changed', 'removed']);
    expect(differences.find(({ kind }) => kind === 'changed')).toMatchObject({ after: ['pass 31'] });
    expect(said.code).toBe(1);
    expect((await diff(bundle, bundle)).out).toBe(
      'no differences; the second does not name the first as its previous\n',
    );
    expect((await diff(bundle, next)).out).toMatch(/2 differences; the second follows the first\n$/);
  });

  it('what is not whole is not compared', async () => {
    const said = await diff(bundle, written(lines().filter((_, n) => n !== 7)));
    expect(said).toMatchObject({ code: 3, out: '' });
    expect(said.notes).toContain('line 8 does not follow line 7');
  });
});

describe('bad input has an answer', () => {
  it.each([
    [['sign', 'aws-prod'], 64, /--key is missing/],
    [['sign', 'aws-prod', '--key', 'nowhere.pem'], 3, /nowhere\.pem does not exist/],
    [['sign', 'aws-prod', '--key', 'ours.pub'], 3, /ours\.pub is no key in PEM\n {2}openssl genpkey/],
    [
      ['sign', 'aws-dev', '--key', 'ours.pem', '--out', 'cdktf.out'],
      3,
      /no environment aws-dev\n {2}there are aws-prod/,
    ],
    [
      ['sign', 'aws-prod', '--key', 'ours.pem', '--out', 'nowhere'],
      3,
      /proofs\.sarif cannot be read\n {2}run "npm run synth"/,
    ],
    [['verify', 'aws-prod.jsonl'], 64, /--public-key is missing/],
    [['verify', 'aws-prod.jsonl', '--public-key', 'ours.pem'], 3, /is a private key/],
    [['verify', 'aws-prod.jsonl', '--public-key', 'ec.pub'], 3, /is a key of type ec, and must be Ed25519/],
    [['verify', 'ours.pub', '--public-key', 'ours.pub'], 3, /is no evidence: its first line is no header/],
  ])('%j', async (args, code, text) => {
    const files = args.map((one) => (/\.(pem|pub|jsonl|out)$|^nowhere/.test(one) ? at(one) : one));
    const said = await memoryctl(['infra', 'evidence', ...files]);
    expect(said.notes).toMatch(text);
    expect(said).toMatchObject({ code, out: '' });
  });

  it('a synth that failed leaves nothing to sign', async () => {
    const failed = at('failed.out');
    cpSync(out, failed, { recursive: true });
    rmSync(join(failed, 'stacks/aws-prod-vault/cdk.tf.json'));
    const said = await memoryctl(['infra', 'evidence', 'sign', 'aws-prod', '--out', failed, '--key', at('ours.pem')]);
    expect(said.notes).toContain('the last synth failed');
    expect(said.code).toBe(3);
  });
});
