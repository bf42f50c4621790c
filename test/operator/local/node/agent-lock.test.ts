import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDir } from '../../../../operator/local/node/agent-lock.js';
import { observeIdentity } from '../../../../operator/local/node/process-identity.js';
import { eventually } from '../cluster.js';

describe('the lock of a data directory', () => {
  it('lets one living agent in, and the next after it has let go or died', () => {
    const directory = mkdtempSync(join(tmpdir(), 'memplane-lock-'));
    const unlock = lockDataDir(directory);
    expect(() => lockDataDir(directory)).toThrow(`the node agent with pid ${process.pid} already uses ${directory}`);
    unlock();
    lockDataDir(directory);
    // A dead agent whose id another process has now.
    writeFileSync(join(directory, 'agent.pid'), `${process.pid}\nanother boot/1\n`);
    lockDataDir(directory)();
    writeFileSync(join(directory, 'agent.pid'), '');
    lockDataDir(directory)();
    rmSync(directory, { recursive: true, force: true });
  });

  const itOnLinux = process.platform === 'linux' ? it : it.skip;
  itOnLinux('takes a zombie for dead: its parent may never ask for it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memplane-lock-'));
    // A parent that starts a child, says its id, and never waits for it.
    const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const pid = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (text: Buffer) => resolve(Number(text))),
    );
    const identity = observeIdentity(pid);
    writeFileSync(join(directory, 'agent.pid'), `${pid}\n${identity}\n`);
    expect(() => lockDataDir(directory)).toThrow('already uses');
    process.kill(pid, 'SIGKILL');
    await eventually('the child is a zombie', () => {
      return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ') ? true : undefined;
    });
    lockDataDir(directory)();
    parent.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
});
