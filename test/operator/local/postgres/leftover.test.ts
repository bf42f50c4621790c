import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endPostgres, signalPostgres } from '../../../../operator/local/postgres/leftover.js';

const root = mkdtempSync(join(tmpdir(), 'memplane-leftover-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const lockOf = (home: string): string => join(home, 'data', 'postmaster.pid');

function build(name: string, pid: number | string): string {
  const home = join(root, name);
  mkdirSync(join(home, 'data'), { recursive: true });
  writeFileSync(lockOf(home), `${pid}\n${join(home, 'data')}\n`);
  return home;
}

describe('the server that a killed run left', () => {
  it.each([
    ['a process of somebody else, even a Postgres', ['-D', '/another/data', 'postgres']],
    ['one whose folder only begins with the same name', ['-D', join(root, 'foreign', 'data-2'), 'postgres']],
  ])('is not %s that has its id by now', async (_, args) => {
    const stranger = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 60_000)', '--', ...args], {
      stdio: 'ignore',
    });
    const ended = new Promise<NodeJS.Signals | null>((resolve) =>
      stranger.once('exit', (__, signal) => resolve(signal)),
    );
    const home = build('foreign', stranger.pid ?? 0);
    expect(signalPostgres(home, 'SIGQUIT')).toBeUndefined();
    await endPostgres(home);
    expect(existsSync(lockOf(home))).toBe(false);
    stranger.kill('SIGKILL');
    expect(await ended).toBe('SIGKILL');
  });

  it.each(['', 'garbage', '0', '1', '-1', String(2 ** 30)])('is nobody when the lock file says "%s"', async (pid) => {
    const home = build('stale', pid);
    await endPostgres(home);
    expect(existsSync(lockOf(home))).toBe(false);
  });

  it('is found before it has written its lock file', async () => {
    const home = join(root, 'young');
    const script = "console.log('up'); setTimeout(() => undefined, 600_000)";
    const server = spawn(process.execPath, ['-e', script, '--', '-D', join(home, 'data'), '-c', 'port=1'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise<unknown>((resolve) => server.once('exit', (_, signal) => resolve(signal)));
    await new Promise((resolve) => server.stdout.once('data', resolve));
    await endPostgres(home);
    expect(await ended).toBe('SIGINT');
  });

  it('is told to stop, and made to when it does not listen', async () => {
    const home = join(root, 'stubborn');
    const script =
      "process.on('SIGINT', () => undefined); process.on('SIGQUIT', () => process.exit(3)); console.log('up'); setTimeout(() => undefined, 60_000)";
    const server = spawn(process.execPath, ['-e', script, '--', '-D', join(home, 'data'), '-c', 'port=1'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise<number | null>((resolve) => server.once('exit', resolve));
    await new Promise((resolve) => server.stdout.once('data', resolve));
    build('stubborn', server.pid ?? 0);
    await endPostgres(home, 200);
    expect(await ended).toBe(3);
    expect(existsSync(lockOf(home))).toBe(false);
  });
});
