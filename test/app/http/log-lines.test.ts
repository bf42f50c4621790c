import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { createLogger, flushLog } from '../../../app/http/log.js';
import { LogLines } from '../../../app/http/log-lines.js';
import { until } from '../../support/scripted-server.js';

describe('the lines of the log', () => {
  let directory: string;
  let path: string;
  let fd: number;
  let lines: LogLines;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'memplane-log-'));
    path = join(directory, 'log');
    fd = openSync(path, 'a');
    const later = pino.destination({ dest: fd, sync: false, minLength: 1 });
    lines = new LogLines(later, pino.destination({ dest: fd, sync: true }));
  });

  afterEach(() => {
    closeSync(fd);
    rmSync(directory, { recursive: true, force: true });
  });

  const written = (): readonly string[] => readFileSync(path, 'utf8').split('\n').filter(Boolean);
  const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, n) => `{"n":${n}}`);

  it('come out by themselves, however few', async () => {
    lines.write('{"n":0}\n');
    await until('the line is written', () => written().length === 1);
  });

  it('are all out, whole and in order, once somebody waited for it, though more come together than are written at once', async () => {
    for (const line of numbered(20_000)) lines.write(`${line}\n`);
    await new Promise<void>((resolve) => lines.flush(() => resolve()));
    expect(written()).toEqual(numbered(20_000));
  });

  it('are out at once when the process ends', async () => {
    await new Promise<void>((resolve) => lines.flush(() => resolve()));
    for (const line of numbered(5)) lines.write(`${line}\n`);
    lines.flushSync();
    expect(written()).toEqual(numbered(5));
  });

  it('are those of the logger, each with its time', async () => {
    const log = createLogger({ level: 'info', tenant: 'acme' }, lines);
    log.info({ n: 1, none: undefined }, 'first');
    log.debug('not told');
    await flushLog(log);
    const [line, ...others] = written().map((text) => JSON.parse(text) as { readonly time: string });
    expect(others).toEqual([]);
    expect(line).toEqual({ level: 'info', time: expect.any(String), tenant: 'acme', n: 1, msg: 'first' });
    expect(new Date(line?.time ?? '').toISOString()).toBe(line?.time);
  });
});
