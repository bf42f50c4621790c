import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAtomicDirectory } from '../../../../operator/local/node/atomic-directory.js';

describe('an atomic directory', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'memplane-atomic-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const write = (files: Readonly<Record<string, string>>): Promise<boolean> =>
    writeAtomicDirectory(
      join(directory, 'v'),
      new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
    );
  const visible = (): readonly string[] => readdirSync(join(directory, 'v')).filter((name) => !name.startsWith('..'));
  const read = (path: string): string => readFileSync(join(directory, 'v', path), 'utf8');

  it('shows its files for their owner only, also those in folders', async () => {
    expect(await write({ a: '1', 'sub/b': '2' })).toBe(true);
    expect(visible()).toEqual(['a', 'sub']);
    expect([read('a'), read('sub/b')]).toEqual(['1', '2']);
    expect(statSync(join(directory, 'v', 'a')).mode & 0o777).toBe(0o600);
  });

  it('leaves unchanged content alone', async () => {
    await write({ a: '1' });
    const before = statSync(join(directory, 'v', 'a')).ino;
    expect(await write({ a: '1' })).toBe(false);
    expect(statSync(join(directory, 'v', 'a')).ino).toBe(before);
  });

  it('takes away what is gone and keeps no old copy', async () => {
    await write({ a: '1', b: '1' });
    await write({ b: '2', c: '2' });
    expect(visible()).toEqual(['b', 'c']);
    expect(read('b')).toBe('2');
    expect(readdirSync(join(directory, 'v')).filter((name) => name.startsWith('..'))).toHaveLength(2);
  });

  it('never shows a reader half of a change', async () => {
    await write({ a: '0', b: '0' });
    let reading = true;
    const seen = new Set<string>();
    const reader = (async () => {
      while (reading) {
        try {
          // One look at the link that is replaced: both files are of the same set.
          const data = realpathSync(join(directory, 'v', '..data'));
          seen.add(`${readFileSync(join(data, 'a'), 'utf8')}${readFileSync(join(data, 'b'), 'utf8')}`);
        } catch {
          // The set was replaced between the two reads; a program reads the folder again.
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    for (let round = 1; round < 20; round += 1) await write({ a: String(round % 10), b: String(round % 10) });
    reading = false;
    await reader;
    expect([...seen].every(([a, b]) => a === b)).toBe(true);
  });

  it('is put right after a writer that was killed before it came to the names', async () => {
    await write({ a: '1', b: '1' });
    rmSync(join(directory, 'v', 'b'));
    mkdirSync(join(directory, 'v', '..of-the-killed'));
    expect(await write({ a: '1', b: '1' })).toBe(false);
    expect([visible(), read('b')]).toEqual([['a', 'b'], '1']);
    await write({ a: '2', b: '2' });
    expect(readdirSync(join(directory, 'v')).filter((name) => name.startsWith('..'))).toHaveLength(2);
  });

  it('refuses a path that leads out of the volume', async () => {
    await expect(write({ '../../escape': 'x' })).rejects.toThrow('leads out of its volume');
  });
});
