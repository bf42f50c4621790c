import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeProcessLock } from '../../../operator/local/process-lock.js';

const DEAD = `${2 ** 30}\nanother boot/1\n`;
const placeAfter = (path: string, mark: string): string =>
  `${path}.after-${createHash('sha256').update(mark).digest('hex').slice(0, 12)}`;

/** Takes every lock as soon as its name comes, says how that went, and keeps what it has until it ends. */
const CONTENDER = `
import { createInterface } from 'node:readline';
import { takeProcessLock } from ${JSON.stringify(join(process.cwd(), 'dist/operator/local/process-lock.js'))};
console.log('up');
for await (const path of createInterface({ input: process.stdin })) {
  try { takeProcessLock(path); console.log('mine'); } catch (error) { console.log(error.name === 'LockHeld' ? 'held' : error.stack); }
}`;

function startContender() {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CONTENDER], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return {
    try: (path: string) => child.stdin.write(`${path}\n`),
    answer: async (line: number): Promise<string> => {
      for (;;) {
        const lines = said.split('\n');
        if (lines.length > line + 1) return lines[line] ?? '';
        await new Promise((resolve) => child.stdout.once('data', resolve));
      }
    },
    end: async (): Promise<void> => {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.stdin.end();
      await closed;
    },
  };
}

describe('a lock file', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'memplane-lock-'));
    path = join(directory, 'lock');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('is had by one process until it lets go', () => {
    const release = takeProcessLock(path);
    expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^${process.pid}\n.+\n`));
    expect(() => takeProcessLock(path)).toThrow(`process ${process.pid} holds ${path}`);
    release();
    expect(readdirSync(directory)).toEqual([]);
    takeProcessLock(path)();
  });

  it('is not taken from who has it by now when an earlier one lets go late', () => {
    const release = takeProcessLock(path);
    rmSync(path);
    takeProcessLock(path);
    release();
    expect(() => takeProcessLock(path)).toThrow('holds');
  });

  it.each([
    ['somebody who is dead', DEAD],
    ['nobody that could be read', '{ garbage'],
    ['nobody at all', ''],
  ])('is taken over from %s, also when another one died in the middle of that', (_, mark) => {
    writeFileSync(path, mark);
    takeProcessLock(path)();
    expect(readdirSync(directory)).toEqual([]);
    writeFileSync(path, mark);
    writeFileSync(placeAfter(path, mark), DEAD);
    writeFileSync(placeAfter(placeAfter(path, mark), DEAD), `${DEAD}again`);
    takeProcessLock(path)();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('is not taken over while a living process is about to', () => {
    writeFileSync(path, DEAD);
    const release = takeProcessLock(placeAfter(path, DEAD));
    expect(() => takeProcessLock(path)).toThrow(`process ${process.pid} holds`);
    expect(readFileSync(path, 'utf8')).toBe(DEAD);
    release();
  });

  it('of a dead process goes to one of many who come at once', async () => {
    const contenders = Array.from({ length: 5 }, startContender);
    for (const contender of contenders) expect(await contender.answer(0)).toBe('up');
    for (let round = 1; round <= 40; round += 1) {
      const one = join(directory, `lock-${round}`);
      if (round % 4 !== 0) writeFileSync(one, DEAD);
      for (const contender of contenders) contender.try(one);
      const answers = await Promise.all(contenders.map((contender) => contender.answer(round)));
      expect(answers.sort()).toEqual(['held', 'held', 'held', 'held', 'mine']);
    }
    await Promise.all(contenders.map((contender) => contender.end()));
    expect(readdirSync(directory)).toHaveLength(40);
  });
});
