import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessRecords } from '../../../../operator/local/node/process-records.js';
import { ProcessTable } from '../../../../operator/local/node/processes.js';
import { eventually, isAlive } from '../cluster.js';

const untilDead = (pid: number) => eventually(`${pid} is gone`, () => (isAlive(pid) ? undefined : true));

const HOLD = 'setInterval(() => {}, 1000)';
const FAMILY = `
  const child = require('node:child_process').spawn(process.execPath, ['-e', '${HOLD}'], { stdio: 'ignore' });
  console.log(child.pid);
  process.on('SIGUSR2', () => process.kill(process.pid, 'SIGKILL'));
  ${HOLD}`;

describe('the process table', () => {
  let directory: string;
  let table: ProcessTable;
  let output: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'memplane-processes-'));
    table = new ProcessTable(directory);
    output = '';
  });
  afterEach(async () => {
    await table.endAll();
    rmSync(directory, { recursive: true, force: true });
  });

  const start = (script: string) =>
    table.start({
      argv: [process.execPath, '-e', script],
      env: {},
      cwd: directory,
      onOutput: (_stream, chunk) => {
        output += chunk.toString();
      },
    });
  const grandchild = (): Promise<number> =>
    eventually('the grandchild speaks', () => (output.includes('\n') ? Number(output) : undefined));

  it('says how a process ended, and forgets it', async () => {
    expect(await start('process.exit(3)').exited).toEqual({ exitCode: 3 });
    expect(await start('process.kill(process.pid, "SIGTERM")').exited).toEqual({ exitCode: 143, signal: 15 });
    expect(readdirSync(directory)).toEqual([]);
  });

  it('says what to check when a program cannot be started', async () => {
    const process = table.start({ argv: ['/no/such/program'], env: {}, cwd: directory, onOutput: () => undefined });
    expect(await process.exited).toMatchObject({
      exitCode: 128,
      error: expect.stringContaining('cannot start "/no/such/program"'),
    });
  });

  it('ends the whole group when its first process ends', async () => {
    const process = start(FAMILY);
    const pid = await grandchild();
    process.terminate();
    await process.exited;
    await untilDead(pid);
  });

  it('ends what an agent that was killed has left behind, and only that', async () => {
    const left = start(HOLD);
    const stranger = spawn(process.execPath, ['-e', HOLD], { stdio: 'ignore', detached: true });
    if (left.pid === undefined || stranger.pid === undefined) throw new Error('not started');
    const record = { id: 'stranger', pid: stranger.pid, identity: 'another boot/1' };
    writeFileSync(join(directory, 'stranger'), JSON.stringify(record));
    writeFileSync(join(directory, 'torn'), '{"pid":');
    expect(await new ProcessTable(directory).endLeftovers()).toBe(1);
    expect(isAlive(left.pid)).toBe(false);
    expect(isAlive(stranger.pid)).toBe(true);
    expect(readdirSync(directory)).toEqual([]);
    process.kill(stranger.pid, 'SIGKILL');
    await left.exited;
  });

  const itOnLinux = process.platform === 'linux' ? it : it.skip;
  itOnLinux('ends what a dead leader has left of its group', async () => {
    // The leader dies while nobody watches: started by a process of its own, as a killed agent's would be.
    const starter = spawn(
      process.execPath,
      [
        '-e',
        `
      const child = require('node:child_process').spawn(process.execPath, ['-e', process.argv[1]], { detached: true, stdio: ['ignore', 'pipe', 'ignore'], env: { LOCAL_NODE_CONTAINER_ID: 'orphan' } });
      child.stdout.once('data', (text) => { console.log(child.pid + ' ' + text); process.kill(child.pid, 'SIGKILL'); });
    `,
        FAMILY,
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    let text = '';
    starter.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    await new Promise((resolve) => starter.once('close', resolve));
    const [leader = 0, orphan = 0] = text.trim().split(' ').map(Number);
    await untilDead(leader);
    expect(isAlive(orphan)).toBe(true);
    writeFileSync(join(directory, 'orphan'), JSON.stringify({ id: 'orphan', pid: leader, identity: 'gone' }));
    expect(await new ProcessTable(directory).endLeftovers()).toBe(1);
    expect(isAlive(orphan)).toBe(false);
  });

  itOnLinux('ends what was started when the agent was killed before it could say which process that is', async () => {
    const started = (id: string) =>
      spawn(process.execPath, ['-e', HOLD], { stdio: 'ignore', detached: true, env: { LOCAL_NODE_CONTAINER_ID: id } });
    const [announced, torn, other] = [started('announced'), started('torn'), started('of another table')];
    writeFileSync(join(directory, 'announced'), JSON.stringify({ id: 'announced' }));
    writeFileSync(join(directory, 'torn'), '{"id":"torn","pid":1');
    writeFileSync(join(directory, 'never came to be'), '');
    const ends = [announced, torn].map((child) => new Promise((resolve) => child.once('exit', (_, by) => resolve(by))));
    expect(await new ProcessTable(directory).endLeftovers()).toBe(2);
    expect(await Promise.all(ends)).toEqual(['SIGKILL', 'SIGKILL']);
    expect(isAlive(other.pid ?? 0)).toBe(true);
    expect(readdirSync(directory)).toEqual([]);
    other.kill('SIGKILL');
  });

  it('leaves the records to the next start when there is no time to wait', async () => {
    const left = start(HOLD);
    new ProcessRecords(directory).killAll();
    expect(readdirSync(directory)).toEqual([left.id]);
    expect(await left.exited).toEqual({ exitCode: 137, signal: 9 });
  });

  it('announces a process before it can do anything', async () => {
    start(`console.log(JSON.stringify(require('node:fs').readdirSync('.')))`);
    const found = await eventually('it looks', () => (output.includes('\n') ? output.trim() : undefined));
    expect(JSON.parse(found)).toHaveLength(1);
  });
});
