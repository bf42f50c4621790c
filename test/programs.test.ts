import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { missingExports } from './support/programs.js';

const programs = execFileSync('git', ['ls-files', 'test'], { encoding: 'utf8' })
  .split('\n')
  .filter((path) => path.endsWith('.mjs'));

it('campaigns and benches name only what the build exports', () => {
  expect(programs.length).toBeGreaterThan(20);
  expect(programs.flatMap((path) => missingExports(path, readFileSync(path, 'utf8')))).toEqual([]);
});

it.each([
  "import { openKms } from '../../dist/operator/clients/kms.js';",
  "const { createNothing } = await built('memories/batch.js');",
  "const { f } = await import('../../dist/app/gone.js');",
])('finds what is missing: %s', (text) => {
  expect(missingExports('test/campaigns/x.mjs', text)).toHaveLength(1);
});
