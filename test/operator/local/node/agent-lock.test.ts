import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDataDir } from '../../../../operator/local/node/agent-lock.js';

describe('the lock of a data directory', () => {
  it('lets one living agent in, and the next after it has let go or died', () => {
    const directory = mkdtempSync(join(tmpdir(), 'memplane-lock-'));
    const unlock = lockDataDir(directory);
    expect(() => lockDataDir(directory)).toThrow(`the node agent with pid ${process.pid} already uses ${directory}`);
    unlock();
    lockDataDir(directory);
    // A dead agent whose id another process has now.
    writeFileSync(join(directory, 'agent.json'), JSON.stringify({ pid: process.pid, identity: 'another boot/1' }));
    lockDataDir(directory)();
    writeFileSync(join(directory, 'agent.json'), '{');
    lockDataDir(directory)();
    rmSync(directory, { recursive: true, force: true });
  });
});
