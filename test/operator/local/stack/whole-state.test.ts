import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresHome } from '../../../../operator/local/postgres/leftover.js';
import { requireWholeState } from '../../../../operator/local/stack/whole-state.js';
import { UnusableState } from '../../../../operator/local/unusable-state.js';

const root = mkdtempSync(join(tmpdir(), 'memplane-whole-'));
const homes: string[] = [];
afterAll(() => {
  for (const path of [...homes, root]) rmSync(path, { recursive: true, force: true });
});

const build = (name: string): string => {
  const folder = join(root, name);
  const home = postgresHome(join(folder, 'postgres'));
  homes.push(home);
  for (const path of [join(home, 'data'), ...['cluster', 'kms', 'buckets/keys/keys'].map((one) => join(folder, one))])
    mkdirSync(path, { recursive: true });
  writeFileSync(join(folder, 'kms', 'plane.key'), Buffer.alloc(32));
  return folder;
};

describe('the state of a stack', () => {
  it('is good when it is whole, when there is none, and without the cluster, which is made again from the rest', () => {
    expect(() => requireWholeState(join(root, 'nothing'))).not.toThrow();
    const folder = build('whole');
    expect(() => requireWholeState(folder)).not.toThrow();
    rmSync(join(folder, 'cluster'), { recursive: true });
    expect(() => requireWholeState(folder)).not.toThrow();
  });

  it('is refused without its database or its key, by their names', () => {
    const folder = build('torn');
    rmSync(join(folder, 'kms'), { recursive: true });
    expect(() => requireWholeState(folder)).toThrow(UnusableState);
    expect(() => requireWholeState(folder)).toThrow(/plane\.key is gone/);
    rmSync(postgresHome(join(folder, 'postgres')), { recursive: true });
    expect(() => requireWholeState(folder)).toThrow(/data is gone, the database/);
  });
});
