import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { jest } from '@jest/globals';

jest.setTimeout(900_000);

interface Synthesised {
  readonly '//': { readonly metadata: { readonly version?: string } };
}

const versionOf = (name: string): string =>
  (JSON.parse(readFileSync(`node_modules/${name}/package.json`, 'utf8')) as { version: string }).version;

/** cdktf is archived; cdktn carries it on. The same sources go through both. */
describe('cdktn in place of cdktf', () => {
  let folder: string;
  let stacks: Readonly<Record<'cdktf' | 'cdktn', ReadonlyMap<string, Synthesised>>>;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'memplane-cdktn-'));
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    cpSync('.swcrc', join(folder, '.swcrc'));
    const swc = resolve('node_modules/@swc/cli/bin/swc.js');
    execFileSync(process.execPath, [swc, 'infra', 'stacks', '-d', join(folder, 'dist'), '--copy-files', '--quiet']);
    const alias = resolve('test/support/cdktn-alias.mjs');
    stacks = { cdktf: synthesise([]), cdktn: synthesise(['--import', alias]) };
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function synthesise(flags: readonly string[]): ReadonlyMap<string, Synthesised> {
    const out = join(folder, 'cdktf.out');
    rmSync(out, { recursive: true, force: true });
    const { PATH = '' } = process.env;
    execFileSync(process.execPath, [...flags, 'dist/stacks/main.js'], {
      cwd: folder,
      env: { PATH, CDKTF_OUTDIR: out },
      stdio: 'pipe',
    });
    const read = (name: string) => JSON.parse(readFileSync(join(out, 'stacks', name, 'cdk.tf.json'), 'utf8'));
    return new Map(readdirSync(join(out, 'stacks')).map((name) => [name, read(name) as Synthesised]));
  }

  const without = ({ '//': { metadata, ...comments }, ...stack }: Synthesised): object => {
    const { version, ...rest } = metadata;
    return { ...stack, '//': { ...comments, metadata: rest } };
  };

  it('is what synthesised the second time: the stacks say so', () => {
    for (const name of ['cdktf', 'cdktn'] as const) {
      const versions = new Set([...stacks[name].values()].map((stack) => stack['//'].metadata.version));
      expect([...versions]).toEqual([versionOf(name)]);
    }
    expect(versionOf('cdktn')).not.toBe(versionOf('cdktf'));
  });

  it('writes the same stacks, down to the last value', () => {
    expect([...stacks.cdktn.keys()]).toEqual([...stacks.cdktf.keys()]);
    expect(stacks.cdktf.size).toBeGreaterThanOrEqual(12);
    for (const [name, stack] of stacks.cdktf) {
      const other = stacks.cdktn.get(name);
      expect([name, other && without(other)]).toEqual([name, without(stack)]);
    }
  });
});
