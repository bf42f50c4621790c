import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DemoError, openStateFolder } from '../../../../operator/local/demo/state-folder.js';
import { observeIdentity } from '../../../../operator/local/node/process-identity.js';

const root = mkdtempSync(join(tmpdir(), 'memplane-state-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('the state folder of a demo', () => {
  it('belongs to one living demo at a time', async () => {
    const folder = join(root, 'deep', 'in a tree');
    const first = await openStateFolder(folder, { fresh: false });
    await expect(openStateFolder(folder, { fresh: true })).rejects.toThrow(
      `another demo (process ${process.pid}) uses ${folder}: stop it`,
    );
    first.release();
    (await openStateFolder(folder, { fresh: false })).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['of a process that is gone', `${2 ** 30}\n${observeIdentity(process.pid)}\n`],
    ['of a process id that is used again', `${process.ppid}\nanother start\n`],
    ['that somebody broke', 'garbage'],
    ['that is empty', ''],
  ])('is taken over from a lock %s', async (_, lock) => {
    const folder = join(root, 'stale');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'demo.pid'), lock);
    (await openStateFolder(folder, { fresh: false })).release();
    expect(existsSync(join(folder, 'demo.pid'))).toBe(false);
  });

  it('must have room: says how much there is and how much it takes, and keeps no lock', async () => {
    const folder = join(root, 'full');
    const needed = 2 ** 52;
    const opened = openStateFolder(folder, { fresh: false, neededBytes: needed });
    await expect(opened).rejects.toThrow(DemoError);
    await expect(opened).rejects.toThrow(
      new RegExp(
        `^${folder} has \\d+ MB free and the demo needs ${needed / 1024 ** 2} MB: free some, or set MEMPLANE_STATE`,
      ),
    );
    expect(existsSync(join(folder, 'demo.pid'))).toBe(false);
  });

  it('loses what is ours when it is to start from nothing, and nothing else', async () => {
    const folder = join(root, 'home');
    for (const path of ['cluster', 'node/pods', 'postgres/data', 'buckets/keys', 'kms', 'photos'])
      mkdirSync(join(folder, path), { recursive: true });
    for (const file of ['ports.json', 'kubeconfig', 'letter.txt']) writeFileSync(join(folder, file), '');
    (await openStateFolder(folder, { fresh: true })).release();
    expect(readdirSync(folder).sort()).toEqual(['letter.txt', 'photos']);
  });
});
