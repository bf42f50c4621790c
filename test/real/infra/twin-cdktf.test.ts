import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { jest } from '@jest/globals';
import { describeWith, terraformMissing } from '../../support/rehearsal.js';

jest.setTimeout(900_000);

const STACKS = ['aws-dev-vault', 'gcp-dev-vault', 'azure-dev-vault'];

/** What a person types, in a copy of the tree so that nobody's build or rehearsed state is touched. */
describeWith(terraformMissing(), 'npm run twin', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'memplane-twin-'));
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    for (const part of ['infra', 'stacks', 'test/support/twins', 'cdktf.json', '.swcrc']) {
      if (existsSync(part)) cpSync(part, join(folder, part), { recursive: true });
    }
    const scripts = {
      build: 'swc infra stacks -d dist --copy-files --quiet',
      twin: 'node test/support/twins/main.mjs',
    };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', scripts }));
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function twin(...args: readonly string[]) {
    const { PATH = '' } = process.env;
    const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', 'twin', '--', ...args], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH, HOME: folder, CI: '1', AWS_PROFILE: 'a-real-one', TF_CLI_ARGS: '-no-such-flag' },
      maxBuffer: 1 << 26,
    });
    return { status, said: stripVTControlCharacters(`${stdout}${stderr}`) };
  }

  it('cdktf diff of what is not applied plans to add it', () => {
    const { status, said } = twin('npx', 'cdktf', 'diff', 'gcp-dev-vault');
    expect(said).toMatch(/twins of aws [\d.]+, google [\d.]+, azurerm [\d.]+; states in .* Nothing reaches a cloud\./);
    expect(said).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
    expect(status).toBe(0);
  });

  it('cdktf deploy applies three clouds, and cdktf diff then finds no changes', () => {
    const deployed = twin('npx', 'cdktf', 'deploy', '--auto-approve', ...STACKS);
    // On a busy machine cdktf's screen loses the last lines of a stack; that each was applied, its diff and its state say.
    expect([deployed.status, deployed.status === 0 ? '' : deployed.said]).toEqual([0, '']);
    for (const stack of STACKS) {
      const { status, said } = twin('npx', 'cdktf', 'diff', stack);
      expect(said).toContain('No changes.');
      expect(status).toBe(0);
    }
    expect(readdirSync(join(folder, '.memplane/twins/states')).sort()).toEqual(
      STACKS.map((stack) => `${stack}.tfstate`).sort(),
    );
  });

  it('plain terraform works on the same stacks, and sees what cdktf applied', () => {
    const { status, said } = twin('terraform', '-chdir=.memplane/twins/cdktf.out/stacks/azure-dev-vault', 'plan');
    expect(said).toContain('No changes.');
    expect(status).toBe(0);
  });

  it('terraform import brings back what a state forgot, and refuses what nobody made', () => {
    const at = '-chdir=.memplane/twins/cdktf.out/stacks/gcp-dev-vault';
    const bucket = 'google_storage_bucket.audit';
    const { said: shown } = twin('terraform', at, 'state', 'show', bucket);
    const id = /^ {4}id += "([^"]+)"/m.exec(shown)?.[1] ?? '';
    expect(twin('terraform', at, 'state', 'rm', bucket).status).toBe(0);
    expect(twin('terraform', at, 'plan').said).toMatch(/Plan: 1 to add, 0 to change, 0 to destroy/);
    const none = twin('terraform', at, 'import', bucket, 'no-such-bucket');
    expect([none.status, none.said]).toEqual([1, expect.stringContaining('no apply of this rehearsal made it')]);
    expect(twin('terraform', at, 'import', bucket, id)).toMatchObject({ status: 0 });
    const { status, said } = twin('terraform', at, 'plan');
    expect(said).toContain('No changes.');
    expect(status).toBe(0);
  });

  it('writes nothing where real stacks and their states would be', () => {
    expect(existsSync(join(folder, 'cdktf.out'))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.includes('tfstate'))).toEqual([]);
  });

  it('--state keeps another rehearsal apart, --fresh begins again', () => {
    const other = join(folder, 'other');
    const plan = twin('--state', other, 'npx', 'cdktf', 'diff', 'gcp-dev-vault');
    expect(plan.said).toMatch(/Plan: \d+ to add, 0 to change/);
    const again = twin('--fresh', 'npx', 'cdktf', 'diff', 'gcp-dev-vault');
    expect(again.said).toMatch(/Plan: \d+ to add, 0 to change/);
  });

  it("ends with the command's own exit code", () => {
    expect(twin('node', '-e', 'process.exit(7)').status).toBe(7);
  });

  it.each([
    [[], 2, /npm run twin -- /],
    [['--help'], 0, /npm run twin -- /],
    [['--nosuch', 'true'], 2, /unknown or incomplete option --nosuch/],
    [['no-such-command'], 2, /error: no-such-command: .*ENOENT/],
  ])('%j exits %i and says what to do', (args, code, text) => {
    const { status, said } = twin(...args);
    expect(said).toMatch(text);
    expect(said).not.toMatch(/^\s+at /m);
    expect(status).toBe(code);
  });
});
