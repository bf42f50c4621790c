import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { jest } from '@jest/globals';
import { createTestTenant, startInProcess, type TestTenant } from '../../support/memory-service.js';
import { answersHttp, describePart, PART_PATHS, type PartProcess, partExists, startPart } from '../../support/parts.js';
import { freePort } from '../../support/postgres.js';

jest.setTimeout(900_000);

describePart('artifacts in a bucket that the S3_ names give', partExists('versitygw'), () => {
  const root = mkdtempSync(join(tmpdir(), 'memplane-s3-'));
  const given = {
    S3_BUCKET: 'minutes',
    S3_REGION: 'eu-central-1',
    S3_ACCESS_KEY: 'me',
    S3_SECRET: 'only-for-this-test',
  };
  let endpoint: string;
  let part: PartProcess;
  let tenant: TestTenant;

  beforeAll(async () => {
    const port = await freePort();
    endpoint = `http://127.0.0.1:${port}`;
    mkdirSync(join(root, 'data'));
    part = await startPart(
      PART_PATHS.versitygw,
      ['--port', `127.0.0.1:${port}`, '--region', given.S3_REGION, 'posix', join(root, 'data')],
      answersHttp(endpoint),
      { env: { ...process.env, ROOT_ACCESS_KEY: given.S3_ACCESS_KEY, ROOT_SECRET_KEY: given.S3_SECRET } },
    );
    const credentials = { accessKeyId: given.S3_ACCESS_KEY, secretAccessKey: given.S3_SECRET };
    const s3 = new S3Client({ endpoint, region: given.S3_REGION, forcePathStyle: true, credentials });
    await s3.send(new CreateBucketCommand({ Bucket: given.S3_BUCKET }));
    s3.destroy();
    tenant = await createTestTenant();
  });
  afterAll(async () => {
    await tenant.drop();
    await part.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const store = async (env: Readonly<Record<string, string>>) => {
    const service = await startInProcess(tenant, { ...given, S3_ENDPOINT: endpoint, ...env });
    const body = { user_id: 'ada', content: Buffer.from('the minutes').toString('base64'), content_type: 'text/plain' };
    const stored = await service.call('POST', '/api/v1/artifacts', { body });
    const read = stored.status === 201 ? await service.call('GET', stored.body.url) : undefined;
    await service.stop();
    return { stored, read };
  };

  it('go there and come back', async () => {
    const { stored, read } = await store({});
    expect(stored.status).toBe(201);
    expect([read?.status, read?.body]).toEqual([200, 'the minutes']);
    expect(readdirSync(join(root, 'data', 'minutes'), { recursive: true }).map(String)).toContainEqual(
      expect.stringContaining('artifacts/'),
    );
  });

  it.each([
    ['a wrong S3_SECRET', { S3_SECRET: 'another' }],
    ['a wrong S3_ACCESS_KEY', { S3_ACCESS_KEY: 'nobody' }],
    ['a wrong S3_REGION', { S3_REGION: 'us-west-2' }],
    ['a bucket that is not there', { S3_BUCKET: 'elsewhere' }],
  ])('are refused with %s', async (_, env) => {
    expect((await store(env)).stored).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
  });
});
