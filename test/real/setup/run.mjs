// npm run test:real: brings the real parts once, into a cache outside the tree, then runs the suites of test/real.
// A part that can't be had is named here, and its suites are counted as skipped.
import { spawn } from 'node:child_process';
import { CACHE, PARTS, preparePart } from './parts.mjs';

console.log(`real parts (in ${CACHE}; set MEMPLANE_CACHE for another place)`);
for (const part of PARTS) await preparePart(part, (line) => console.log(line));

const jest = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--no-warnings=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    '--selectProjects',
    'real',
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit', env: { ...process.env, MEMPLANE_CACHE: CACHE } },
);
jest.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
