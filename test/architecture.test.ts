import { execFileSync } from 'node:child_process';
import {
  type Breach,
  environmentBreaches,
  importBreaches,
  importCircles,
  LIMITS,
  lineCount,
  purityBreaches,
  ROOMS,
  readSource,
  type SourceFile,
  sizeBreaches,
} from './support/architecture.js';

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...ROOMS], {
  encoding: 'utf8',
});
const files: readonly SourceFile[] = tracked
  .split('\n')
  // What a generator wrote has the size of what it was made from.
  .filter((path) => path.endsWith('.ts') && !path.startsWith('app/client/generated/'))
  .map(readSource);

const planted = (path: string, text: string): SourceFile => ({ path, text });
const lines = (count: number): string => 'f();\n'.repeat(count);

describe('the tree keeps the rules of the house', () => {
  it.each<[string, (file: SourceFile) => readonly Breach[]]>([
    ['imports go one way', importBreaches],
    ['builders are pure', purityBreaches],
    ['the environment is read in config.ts only', environmentBreaches],
    ['files and functions are small', sizeBreaches],
  ])('%s', (_, breaches) => {
    expect(files.flatMap(breaches)).toEqual([]);
  });

  it('no files import each other in a circle, not even for types', () => {
    expect(importCircles(files)).toEqual([]);
  });

  it('half of the files fit on two screens', () => {
    const sizes = files.map(lineCount).sort((a, b) => a - b);
    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThanOrEqual(LIMITS.median);
    expect(sizes[Math.floor(sizes.length * 0.95)]).toBeLessThanOrEqual(LIMITS.p95);
  });
});

describe('each rule finds a planted breach', () => {
  it.each([
    { path: 'charts/manifests/tenant/x.ts', text: "import { f } from '../../render.js';" },
    { path: 'charts/manifests/x.ts', text: "import { App } from 'cdk8s';" },
    { path: 'charts/manifests/x.ts', text: "import { Pod } from 'kubernetes-types/core/v1.js';" },
    { path: 'charts/manifests/x.ts', text: "import { readFileSync } from 'node:fs';" },
    { path: 'charts/manifests/x.ts', text: "const a = await import('node:fs');" },
    { path: 'charts/x.ts', text: "import { f } from '../operator/config.js';" },
    { path: 'infra/bucket/aws.ts', text: "import { f } from '../../stacks/spec/environment.js';" },
    { path: 'infra/bucket/aws.ts', text: "import { s3Bucket } from '@cdktf/provider-aws';" },
    { path: 'stacks/main.ts', text: "import { f } from '../charts/manifests/names.js';" },
    { path: 'operator/x.ts', text: "import { f } from '../app/keys/index.js';" },
    { path: 'operator/x.ts', text: "import { f } from '../charts/render.js';" },
    { path: 'operator/x.ts', text: "import { Chart } from 'cdk8s-plus-28';" },
    { path: 'app/x.ts', text: "import { App } from 'cdktf';" },
    { path: 'app/x.ts', text: "export * from '../operator/config.js';" },
  ])('import: $path with $text', ({ path, text }) => {
    expect(importBreaches(planted(path, text))).toHaveLength(1);
  });

  it.each(['Date.now()', 'new Date()', 'Math.random()', 'process.version', "fetch('x')", 'crypto.randomUUID()'])(
    'purity: %s in a builder',
    (text) => {
      expect(purityBreaches(planted('charts/manifests/tenant/x.ts', `const a = ${text};`))).not.toEqual([]);
      expect(purityBreaches(planted('operator/x.ts', `const a = ${text};`))).toEqual([]);
    },
  );

  it('circles: three files, once', () => {
    const circle = [
      planted('app/a.ts', "import type { B } from './b.js';"),
      planted('app/b.ts', "import { c } from './c.js';"),
      planted('app/c.ts', "export { a } from './a.js';"),
      planted('app/d.ts', "import { a } from './a.js';"),
    ];
    expect(importCircles(circle)).toEqual(['app/a.ts → app/b.ts → app/c.ts → app/a.ts']);
    expect(importCircles(circle.slice(1))).toEqual([]);
  });

  it('environment: read outside a config.ts', () => {
    const text = 'export const port = process.env.PORT;';
    expect(environmentBreaches(planted('app/http/server.ts', text))).toHaveLength(1);
    expect(environmentBreaches(planted('app/config.ts', text))).toEqual([]);
  });

  it('size: a file and a function that are too long', () => {
    expect(sizeBreaches(planted('app/x.ts', lines(LIMITS.file)))).toEqual([]);
    expect(sizeBreaches(planted('app/x.ts', lines(LIMITS.file + 1)))).toHaveLength(1);
    const body = (count: number): string => `// a comment\nexport function g() {\n${lines(count - 2)}}\n`;
    expect(sizeBreaches(planted('app/x.ts', body(LIMITS.function)))).toEqual([]);
    expect(sizeBreaches(planted('app/x.ts', body(LIMITS.function + 1)))[0]?.detail).toContain('at line 2');
  });
});

it('the house has six rooms and no seventh', () => {
  const folders = execFileSync('git', ['ls-tree', '-d', '--name-only', 'HEAD'], { encoding: 'utf8' })
    .trim()
    .split('\n');
  const rooms = folders.filter((folder) => !folder.startsWith('.') && folder !== 'docs');
  expect(rooms.filter((folder) => ![...ROOMS, 'test'].includes(folder))).toEqual([]);
});
