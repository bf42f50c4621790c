// Jest, as `npm run jest` starts it. With TEST_AGAIN, which .ci/run sets, suites that failed are run once more, by
// themselves and one after the other: what fails twice fails, and what passed only then is named at the end, since each such
// suite has a fault that is to be found. More than a few that fail are no accident and are not tried again.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

const JEST = ['--experimental-vm-modules', '--no-warnings=ExperimentalWarning', 'node_modules/jest/bin/jest.js'];
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const MOST_ACCIDENTS = 3;

const run = (args, env) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [...JEST, ...args], { stdio: 'inherit', env });
    const pass = (signal) => child.kill(signal);
    for (const signal of SIGNALS) process.on(signal, pass);
    child.on('exit', (code) => {
      for (const signal of SIGNALS) process.off(signal, pass);
      resolve(code ?? 1);
    });
  });

/** The suites that failed, by the results Jest left; none where it didn't come so far. */
function failedSuites(results) {
  try {
    const { testResults } = JSON.parse(readFileSync(results, 'utf8'));
    return testResults.filter(({ status }) => status === 'failed').map(({ name }) => relative('.', name));
  } catch {
    return [];
  }
}

/** The exit code: of the second run where there was one. */
export async function runJest(args, env = process.env) {
  if (!env.TEST_AGAIN) return run(args, env);
  const folder = mkdtempSync(join(tmpdir(), 'memplane-jest-'));
  try {
    const results = join(folder, 'results.json');
    const code = await run([...args, '--json', `--outputFile=${results}`], env);
    const failed = code === 0 ? [] : failedSuites(results);
    if (failed.length === 0 || failed.length > MOST_ACCIDENTS) return code;
    console.log(`\nonce more, by themselves: ${failed.join(', ')}`);
    const flags = args
      .slice(args.findIndex((arg) => arg.startsWith('-')))
      .filter((arg) => !arg.startsWith('--maxWorkers'));
    const again = await run(['--runTestsByPath', ...failed, ...flags, '--runInBand'], env);
    if (again === 0) console.log(`\nPASSED ONLY WHEN RUN AGAIN (each has a fault, see above): ${failed.join(', ')}\n`);
    return again;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exit(await runJest(process.argv.slice(2)));
