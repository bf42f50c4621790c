import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { postgresHome } from '../../operator/local/postgres/leftover.js';
import { endLeftovers, removeState } from '../../operator/local/stack/leftovers.js';
import { DemoFolders, processesOf, startDemo, untilNoneOf } from '../support/demo-process.js';

jest.setTimeout(300_000);

const folders = new DemoFolders();
afterAll(() => folders.clear(), 300_000);

async function until<T>(look: () => T | undefined | false): Promise<T> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within 60 s: ${look.toString()}`);
    await sleep(20);
  }
}

/** Somebody who may only read the checkout, and whose home is elsewhere. */
const NOBODY = 65_534;
const asNobody = [
  ...['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'],
  ...['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'],
];
const canBeNobody = ((): boolean => {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync(asNobody[0] ?? '', [...asNobody.slice(1), process.execPath, '--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
const itWithAccounts = canBeNobody ? it : it.skip;

/** `script` of util-linux gives a program a terminal whose keys we press. */
const itInTerminal = spawnSync('script', ['--version']).status === 0 ? it : it.skip;

/** Processes are looked for in /proc. */
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describe('the demo, asked for what it does not have', () => {
  it.each<[string, readonly string[], number, RegExp]>([
    ['an unknown option', ['--chek'], 2, /^unknown option --chek\n\nusage: npm run demo/],
    ['a kubeconfig that is not there', ['--kubeconfig', '/nowhere/config'], 1, /\/nowhere\/config/],
  ])('says so: %s', async (_, args, code, message) => {
    const demo = startDemo(folders.folder('usage'), { args });
    expect(await demo.exit).toBe(code);
    expect(demo.stderr()).toMatch(message);
    expect(demo.stderr()).not.toMatch(/^\s+at /m);
  });

  it('explains itself', async () => {
    const demo = startDemo(folders.folder('help'), { args: ['--help'] });
    expect(await demo.exit).toBe(0);
    expect(demo.stdout()).toMatch(/^usage: npm run demo/);
    expect(existsSync(join(folders.root, 'help'))).toBe(false);
  });

  it('names a state folder that it cannot write, and what to set instead', async () => {
    writeFileSync(join(folders.root, 'a-file'), '');
    const demo = startDemo(join(folders.root, 'a-file', 'state'));
    expect(await demo.exit).toBe(1);
    expect(demo.stderr()).toMatch(/the state folder .*a-file\/state cannot be written \(ENOTDIR.*set MEMPLANE_STATE/);
  });
});

describeOnLinux('the demo, ended (on Linux)', () => {
  it.each(['state in', 'Postgres', 'platform'])(
    'leaves no process when Ctrl-C comes right after "%s"',
    async (line) => {
      const folder = folders.folder('interrupted');
      const demo = startDemo(folder);
      await demo.says(line);
      demo.kill('SIGINT');
      expect(await demo.exit).toBe(130);
      expect(demo.stderr()).toBe('');
      expect(demo.stdout()).not.toMatch(/✗|^\s+at /m);
      await untilNoneOf(folder);
      expect(existsSync(join(folder, 'demo.pid'))).toBe(false);
    },
  );

  itInTerminal('leaves no process when a terminal sends Ctrl-C to all of them at once (with script)', async () => {
    const folder = folders.folder('terminal');
    const demo = inTerminal(folder);
    await until(() => existsSync(postgresHome(join(folder, 'postgres'))));
    demo.stdin?.write('\x03');
    await new Promise((resolve) => demo.once('close', resolve));
    await untilNoneOf(folder);
    expect(existsSync(join(folder, 'demo.pid'))).toBe(false);
  });

  it('takes a database that a killed run did not finish making as none, and ends at once at a second Ctrl-C', async () => {
    const folder = folders.folder('impatient');
    const home = postgresHome(join(folder, 'postgres'));
    await killInTheMaking(folder, home);

    const demo = startDemo(folder);
    const operator = await until(() =>
      processesOf(folder).find(({ command }) => command.includes('dist/operator/main.js')),
    );
    // A pod that does not end makes the orderly end a long one.
    process.kill(operator.pid, 'SIGSTOP');
    let over = false;
    const ended = demo.exit.finally(() => {
      over = true;
    });
    // Within a second it counts as the same press, which npm passes on.
    for (; !over; await Promise.race([ended, sleep(1_200)])) demo.kill('SIGINT');
    expect(await ended).toBe(130);
    // Whoever ends in order takes the lock away: nothing was waited for.
    expect(existsSync(join(folder, 'demo.pid'))).toBe(true);
    await untilNoneOf(folder);
  });
});

/** Kills a demo while its database is being made; when the look came too late on a busy machine, again from nothing. */
async function killInTheMaking(folder: string, home: string): Promise<void> {
  for (;;) {
    const demo = startDemo(folder);
    await until(() => existsSync(home) && readdirSync(home).some((name) => name.startsWith('data')));
    demo.kill('SIGKILL');
    await demo.exit;
    if (!existsSync(join(home, 'data'))) return;
    await endLeftovers(folder);
    removeState(folder);
  }
}

function inTerminal(folder: string): ChildProcess {
  const main = join(process.cwd(), 'dist/operator/local/demo/main.js');
  return spawn('script', ['-qec', `${process.execPath} ${main}`, '/dev/null'], {
    env: { PATH: process.env.PATH ?? '', HOME: folders.root, MEMPLANE_STATE: folder, SHELL: '/bin/sh' },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
}

describeOnLinux('the demo under several accounts (on Linux, as root with setpriv)', () => {
  itWithAccounts('works for an ordinary user, and root goes on with that state', async () => {
    const home = join(folders.root, 'home');
    mkdirSync(home);
    chownSync(home, NOBODY, NOBODY);
    execFileSync('chmod', ['a+x', folders.root]);
    const folder = folders.folder('home/state');
    const demo = startDemo(folder, { prefix: asNobody });
    await demo.says('Ctrl-C ends it');
    expect(demo.stderr()).toBe('');
    demo.kill('SIGINT');
    expect(await demo.exit).toBe(0);
    await untilNoneOf(folder);

    const asRoot = startDemo(folder);
    await asRoot.says('platform');
    asRoot.kill('SIGTERM');
    expect(await asRoot.exit).toBe(143);
    await untilNoneOf(folder);
  });

  itWithAccounts('says whose state it is when it is not ours', async () => {
    const folder = folders.folder('of-root');
    mkdirSync(folder);
    const demo = startDemo(folder, { prefix: asNobody });
    expect(await demo.exit).toBe(1);
    expect(demo.stderr()).toMatch(/the state folder .*of-root cannot be written \(EACCES.*set MEMPLANE_STATE/);
  });
});
