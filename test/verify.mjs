// npm run verify: generate, format, lint, types, the import rule with sizes, and a tree that is as clean as before.
import { spawnSync } from 'node:child_process';

const status = () => spawnSync('git', ['status', '--porcelain'], { encoding: 'utf8' }).stdout;
const diff = () => spawnSync('git', ['diff'], { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout;
const before = { status: status(), diff: diff() };

const steps = [
  ['generate', 'npm', ['run', '--silent', 'generate']],
  ['format', 'npx', ['biome', 'format', '.']],
  ['lint', 'npm', ['run', '--silent', 'lint']],
  ['types', 'npm', ['run', '--silent', 'types']],
  ['import rule and sizes', 'npm', ['run', '--silent', 'jest', '--', 'test/architecture', '--selectProjects', 'unit']],
];

for (const [name, command, args] of steps) {
  const started = Date.now();
  const { status: code, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (code !== 0) {
    console.error(`verify: ${name} failed\n${stdout}${stderr}`);
    process.exit(1);
  }
  console.log(`verify: ${name} ok (${((Date.now() - started) / 1000).toFixed(1)} s)`);
}

if (status() !== before.status || diff() !== before.diff) {
  console.error(`verify: generated files differ from what is committed; commit them\n${status()}`);
  process.exit(1);
}
console.log('verify: clean tree ok');
