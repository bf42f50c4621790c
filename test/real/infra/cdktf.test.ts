import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { jest } from '@jest/globals';

jest.setTimeout(900_000);

/** The command line tool over our `cdktf.json`, in a folder of its own so that nobody's build is touched. */
describe('cdktf synth', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'memplane-cdktf-'));
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    cpSync('cdktf.json', join(folder, 'cdktf.json'));
    const swc = resolve('node_modules/@swc/cli/bin/swc.js');
    execFileSync(process.execPath, [swc, 'infra', 'stacks', '-d', join(folder, 'dist'), '--copy-files', '--quiet']);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('writes every stack without a login and without an account', () => {
    const { PATH = '' } = process.env;
    const cdktf = resolve('node_modules/cdktf-cli/bundle/bin/cdktf');
    const app = `${process.execPath} dist/stacks/main.js`;
    const { status, stdout, stderr } = spawnSync(process.execPath, [cdktf, 'synth', '--app', app], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH, HOME: folder, CHECKPOINT_DISABLE: '1', CI: '1' },
    });
    expect(`${stdout}${stderr}`).toContain('Generated Terraform code for the stacks');
    expect(status).toBe(0);
    expect(readdirSync(join(folder, 'cdktf.out/stacks'))).toHaveLength(18);
  });
});
