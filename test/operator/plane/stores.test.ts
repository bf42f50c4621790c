import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MemoryPlane } from '../../../operator/api/v1alpha1/types.js';
import { RESOURCES } from '../../../operator/clients/kube-resources.js';
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
    expect(await stores.bucketProblem(url, 'keys')).toEqual(expect.any(String));
    rmSync(folder);
    mkdirSync(folder);
    expect(await stores.bucketProblem(url, 'keys')).toBeUndefined();
    rmSync(folder, { recursive: true });
    symlinkSync(folder, folder);
    expect(await stores.bucketProblem(url, 'keys')).toBeUndefined();
    expect(await stores.probeBucket(url, 'keys')).toEqual(expect.any(String));
    expect(await stores.bucketProblem(url, 'keys')).toEqual(expect.any(String));
  });

  it('of a provider that nobody knows are an answer, not a failure', async () => {
    expect(await open().bucketProblem('swift://audit', 'audit')).toContain('is no bucket URL');
  });
});

describe('the databases of a plane', () => {
  const plane = {
    metadata: { name: 'default' },
    spec: {
      postgres: [
        { name: 'pg-a', host: '127.0.0.1', port: 1, adminSecretRef: { name: 'pg-a-admin' }, tls: { mode: 'Disable' } },
      ],
    },
  } as unknown as MemoryPlane;

  it('are opened once for all who ask at one time, so that no pool is left that nobody closes', async () => {
    const kube = new KubeMemory();
    const data = { username: Buffer.from('admin').toString('base64'), password: Buffer.from('pw').toString('base64') };
    const metadata = { name: 'pg-a-admin', namespace: 'memplane-system' };
    await kube.create(RESOURCES.secrets, { apiVersion: 'v1', kind: 'Secret', metadata, data } as never);
    const stores = new PlaneStores(kube as never, 'memplane-system');
    const asked = await Promise.all([1, 2, 3, 4].map(() => stores.database(plane, 'pg-a')));
    const databases = new Set(asked.map((outcome) => (outcome.kind === 'done' ? outcome.facts : outcome)));
    expect([databases.size, kube.reads]).toEqual([1, 1]);
    await stores.close();
  });

  it('are asked for again at once when their Secret was not there', async () => {
    const stores = open();
    expect(await stores.database(plane, 'pg-a')).toMatchObject({ kind: 'wait', reason: 'SecretMissing' });
    expect(await stores.database(plane, 'pg-a')).toMatchObject({ kind: 'wait', reason: 'SecretMissing' });
    await stores.close();
  });
});
