import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareStores } from '../../../../operator/local/stack/plane.js';
import { UnusableState } from '../../../../operator/local/unusable-state.js';

const root = mkdtempSync(join(tmpdir(), 'memplane-stores-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('the stores of a local plane', () => {
  it('have one key, made once and readable by its owner only', () => {
    prepareStores(root);
    const path = join(root, 'kms', 'plane.key');
    const key = readFileSync(path);
    expect(key).toHaveLength(32);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    prepareStores(root);
    expect(readFileSync(path)).toEqual(key);
  });

  it('never get another key in place of one that is damaged: what it sealed would be lost', () => {
    const folder = join(root, 'damaged');
    mkdirSync(join(folder, 'kms'), { recursive: true });
    writeFileSync(join(folder, 'kms', 'plane.key'), 'half');
    expect(() => prepareStores(folder)).toThrow(UnusableState);
    expect(() => prepareStores(folder)).toThrow(/plane\.key cannot be used: a key has 32 bytes, this file has 4/);
  });
});
