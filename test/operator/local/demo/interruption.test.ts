import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** Signals are for a whole process, so each case has one: it prints what it hears. */
const SCRIPT = `
import { watchInterruptions, untilAborted } from ${JSON.stringify(join(process.cwd(), 'dist/operator/local/demo/interruption.js'))};
const signal = watchInterruptions((code) => process.exit(code + 100));
const alive = setInterval(() => undefined, 1000);
const fail = process.argv[1];
if (fail === 'throw') setTimeout(() => { throw new Error('nobody caught this'); });
if (fail === 'reject') Promise.reject(new Error('nobody caught this'));
console.log('watching');
await untilAborted(signal).catch((reason) => console.log(reason.message, reason.exitCode ?? ''));
setTimeout(() => clearInterval(alive), 60_000);
`;

function watch(fail = '') {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT, fail], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  const says = async (text: string): Promise<void> => {
    while (!said.includes(text)) await new Promise((resolve) => child.stdout.once('data', resolve));
  };
  return { child, exit, says, said: () => said };
}

describe('an interruption', () => {
  it.each<[NodeJS.Signals, number]>([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ])('by %s is told with the exit code that shells give it', async (name, code) => {
    const { child, says, exit } = watch();
    await says('watching');
    child.kill(name);
    await says(`interrupted by ${name} ${code}`);
    child.kill('SIGKILL');
    await exit;
  });

  it('counts once when npm passes it on, and hard when a person repeats it', async () => {
    const { child, says, exit } = watch();
    await says('watching');
    // Both are there when it looks, however slow the machine is.
    child.kill('SIGSTOP');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    child.kill('SIGCONT');
    await says('interrupted');
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(child.exitCode).toBe(null);
    child.kill('SIGHUP');
    child.kill('SIGINT');
    expect(await exit).toBe(230);
  });

  it.each(['throw', 'reject'])(
    'comes also from an error that nobody caught (%s): what runs is ended in order',
    async (how) => {
      const { child, says, exit } = watch(how);
      await says('nobody caught this');
      child.kill('SIGKILL');
      await exit;
    },
  );
});
