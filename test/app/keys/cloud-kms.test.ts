import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32c } from '../../../app/keys/crc32c.js';
import { kekContext, type WrappingKms } from '../../../app/keys/kms.js';
import { type KmsOptions, openKms } from '../../../app/keys/kms-providers.js';
import { type CloudKmsStandIn, startCloudKms } from '../../support/cloud-kms-stand-in.js';
import { describeKms, type KmsUnderTest, TENANT } from '../../support/kms-contract.js';

let clouds: CloudKmsStandIn;
let folder: string;
beforeAll(async () => {
  clouds = await startCloudKms();
  folder = mkdtempSync(join(tmpdir(), 'memplane-kms-'));
  writeFileSync(join(folder, 'token'), 'of-the-pod');
});
afterAll(async () => {
  await clouds.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  clouds.refuses = undefined;
});

const google = (endpoint = clouds.url): KmsOptions => ({
  ...{ provider: 'gcp', keyId: clouds.google.wrapping, endpoint },
  identity: { GCE_METADATA_HOST: clouds.host },
});
const azure = (endpoint = clouds.url, keyId = clouds.azure.wrapping): KmsOptions => ({
  ...{ provider: 'azure', keyId, endpoint },
  identity: {
    AZURE_CLIENT_ID: 'client',
    AZURE_TENANT_ID: 'directory',
    AZURE_FEDERATED_TOKEN_FILE: join(folder, 'token'),
    AZURE_AUTHORITY_HOST: clouds.url,
  },
});
const open = (options: KmsOptions): WrappingKms => openKms(options) as WrappingKms;
const under = (of: (endpoint?: string) => KmsOptions): KmsUnderTest => {
  const { keyId } = of();
  return {
    ...{ keyId, kms: open(of()), unreachable: open(of('http://127.0.0.1:1')) },
    wrap: async (key, context) => (await open(of()).encrypt(keyId, key, context)).wrapped,
  };
};

describeKms('Google Cloud KMS (stand-in)', () => under(google));
describeKms('Azure Key Vault (stand-in)', () => under(azure));

describe('a cloud that refuses', () => {
  const home = kekContext(TENANT, 'mem-acme');

  it.each([
    [403, 'KmsRefused', "check the pod's identity and its role"],
    [404, 'KmsRefused', 'enable the key'],
    [503, 'KeyUnavailable', 'it is asked again'],
  ])('with %i is told as %s, with what to do', async (status, code, remedy) => {
    for (const { kms, keyId, wrap } of [under(google), under(azure)]) {
      clouds.refuses = undefined;
      const wrapped = await wrap(randomBytes(32), home);
      clouds.refuses = status;
      await expect(kms.decrypt(keyId, wrapped, home)).rejects.toMatchObject({
        code,
        remedy: expect.stringContaining(remedy),
      });
    }
  });
});

describe('Azure', () => {
  it('opens what an older version of the configured key wrapped, and asks no key beside it', async () => {
    const home = kekContext(TENANT, 'mem-acme');
    const versionless = clouds.azure.wrapping.replace(/\/v1$/, '');
    const key = randomBytes(32);
    const wrapped = await under(azure).wrap(key, home);
    const kms = open(azure(clouds.url, versionless));
    expect(await kms.decrypt(clouds.azure.wrapping, wrapped, home)).toEqual(key);
    await expect(kms.decrypt(`${versionless}s/v1`, wrapped, home)).rejects.toMatchObject({ code: 'KmsRefused' });
  });

  it('is not believed when it answers a key without its context, as anybody with the public key could wrap one', async () => {
    const { kms, keyId } = under(azure);
    const token = await fetch(`${clouds.url}/directory/oauth2/v2.0/token`, {
      method: 'POST',
      body: new URLSearchParams({
        ...{ client_id: 'client', client_assertion: 'of-the-pod', scope: 'https://vault.azure.net/.default' },
      }),
    }).then(async (response) => (await response.json()) as { access_token: string });
    const answer = await fetch(`${clouds.url}/keys/wrap/v1/wrapkey?api-version=7.4`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token.access_token}` },
      body: JSON.stringify({ alg: 'RSA-OAEP-256', value: randomBytes(32).toString('base64url') }),
    }).then(async (response) => (await response.json()) as { value: string });
    const planted = Buffer.from(answer.value, 'base64url');
    await expect(kms.decrypt(keyId, planted, kekContext(TENANT, 'mem-acme'))).rejects.toMatchObject({
      code: 'KmsRefused',
    });
  });
});

describe('crc32c', () => {
  it('is that of RFC 3720', () => {
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });
});

describe('the one provider that is not here', () => {
  it('is refused by its name', () => {
    expect(() => openKms({ provider: 'vault', keyId: 'x' })).toThrow('KMS_PROVIDER vault is not implemented yet');
    expect(() => openKms({ provider: 'nobody', keyId: 'x' })).toThrow('KMS_PROVIDER nobody is not known');
  });
});
