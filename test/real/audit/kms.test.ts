import { createHash, createPublicKey, verify } from 'node:crypto';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { jest } from '@jest/globals';
import { request } from 'undici';
import { openPlaneSigner } from '../../../app/audit/plane-signer.js';
import { describePart, PART_PATHS, type PartProcess, partExists, startPart } from '../../support/parts.js';
import { freePort } from '../../support/postgres.js';

jest.setTimeout(60_000);

describePart('the key of the plane in AWS KMS', partExists('moto'), () => {
  const before = { ...process.env };
  let moto: PartProcess;
  let keyId = '';
  beforeAll(async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    moto = await startPart(PART_PATHS.moto, ['-H', '127.0.0.1', '-p', String(port)], async () => {
      const { statusCode, body } = await request(url);
      await body.dump();
      return statusCode > 0;
    });
    const credentials = {
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'only-for-this-test',
      AWS_REGION: 'us-east-1',
    };
    Object.assign(process.env, credentials, { AWS_ENDPOINT_URL_KMS: url });
    const asked = new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    keyId = (await new KMSClient({}).send(asked)).KeyMetadata?.Arn ?? '';
  });
  afterAll(async () => {
    await moto.stop();
    process.env = before;
  });

  it('signs with ECDSA P-256 what the exported public key verifies, and nothing else', async () => {
    const signer = openPlaneSigner({ provider: 'aws', keyId });
    const key = createPublicKey({ key: await signer.publicKey(), format: 'der', type: 'spki' });
    expect(key.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    const signature = await signer.sign(Buffer.from('a manifest'));
    // moto does not know MessageType DIGEST, which the key's policy demands on AWS: it hashes what it is given once more.
    const asMotoDoes = (message: string): Buffer => createHash('sha256').update(message).digest();
    expect(verify('sha256', asMotoDoes('a manifest'), key, signature)).toBe(true);
    expect(verify('sha256', asMotoDoes('another'), key, signature)).toBe(false);
  });
});
