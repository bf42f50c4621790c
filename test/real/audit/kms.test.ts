import { createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CreateKeyCommand, EncryptCommand, GetPublicKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { jest } from '@jest/globals';
import { parseNote } from '../../../app/audit/note.js';
import { openPlaneSigner } from '../../../app/audit/signer-providers.js';
import { openKms } from '../../../app/keys/kms-providers.js';
import { memoryctl } from '../../support/cli.js';
import { describeKms } from '../../support/kms-contract.js';
import { createTestTenant, eventually, startInProcess, type TestTenant } from '../../support/memory-service.js';
import { answersHttp, describePart, PART_PATHS, type PartProcess, partExists, startPart } from '../../support/parts.js';
import { freePort } from '../../support/postgres.js';

jest.setTimeout(900_000);

describePart('AWS KMS (moto)', partExists('moto'), () => {
  const before = { ...process.env };
  let moto: PartProcess;
  let port: number;
  let endpoint: string;
  let client: KMSClient;
  let signing = '';
  let wrapping = '';
  let folder: string;
  const startMoto = (): Promise<PartProcess> =>
    startPart(PART_PATHS.moto, ['-H', '127.0.0.1', '-p', String(port)], answersHttp(endpoint), {
      env: { ...process.env, PYTHONPATH: resolve('test/real/parts/moto') },
    });
  beforeAll(async () => {
    port = await freePort();
    endpoint = `http://127.0.0.1:${port}`;
    moto = await startMoto();
    const credentials = {
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'only-for-this-test',
      AWS_REGION: 'us-east-1',
    };
    Object.assign(process.env, credentials);
    client = new KMSClient({ endpoint });
    const spec = new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    signing = (await client.send(spec)).KeyMetadata?.Arn ?? '';
    wrapping = (await client.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? '';
    folder = mkdtempSync(join(tmpdir(), 'memplane-kms-'));
  });
  afterAll(async () => {
    await moto.stop();
    process.env = before;
    rmSync(folder, { recursive: true, force: true });
  });

  describeKms('AWS KMS (moto)', () => ({
    ...{ keyId: wrapping, kms: openKms({ provider: 'aws', keyId: wrapping, endpoint }) },
    unreachable: openKms({ provider: 'aws', keyId: wrapping, endpoint: 'http://127.0.0.1:1' }),
    wrap: async (key, context) => {
      const asked = new EncryptCommand({ KeyId: wrapping, Plaintext: key, EncryptionContext: { ...context } });
      return Buffer.from((await client.send(asked)).CiphertextBlob ?? []);
    },
  }));

  it('signs with ECDSA P-256 what the exported public key verifies, and nothing else', async () => {
    const signer = openPlaneSigner({ provider: 'aws', keyId: signing, endpoint });
    const key = createPublicKey({ key: await signer.publicKey(), format: 'der', type: 'spki' });
    expect(key.asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
    const signature = await signer.sign(Buffer.from('a manifest'));
    expect(verify('sha256', Buffer.from('a manifest'), key, signature)).toBe(true);
    expect(verify('sha256', Buffer.from('another'), key, signature)).toBe(false);
  });

  it('signs the checkpoints of a service that names it, offline proof included; while it is away events go on and readiness says so', async () => {
    const tenant: TestTenant = await createTestTenant();
    const env = { AUDIT_KMS_PROVIDER: 'aws', AUDIT_KMS_KEY_ID: signing, KMS_ENDPOINT: endpoint };
    const service = await startInProcess(tenant, env);
    const write = async () =>
      expect(
        (await service.call('POST', '/api/v1/memories', { body: { user_id: 'ada', content: 'tea' } })).status,
      ).toBe(201);
    await write();
    const { body: head } = await service.call('GET', '/api/v1/audit/head');
    const note = parseNote(Buffer.from(head.checkpoint as string));
    const { PublicKey } = await client.send(new GetPublicKeyCommand({ KeyId: signing }));
    const publicKey = Buffer.from(PublicKey ?? []).toString('base64');
    const [, plane] = note?.signatures ?? [];
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    expect(verify('sha256', Buffer.from(note?.text ?? ''), key, plane?.signature ?? Buffer.alloc(0))).toBe(true);

    const [bundle, policy, keyFile] = ['bundle', 'policy.json', 'key'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(keyFile, tenant.adminKey);
    const trusted = { v: 1, origin: head.origin, keys: [head.vkey], require: 'signed' };
    writeFileSync(policy, JSON.stringify({ ...trusted, plane: [{ name: plane?.name, publicKey }] }));
    const doExport = () => memoryctl(['audit', 'export', bundle, '--endpoint', service.url, '--key-file', keyFile]);
    const doVerify = async () => (await memoryctl(['audit', 'verify', bundle, '--policy', policy])).code;
    expect((await doExport()).code).toBe(0);
    expect(await doVerify()).toBe(0);
    expect((await service.call('GET', '/health/detailed')).body.components.audit_kms).toMatchObject({ status: 'ok' });

    await moto.stop();
    await write();
    const { status, body } = await service.call('GET', '/api/v1/audit/head');
    expect([status, parseNote(Buffer.from(body.checkpoint as string))?.signatures.length]).toEqual([200, 1]);
    const { body: health } = await eventually(
      () => service.call('GET', '/health/detailed'),
      ({ body: seen }) => seen.components.audit_kms.status === 'degraded',
    );
    expect(health.components.audit_kms.detail).toContain('does not sign');
    expect((await service.call('GET', '/health/ready')).status).toBe(200);
    expect((await doExport()).code).toBe(0);
    expect(await doVerify()).toBe(2);
    await service.stop();
    await tenant.drop();
  });
});
