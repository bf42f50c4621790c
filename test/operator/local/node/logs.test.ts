import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunLog, readRunLog, removeRunLog } from '../../../../operator/local/node/logs.js';
import { streamRunLog } from '../../../../operator/local/node/pod-logs.js';

describe('a container’s log', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'memplane-log-'));
    path = join(directory, 'main', '0.log');
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const say = (log: RunLog, text: string, stream: 'stdout' | 'stderr' = 'stdout'): void =>
    log.write(stream, Buffer.from(text));
  const texts = (): readonly string[] => readRunLog(path).map(({ text }) => text);
  const collect = async (stream: AsyncIterable<string>): Promise<string> => {
    let all = '';
    for await (const piece of stream) all += piece;
    return all;
  };

  it('keeps whole lines, whatever pieces they come in, and the last one without its newline', () => {
    const log = new RunLog(path);
    say(log, 'one\ntw');
    say(log, 'err\n', 'stderr');
    say(log, 'o\nthr');
    say(log, 'ee');
    log.end();
    expect(texts()).toEqual(['one', 'err', 'two', 'three']);
  });

  it('cuts a line that never ends into pieces and joins them again for the reader', async () => {
    const log = new RunLog(path);
    say(log, 'x'.repeat(40_000));
    say(log, '\n');
    log.end();
    expect(readRunLog(path).map(({ partial }) => partial)).toEqual([true, true, false]);
    expect(await collect(streamRunLog({ path }, {}))).toBe(`${'x'.repeat(40_000)}\n`);
  });

  it('stays within its bound and keeps the newest lines', () => {
    const log = new RunLog(path, 10_000);
    for (let line = 0; line < 1_000; line += 1) say(log, `line ${line} ${'.'.repeat(50)}\n`);
    log.end();
    expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThan(21_000);
    expect(texts().at(-1)).toContain('line 999');
    removeRunLog(path);
    expect(texts()).toEqual([]);
  });

  it('follows: what is there, then each new line once, until the run ends', async () => {
    const log = new RunLog(path);
    say(log, 'before\n');
    const followed = collect(streamRunLog(log, { follow: true }));
    say(log, 'after\n');
    await new Promise((resolve) => setImmediate(resolve));
    say(log, 'last\n');
    log.end();
    expect(await followed).toBe('before\nafter\nlast\n');
    expect(await collect(streamRunLog(log, { follow: true, tailLines: 1 }))).toBe('last\n');
  });

  it('stops following when the reader goes away', async () => {
    const log = new RunLog(path);
    const gone = new AbortController();
    const followed = collect(streamRunLog(log, { follow: true, signal: gone.signal }));
    await new Promise((resolve) => setImmediate(resolve));
    gone.abort();
    expect(await followed).toBe('');
    log.end();
  });

  const itOnLinux = process.platform === 'linux' ? it : it.skip;
  itOnLinux('goes on for who follows it when the disk is full', () => {
    const log = new RunLog('/dev/full');
    const heard: string[] = [];
    log.subscribe(
      ({ text }) => heard.push(text),
      () => undefined,
    );
    say(log, 'one\ntwo\n');
    log.end();
    expect(heard).toEqual(['one', 'two']);
  });

  it('shows only what is recent enough', async () => {
    const log = new RunLog(path);
    say(log, 'now\n');
    log.end();
    expect(await collect(streamRunLog({ path }, { sinceSeconds: 60 }))).toBe('now\n');
    expect(await collect(streamRunLog({ path }, { tailLines: 0 }))).toBe('');
  });
});
