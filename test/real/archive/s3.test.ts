import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { jest } from '@jest/globals';
import { openLockedBucket } from '../../../app/archive/bucket-providers.js';
import { memoryctl } from '../../support/cli.js';
import { describeLockedBucket } from '../../support/locked-bucket.js';
import { createTestTenant, runEntry, startInProcess, type TestTenant } from '../../support/memory-service.js';
import { answersHttp, describePart, PART_PATHS, type PartProcess, partExists, startPart } from '../../support/parts.js';
import { freePort } from '../../support/postgres.js';

jest.setTimeout(900_000);

const GIVEN = { AWS_ACCESS_KEY_ID: 'admin', AWS_SECRET_ACCESS_KEY: 'only-for-this-test', AWS_REGION: 'us-east-1' };
const DAY_MS = 86_400_000;

describePart('the archive in S3 with object lock (versitygw)', partExists('versitygw'), () => {
  const root = mkdtempSync(join(tmpdir(), 'memplane-archive-'));
  const before = { ...process.env };
  let part: PartProcess;
  let endpoint: string;
  let s3: S3Client;
  let tenant: TestTenant | undefined;
  const url = (bucket: string): string =>
    `s3://${bucket}?${new URLSearchParams({ region: 'us-east-1', endpoint }).toString()}`;

  beforeAll(async () => {
    if (!existsSync('dist/app/main.js')) execFileSync('npm', ['run', '-s', 'build'], { stdio: 'inherit' });
    const port = await freePort();
    endpoint = `http://127.0.0.1:${port}`;
    const [data, versions] = [join(root, 'data'), join(root, 'versions')];
    for (const folder of [data, versions]) mkdirSync(folder);
    const env = {
      ...process.env,
      ROOT_ACCESS_KEY: GIVEN.AWS_ACCESS_KEY_ID,
      ROOT_SECRET_KEY: GIVEN.AWS_SECRET_ACCESS_KEY,
    };
    const args = ['--port', `127.0.0.1:${port}`, 'posix', '--versioning-dir', versions, data];
    part = await startPart(PART_PATHS.versitygw, args, answersHttp(endpoint), { env });
    Object.assign(process.env, GIVEN);
    s3 = new S3Client({ endpoint, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'audit', ObjectLockEnabledForBucket: true }));
    await s3.send(new CreateBucketCommand({ Bucket: 'adapter', ObjectLockEnabledForBucket: true }));
    await s3.send(new CreateBucketCommand({ Bucket: 'plain' }));
  });
  afterAll(async () => {
    await tenant?.drop();
    await part.stop();
    process.env = before;
    rmSync(root, { recursive: true, force: true });
  });

  describeLockedBucket('S3 (versitygw)', () => openLockedBucket(url('adapter')));

  const versions = async (Bucket: string, Prefix = ''): Promise<readonly { name: string; version: string }[]> => {
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
    return Versions.map(({ Key = '', VersionId = '' }) => ({ name: Key, version: VersionId }));
  };

  it('holds a tenant’s log after a run of the role, verifies offline, and keeps every version from everybody', async () => {
    tenant = await createTestTenant();
    const service = await startInProcess(tenant);
    const write = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const { status } = await service.call('POST', '/api/v1/memories', {
          body: { user_id: 'ada', content: `tea ${i}` },
        });
        expect(status).toBe(201);
      }
      return (await service.call('GET', '/api/v1/audit/head')).body;
    };
    const head = await write(5);
    const { DATABASE_URL, MEMPLANE_TENANT, MEMPLANE_TENANT_ID } = tenant.env as Record<string, string>;
    const env = {
      ...GIVEN,
      ...{ PATH: process.env.PATH ?? '', DATABASE_URL, MEMPLANE_TENANT, MEMPLANE_TENANT_ID },
      ...{ AUDIT_BUCKET_URL: url('audit'), AUDIT_VERIFIER_KEYS: head.vkey },
    } as Record<string, string>;
    const run = async () => {
      const { code, stdout, stderr } = await runEntry(['archive'], env);
      expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}');
    };
    const first = await run();
    expect(first.objects).toBeGreaterThanOrEqual(8);
    expect((await run()).objects).toBe(0);
    await write(3);
    const second = await run();
    expect(second.size).toBeGreaterThan(first.size);

    const prefix = `mem-test/memplane.dev/${MEMPLANE_TENANT_ID}/audit/1/`;
    const all = await versions('audit');
    expect(all).toHaveLength(first.objects + second.objects);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(all.every(({ name }) => name.startsWith(prefix))).toBe(true);
    const bucket = openLockedBucket(url('audit'));
    for (const { name } of all) {
      const until = await bucket.lockedUntil(name);
      expect(((until?.getTime() ?? 0) - Date.now()) / DAY_MS).toBeGreaterThanOrEqual(2_557);
    }
    await expectKept(all[0]);

    const folder = join(root, 'download');
    for (const { name } of all) {
      const path = join(folder, name.slice(prefix.length));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, (await bucket.get(name)) ?? '');
    }
    const policy = join(root, 'policy.json');
    writeFileSync(policy, JSON.stringify({ v: 1, origin: head.origin, keys: [head.vkey], require: 'signed' }));
    const said = await memoryctl(['audit', 'verify', folder, '--policy', policy]);
    expect([said.code, said.out]).toEqual([0, expect.stringContaining(`${second.size} events, valid`)]);
  });

  /** By its version: a DELETE without one adds a marker, which deletes nothing and proves nothing. */
  const expectKept = async (object: { name: string; version: string } | undefined): Promise<void> => {
    const named = { Bucket: 'audit', Key: object?.name, VersionId: object?.version };
    const refused = { name: expect.stringMatching(/^(AccessDenied|InvalidRequest|ObjectLocked)$/) };
    await expect(s3.send(new DeleteObjectCommand(named))).rejects.toMatchObject(refused);
    const sooner = { Mode: 'COMPLIANCE' as const, RetainUntilDate: new Date(Date.now() + DAY_MS) };
    const shorten = new PutObjectRetentionCommand({ ...named, Retention: sooner, BypassGovernanceRetention: true });
    await expect(s3.send(shorten)).rejects.toMatchObject(refused);
    const { Body } = await s3.send(new GetObjectCommand(named));
    expect((await Body?.transformToByteArray())?.length).toBeGreaterThan(0);
  };

  it('says that a bucket cannot lock, or is not there, and what to do', async () => {
    const put = (bucket: string) =>
      openLockedBucket(url(bucket)).putOnce('a/b', Buffer.from('1'), new Date(Date.now() + 2_600 * DAY_MS));
    await expect(put('plain')).rejects.toThrow('make the bucket with object lock');
    await expect(put('nowhere')).rejects.toThrow('make the bucket, with object lock');
  });
});
