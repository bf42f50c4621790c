import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { elsewhere } from '../../../../operator/local/postgres/leftover.js';
import { recordOrigin, removeOrphans } from '../../../../operator/local/postgres/orphans.js';

let root: string;
let base: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'memplane-orphans-'));
  base = join(root, 'elsewhere');
  mkdirSync(base);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Data of a state folder that had to be put elsewhere, as a first start leaves them. */
function build(name: string, id = 'one') {
  const state = join(root, name, '.memplane');
  const folder = join(state, 'postgres');
  const home = elsewhere(folder, base);
  mkdirSync(state, { recursive: true });
  mkdirSync(join(home, 'data'), { recursive: true });
  writeFileSync(`${folder}.id`, id);
  recordOrigin(folder, home, id);
  return { state, folder, home };
}

describe('data that lie elsewhere', () => {
  it('go when their state folder was deleted, and only then', () => {
    const [kept, gone] = [build('kept'), build('gone')];
    expect(removeOrphans(base)).toEqual([]);
    rmSync(gone.state, { recursive: true });
    expect(removeOrphans(base)).toEqual([gone.home]);
    expect([existsSync(kept.home), existsSync(gone.home)]).toEqual([true, false]);
    expect(removeOrphans(base)).toEqual([]);
  });

  it('go when another state folder has their place, whose own are kept', () => {
    const { folder, home } = build('again');
    writeFileSync(`${folder}.id`, 'two');
    expect(removeOrphans(base)).toEqual([home]);
    const next = build('again', 'two');
    expect(removeOrphans(base)).toEqual([]);
    expect(existsSync(next.home)).toBe(true);
  });

  it('stay while a server uses them', async () => {
    const { state, home } = build('served');
    rmSync(state, { recursive: true });
    const args = ['-e', "console.log('up'); setTimeout(() => undefined, 60_000)", '--', '-D', join(home, 'data'), '-c'];
    const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = new Promise((resolve) => server.once('exit', resolve));
    await new Promise((resolve) => server.stdout.once('data', resolve));
    expect(removeOrphans(base)).toEqual([]);
    server.kill('SIGKILL');
    await ended;
    expect(removeOrphans(base)).toEqual([home]);
  });

  it('stay when what held the state folder is gone too, or is another disk: it may be one that is not mounted', () => {
    const { home } = build('unmounted');
    rmSync(join(root, 'unmounted'), { recursive: true });
    expect(removeOrphans(base)).toEqual([]);
    mkdirSync(join(root, 'unmounted'));
    writeFileSync(join(home, 'origin.json'), JSON.stringify({ ...originOf('unmounted'), device: -1 }));
    expect(removeOrphans(base)).toEqual([]);
  });

  it('stay when they are not where their folder says, say nothing, or are no folder', () => {
    const { state, home } = build('moved');
    rmSync(state, { recursive: true });
    for (const said of ['', '{}', JSON.stringify({ ...originOf('other'), device: 1 })]) {
      writeFileSync(join(home, 'origin.json'), said);
      expect(removeOrphans(base)).toEqual([]);
    }
    rmSync(join(home, 'origin.json'));
    mkdirSync(join(base, 'memplane-postgres-notes'));
    symlinkSync(home, join(base, `memplane-postgres-${'0'.repeat(16)}`));
    expect(removeOrphans(base)).toEqual([]);
    expect(existsSync(home)).toBe(true);
  });
});

const originOf = (name: string) => ({ folder: join(root, name, '.memplane', 'postgres'), id: 'one' });
