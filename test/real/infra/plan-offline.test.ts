import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { jest } from '@jest/globals';
import { expectGolden } from '../../support/golden.js';
import { describeWith, findAwsMirror, terraformMissing } from '../../support/rehearsal.js';

jest.setTimeout(900_000);

const STACKS = ['aws-dev-vault', 'gcp-prod-vault', 'azure-prod-vault'];

/** What a new rule or another price changes is not what this is about. */
const plain = (part: string): string =>
  part
    .replace(/policy: (\d+) of \1 facts hold/, 'policy: every fact holds')
    .replace(
      /policy: (\d+) of (\d+) facts hold/,
      (_, held, all) => `policy: all but ${Number(all) - Number(held)} facts hold`,
    )
    .replace(/cost: [\d,]+ USD a month, at most [\d,]+/, 'cost: so much USD a month');

/** What a person types, in a copy of the tree. */
describeWith(terraformMissing(), 'npm run plan:offline', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'memplane-plan-'));
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    for (const part of ['infra', 'stacks', 'test/support/twins', 'cdktf.json', '.swcrc']) {
      if (existsSync(part)) cpSync(part, join(folder, part), { recursive: true });
    }
    const scripts = {
      build: 'swc infra stacks -d dist --copy-files --quiet',
      twin: 'node test/support/twins/main.mjs',
      'plan:offline': 'node test/support/twins/main.mjs --plan-offline',
    };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', scripts }));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function npmRun(script: string, ...args: readonly string[]) {
    const { PATH = '', TF_PLUGIN_MIRROR = '' } = process.env;
    const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', script, '--', ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH, HOME: folder, CI: '1', AWS_PROFILE: 'a-real-one', TF_PLUGIN_MIRROR },
      maxBuffer: 1 << 26,
    });
    return { status, out: stdout, notes: stderr };
  }

  it('shows of what is new what cannot be taken back, what is added, what was proved, what it costs', () => {
    const { status, out } = npmRun('plan:offline', ...STACKS);
    expect(status).toBe(0);
    const parts = out.split(/^(?=\S)/m);
    expect(parts.map((part) => part.slice(0, part.indexOf(':')))).toEqual([...STACKS].sort());
    for (const part of parts)
      expectGolden(`plans/${part.slice(0, part.indexOf(':'))}.txt`, `${plain(part).trimEnd()}\n`);
  });

  it('says no changes of what was applied, and what it costs beside that', () => {
    expect(npmRun('twin', 'npx', 'cdktf', 'deploy', '--auto-approve', 'gcp-dev-vault').status).toBe(0);
    const { status, out } = npmRun('plan:offline', 'gcp-dev-vault');
    expect(out).toMatch(
      /^gcp-dev-vault: no changes\n {2}policy: (\d+) of \1 facts hold\n {2}cost: .*\(\+0 to before\)\n$/m,
    );
    expect(status).toBe(0);
  });

  it('compares with another release; what would lose data is refused, first, and by name', () => {
    const release = join(folder, 'release');
    cpSync(join(folder, '.memplane/twins/cdktf.out'), release, { recursive: true });
    const file = join(release, 'stacks/gcp-dev-vault/cdk.tf.json');
    const stack = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly resource: Record<string, Record<string, Record<string, unknown>>>;
    };
    const buckets = stack.resource.google_storage_bucket ?? {};
    Object.assign(buckets.audit ?? {}, { name: 'another-name' });
    Object.assign(buckets.keys ?? {}, { labels: { owner: 'nobody' } });
    buckets.gone = { name: 'gone', location: 'EU' };
    writeFileSync(file, JSON.stringify(stack));
    const { status, out } = npmRun('plan:offline', '--against', release, '--json', 'gcp-dev-vault');
    const { stacks } = JSON.parse(out) as { readonly stacks: readonly Record<string, unknown>[] };
    expect(stacks[0]).toMatchObject({
      stack: 'gcp-dev-vault',
      counts: { add: 0, change: 1, replace: 1, destroy: 1 },
      changes: [
        { action: 'destroy', address: 'google_storage_bucket.gone' },
        { action: 'replace', address: 'google_storage_bucket.audit', attributes: ['name'] },
        { action: 'change', address: 'google_storage_bucket.keys', attributes: expect.arrayContaining(['labels']) },
      ],
      irreversible: expect.arrayContaining([
        { address: 'google_storage_bucket.gone', what: 'the data in it would go' },
      ]),
      refused: [expect.stringMatching(/^Instance cannot be destroyed: Resource google_storage_bucket\.audit has/)],
    });
    expect(status).toBe(1);
  });

  it.each([
    [['--help'], 0, /npm run plan:offline -- /],
    [['--nosuch'], 2, /unknown option --nosuch/],
    [['--against'], 2, /--against needs a folder/],
    [['--against', 'nowhere'], 2, /has no folder stacks: name the cdktf\.out/],
    [['aws-nosuch'], 2, /there is no stack aws-nosuch; there are aws-dev-bootstrap/],
  ])('%j exits %i and says what to do', (args, code, text) => {
    const { status, out, notes } = npmRun('plan:offline', ...args);
    expect(`${out}${notes}`).toMatch(text);
    expect(`${out}${notes}`).not.toMatch(/^\s+at /m);
    expect(status).toBe(code);
  });

  describeWith(
    findAwsMirror() === undefined ? ['no mirror of the AWS provider: TF_PLUGIN_MIRROR names one'] : [],
    '--real-aws',
    () => {
      it('plans with the provider itself', () => {
        const { status, out, notes } = npmRun('plan:offline', '--real-aws', 'aws-prod-vault');
        expect(notes).toMatch(/^AWS provider \d+\.\d+\.\d+, twins of /m);
        expect(out).toMatch(/^aws-prod-vault: \d+ to add, 0 to change, 0 to replace, 0 to destroy\n/);
        expect(out).toContain('nobody shortens the 2557 days of an object, root included');
        expect(status).toBe(0);
      });
    },
  );
});
