import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseVerifierKey } from '../../../app/audit/note.js';
import { buildPlaneKey, buildVerifierKey } from '../../../app/audit/plane-key.js';
import type { PlaneSigner } from '../../../app/audit/plane-signer.js';
import { openPlaneSigner } from '../../../app/audit/signer-providers.js';
import { type CloudKmsStandIn, startCloudKms } from '../../support/cloud-kms-stand-in.js';

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
let folder: string;
let clouds: CloudKmsStandIn;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'memplane-signer-'));
  writeFileSync(join(folder, 'key.pem'), pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
  writeFileSync(join(folder, 'token'), 'of-the-pod\n');
  clouds = await startCloudKms();
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await clouds.stop();
});
beforeEach(() => {
  clouds.refuses = undefined;
});

const MESSAGE = Buffer.from('a message\n');
const openGoogle = (keyId = clouds.google.signing): PlaneSigner =>
  openPlaneSigner({ provider: 'gcp', keyId, endpoint: clouds.url, identity: { GCE_METADATA_HOST: clouds.host } });
const openAzure = (): PlaneSigner =>
  openPlaneSigner({
    ...{ provider: 'azure', keyId: clouds.azure.signing, endpoint: clouds.url },
    identity: {
      AZURE_CLIENT_ID: 'client',
      AZURE_TENANT_ID: 'directory',
      AZURE_FEDERATED_TOKEN_FILE: join(folder, 'token'),
      AZURE_AUTHORITY_HOST: clouds.url,
    },
  });
const signers: readonly (readonly [string, () => PlaneSigner])[] = [
  ['a file', () => openPlaneSigner({ provider: 'file', keyId: join(folder, 'key.pem') })],
  ['Google (stand-in)', () => openGoogle()],
  ['Azure (stand-in)', openAzure],
];

describe('the key of the plane', () => {
  it.each(signers)('in %s signs what its exported public key verifies', async (_, open) => {
    const signer = open();
    const key = createPublicKey({ key: await signer.publicKey(), format: 'der', type: 'spki' });
    for (let i = 0; i < 20; i++) expect(verify('sha256', MESSAGE, key, await signer.sign(MESSAGE))).toBe(true);
  });

  it.each(signers)('in %s signs under a name that a policy can hold', async (_, open) => {
    const key = buildPlaneKey('example.com/plane', open());
    const verifier = parseVerifierKey(await key.vkey());
    const { name, keyId, signature } = await key.sign(MESSAGE);
    expect(verifier).toMatchObject({ name, keyId });
    expect(verifier?.verify(MESSAGE, signature)).toBe(true);
    expect(verifier?.verify(Buffer.from('another'), signature)).toBe(false);
  });

  it('asks for a token once, not for each signature', async () => {
    const signer = openGoogle();
    const before = clouds.asked.filter((word) => word === 'token').length;
    for (let i = 0; i < 3; i++) await signer.sign(MESSAGE);
    expect(clouds.asked.filter((word) => word === 'token').length - before).toBe(1);
  });

  it('is not had from a cloud that refuses, without an identity, without TLS, nor from a provider that nobody knows', async () => {
    clouds.refuses = 403;
    await expect(openGoogle().publicKey()).rejects.toThrow('answered 403: as it was told');
    const nobody = openPlaneSigner({ provider: 'azure', keyId: clouds.azure.signing, endpoint: clouds.url });
    await expect(nobody.publicKey()).rejects.toThrow('AZURE_FEDERATED_TOKEN_FILE');
    const clear = openPlaneSigner({
      ...{ provider: 'gcp', keyId: 'k', endpoint: 'http://kms.example.com' },
      identity: { GCE_METADATA_HOST: clouds.host },
    });
    await expect(clear.publicKey()).rejects.toThrow('not sent to kms.example.com without TLS');
    expect(() => openPlaneSigner({ provider: 'vault', keyId: 'x' })).toThrow('use file, aws, gcp or azure');
  });

  it('that signs with another key than it shows, or is no P-256 key, signs nothing that anybody sees', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    const good = openPlaneSigner({ provider: 'file', keyId: join(folder, 'key.pem') });
    const spki = async () => other.export({ format: 'der', type: 'spki' });
    const key = buildPlaneKey('example.com/plane', { ...good, publicKey: spki });
    await expect(key.sign(MESSAGE)).rejects.toThrow('does not verify by its own public key');
    expect(key.trouble()).toContain('example.com/plane does not sign');
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'der', type: 'spki' });
    expect(() => buildVerifierKey('x', rsa)).toThrow('not ECDSA P-256');
  });

  it('that failed is not waited for again at once, and is asked again later', async () => {
    let asked = 0;
    const signer = openPlaneSigner({ provider: 'file', keyId: join(folder, 'key.pem') });
    const failingOnce = (restMs: number) => {
      asked = 0;
      const { publicKey } = signer;
      const sign = async (message: Uint8Array) => {
        asked++;
        if (asked === 1) throw new Error('away');
        return await signer.sign(message);
      };
      return buildPlaneKey('example.com/plane', { publicKey, sign }, restMs);
    };
    const resting = failingOnce(3_600_000);
    await expect(resting.sign(MESSAGE)).rejects.toThrow('away');
    await expect(resting.sign(MESSAGE)).rejects.toThrow('away');
    expect([asked, resting.trouble()]).toEqual([1, expect.stringContaining('away')]);
    const rested = failingOnce(0);
    await expect(rested.sign(MESSAGE)).rejects.toThrow('away');
    await rested.sign(MESSAGE);
    expect([asked, rested.trouble()]).toEqual([2, undefined]);
  });
});
