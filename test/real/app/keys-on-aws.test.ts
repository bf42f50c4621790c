import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { CreateBucketCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { jest } from '@jest/globals';
import pg from 'pg';
import { openBucket } from '../../../app/keys/bucket.js';
import { openKms } from '../../../app/keys/kms-providers.js';
import { openBucket as openOperatorBucket } from '../../../operator/clients/bucket.js';
import { birthKeyring, keyringPrefix, moveKeyring, retainedPlace } from '../../../operator/clients/keyring.js';
import { openKms as openOperatorKms } from '../../../operator/clients/kms-providers.js';
import {
  createTestTenant,
  eventually,
  type InProcessService,
  startInProcess,
  type TestTenant,
} from '../../support/memory-service.js';
import { answersHttp, describePart, PART_PATHS, type PartProcess, partExists, startPart } from '../../support/parts.js';
import { freePort } from '../../support/postgres.js';

jest.setTimeout(900_000);

const GIVEN = {
  AWS_ACCESS_KEY_ID: 'admin',
  AWS_SECRET_ACCESS_KEY: 'only-for-this-test',
  AWS_REGION: 'us-east-1',
};

describePart('keys in S3 under AWS KMS', partExists('versitygw') && partExists('moto'), () => {
  const root = mkdtempSync(join(tmpdir(), 'memplane-s3-'));
  const parts: PartProcess[] = [];
  const before = { ...process.env };
  let endpoint: string;
  let keyId: string;
  let s3: S3Client;
  const url = (bucket: string): string =>
    `s3://${bucket}?${new URLSearchParams({ region: 'us-east-1', endpoint }).toString()}`;

  beforeAll(async () => {
    const [s3Port, kmsPort] = [await freePort(), await freePort()];
    endpoint = `http://127.0.0.1:${s3Port}`;
    const [data, versions] = [join(root, 'data'), join(root, 'versions')];
    for (const folder of [data, versions]) mkdirSync(folder);
    const args = ['--port', `127.0.0.1:${s3Port}`, 'posix', '--versioning-dir', versions, data];
    const env = {
      ...process.env,
      ROOT_ACCESS_KEY: GIVEN.AWS_ACCESS_KEY_ID,
      ROOT_SECRET_KEY: GIVEN.AWS_SECRET_ACCESS_KEY,
    };
    parts.push(await startPart(PART_PATHS.versitygw, args, answersHttp(endpoint), { env }));
    const kms = `http://127.0.0.1:${kmsPort}`;
    parts.push(await startPart(PART_PATHS.moto, ['-H', '127.0.0.1', '-p', String(kmsPort)], answersHttp(kms)));
    Object.assign(process.env, GIVEN, { AWS_ENDPOINT_URL_KMS: kms });
    s3 = new S3Client({ endpoint, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'keys' }));
    const created = await new KMSClient({}).send(new CreateKeyCommand({}));
    keyId = created.KeyMetadata?.Arn ?? '';
  });
  afterAll(async () => {
    for (const part of parts) await part.stop();
    process.env = before;
    rmSync(root, { recursive: true, force: true });
  });

  it('lets one of two writers win, and tells the other', async () => {
    const bucket = openBucket(url('keys'));
    const { etag } = await bucket.put('race/one', Buffer.from('1'), { ifNoneMatch: '*' });
    await expect(bucket.put('race/one', Buffer.from('2'), { ifNoneMatch: '*' })).rejects.toThrow('not to exist');
    const next = await bucket.put('race/one', Buffer.from('2'), { ifMatch: etag });
    await expect(bucket.put('race/one', Buffer.from('3'), { ifMatch: etag })).rejects.toThrow(etag);
    expect(await bucket.get('race/one')).toEqual({ bytes: Buffer.from('2'), etag: next.etag });
    await expect(bucket.put('race/two', Buffer.from('3'), { ifMatch: etag })).rejects.toThrow('expected to have ETag');
    expect(await bucket.list('race/')).toEqual(['race/one']);
    await bucket.delete('race/one');
    await bucket.delete('race/one');
    expect(await bucket.get('race/one')).toBeUndefined();
  });

  it('does not take a hidden key for a deleted one', async () => {
    await s3.send(new CreateBucketCommand({ Bucket: 'versioned' }));
    const Status = 'Enabled' as const;
    await s3.send(new PutBucketVersioningCommand({ Bucket: 'versioned', VersioningConfiguration: { Status } }));
    const bucket = openBucket(url('versioned'));
    await bucket.put('a', Buffer.from('1'), { ifNoneMatch: '*' });
    await expect(bucket.delete('a')).rejects.toThrow('keeps versions, so a is hidden and not gone');
  });

  it('says which bucket is missing, and what to do', async () => {
    await expect(openBucket(url('nowhere')).list('')).rejects.toThrow('NoSuchBucket; make the bucket');
    const away = openBucket('s3://keys?endpoint=http://127.0.0.1:1');
    await expect(away.get('a')).rejects.toThrow('check that http://127.0.0.1:1 is reachable');
  });

  it('carries a tenant: the operator gives birth to its key, the service reads with it, and nobody under another name', async () => {
    const tenant: TestTenant = await createTestTenant();
    const tenantId = randomUUID();
    const home = { tenantId, namespace: 'mem-test' };
    const [bucket, kms] = [openOperatorBucket(url('keys')), openOperatorKms('aws', keyId)];
    await birthKeyring(bucket, kms, { ...home, provider: 'aws', keyId, now: new Date() });
    const env = { MEMPLANE_TENANT_ID: tenantId, KEYS_BUCKET_URL: url('keys'), KMS_PROVIDER: 'aws', KMS_KEY_ID: keyId };
    const service = await startInProcess(tenant, env);
    const { status, body } = await service.call('POST', '/api/v1/memories', {
      body: { user_id: 'ada', content: 'likes tea' },
    });
    expect(status).toBe(201);
    await service.stop();
    const again = await startInProcess(tenant, env);
    expect((await again.call('GET', `/api/v1/memories/${body.id}`)).body.content).toBe('likes tea');
    await again.stop();
    await moveKeyring(bucket, kms, { tenantId, from: home.namespace, to: `retained/${tenantId}` });
    await expect(startInProcess(tenant, env)).rejects.toThrow('there is no keyring');
    const wrapped =
      (await bucket.get(`${keyringPrefix(retainedPlace(tenantId))}keyring.json`))?.bytes.toString() ?? '{}';
    const [kek] = JSON.parse(wrapped).keks;
    const asOther = openKms({ provider: 'aws', keyId }).decrypt(keyId, Buffer.from(kek.wrapped, 'base64'), {
      memplane: 'kek/1',
      tenant: tenantId,
      namespace: 'mem-test',
    });
    await expect(asOther).rejects.toThrow('did not wrap this for tenant');
    await tenant.drop();
  });

  describe('while they are away', () => {
    const canary = 'plaintext-canary';
    let tenant: TestTenant;
    let service: InProcessService;
    let known: string;
    beforeAll(async () => {
      tenant = await createTestTenant();
      const tenantId = randomUUID();
      const [bucket, kms] = [openOperatorBucket(url('keys')), openOperatorKms('aws', keyId)];
      const birth = { tenantId, namespace: 'mem-test', provider: 'aws', keyId, now: new Date() } as const;
      await birthKeyring(bucket, kms, birth);
      service = await startInProcess(tenant, {
        ...{ MEMPLANE_TENANT_ID: tenantId, KEYS_BUCKET_URL: url('keys'), KMS_PROVIDER: 'aws', KMS_KEY_ID: keyId },
        KMS_CHECK_SECONDS: '1',
      });
      known = (await write('ada', 'known before')).body.id;
    });
    afterAll(() => tenant.drop());
    const write = (user_id: string, content: string) =>
      service.call('POST', '/api/v1/memories', { body: { user_id, content } });
    const untilReady = (status: number) =>
      eventually(
        () => service.call('GET', '/readyz'),
        (answer) => answer.status === status,
        40_000,
      );
    const goesOn = async (): Promise<void> => {
      const { body } = await service.call('GET', '/health/detailed');
      expect(body.components.keys.status).toBe('down');
      expect((await service.call('GET', `/api/v1/memories/${known}`)).body.content).toBe('known before');
      expect((await write('ada', canary)).status).toBe(201);
      const { rows } = await query(tenant, 'SELECT sealed, envelope FROM memories');
      for (const { sealed, envelope } of rows) expect([sealed, envelope.includes(canary)]).toEqual([true, false]);
    };

    it('without its KMS the service says that it is not ready, and goes on with the keys that it has', async () => {
      await untilReady(200);
      await parts.pop()?.stop();
      await untilReady(503);
      await goesOn();
    });

    it('without the bucket as well nothing is written in clear: what needs another key is refused', async () => {
      await parts.pop()?.stop();
      await untilReady(503);
      await goesOn();
      // Beyond the keys that were made in advance.
      const strangers = Array.from({ length: 2_200 }, (_, n) => ({ user_id: `stranger ${n}`, content: canary }));
      const answers = [];
      for (let at = 0; at < strangers.length; at += 1_000) {
        const body = { memories: strangers.slice(at, at + 1_000) };
        answers.push(await service.call('POST', '/api/v1/memories', { body }));
      }
      expect(answers.map(({ status }) => status)).toContain(503);
      expect(answers.find(({ status }) => status === 503)?.body.code).toBe('keys_unavailable');
      await goesOn();
    });
  });
});

const query = async (tenant: TestTenant, sql: string) => {
  const client = new pg.Client({ connectionString: tenant.database.ownerUrl });
  await client.connect();
  try {
    return await client.query<{ sealed: boolean; envelope: Buffer }>(sql);
  } finally {
    await client.end();
  }
};
