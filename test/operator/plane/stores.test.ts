import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PlaneStores } from '../../../operator/plane/stores.js';
import { KubeMemory } from '../../support/kube-memory.js';

const root = mkdtempSync(join(tmpdir(), 'memplane-stores-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const open = (): PlaneStores => new PlaneStores(new KubeMemory() as never, 'memplane-system');

describe('the buckets of a plane', () => {
  it('are asked again at once after a failure, and not again after an answer', async () => {
    const folder = join(root, 'bucket');
    const url = pathToFileURL(folder).href;
    // A link to itself cannot be read by anybody, root included.
    symlinkSync(folder, folder);
    const stores = open();
    expect(await stores.bucketProblem(url)).toEqual(expect.any(String));
    rmSync(folder);
    mkdirSync(folder);
    expect(await stores.bucketProblem(url)).toBeUndefined();
    rmSync(folder, { recursive: true });
    symlinkSync(folder, folder);
    expect(await stores.bucketProblem(url)).toBeUndefined();
    expect(await stores.probeBucket(url)).toEqual(expect.any(String));
    expect(await stores.bucketProblem(url)).toEqual(expect.any(String));
  });

  it('of a provider that is not there yet are an answer, not a failure', async () => {
    expect(await open().bucketProblem('gs://audit')).toContain('not implemented yet');
  });
});
