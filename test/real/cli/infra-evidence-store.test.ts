import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { jest } from '@jest/globals';
import { withDefaults } from '../../../stacks/spec/defaults.js';
import { prod } from '../../../stacks/spec/prod.js';
import { synthesise } from '../../../stacks/synthesise.js';
import { memoryctl } from '../../support/cli.js';
import { answersHttp, describePart, PART_PATHS, type PartProcess, partExists, startPart } from '../../support/parts.js';
import { freePort } from '../../support/postgres.js';

jest.setTimeout(900_000);

const GIVEN = { AWS_ACCESS_KEY_ID: 'admin', AWS_SECRET_ACCESS_KEY: 'only-for-this-test', AWS_REGION: 'us-east-1' };
const DAY_MS = 86_400_000;

describePart('memoryctl infra evidence store (S3 with object lock: versitygw)', partExists('versitygw'), () => {
  const root = mkdtempSync(join(tmpdir(), 'memplane-evidence-store-'));
  const at = (name: string): string => join(root, name);
  const before = { ...process.env };
  let part: PartProcess;
  let endpoint: string;
  let s3: S3Client;
  const url = (bucket: string): string =>
    `s3://${bucket}?${new URLSearchParams({ region: 'us-east-1', endpoint }).toString()}`;

  beforeAll(async () => {
    const port = await freePort();
    endpoint = `http://127.0.0.1:${port}`;
    for (const folder of ['data', 'versions']) mkdirSync(at(folder));
    const env = { ...before, ROOT_ACCESS_KEY: GIVEN.AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: GIVEN.AWS_SECRET_ACCESS_KEY };
    const args = ['--port', `127.0.0.1:${port}`, 'posix', '--versioning-dir', at('versions'), at('data')];
    part = await startPart(PART_PATHS.versitygw, args, answersHttp(endpoint), { env });
    Object.assign(process.env, GIVEN);
    s3 = new S3Client({ endpoint, forcePathStyle: true });
    await makeBucket('audit', 'COMPLIANCE');
    await makeBucket('governed', 'GOVERNANCE');
    await s3.send(new CreateBucketCommand({ Bucket: 'undecided', ObjectLockEnabledForBucket: true }));
    await s3.send(new CreateBucketCommand({ Bucket: 'plain' }));
    const aws = prod.map(withDefaults).filter(({ place }) => place.cloud === 'aws');
    synthesise(aws, {}, { out: () => undefined, error: () => undefined }, at('cdktf.out'));
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(at('key.pem'), privateKey.export({ format: 'pem', type: 'pkcs8' }));
  });
  afterAll(async () => {
    await part.stop();
    process.env = before;
    rmSync(root, { recursive: true, force: true });
  });

  async function makeBucket(Bucket: string, Mode: 'COMPLIANCE' | 'GOVERNANCE'): Promise<void> {
    await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode, Days: 2557 } } };
    await s3.send(
      new PutObjectLockConfigurationCommand({
        Bucket,
        ObjectLockConfiguration: { ...ObjectLockConfiguration, ObjectLockEnabled: 'Enabled' },
      }),
    );
  }

  const sign = (to: string, ...more: readonly string[]) => {
    const args = ['aws-prod', '--key', at('key.pem'), '--out', at('cdktf.out'), '--release', '1.5.0', '--to', at(to)];
    return memoryctl(['infra', 'evidence', 'sign', ...args, ...more]);
  };
  const versionsOf = async (Bucket: string) =>
    (await s3.send(new ListObjectVersionsCommand({ Bucket }))).Versions ?? [];

  it('stores what it signs, for seven years, and nobody deletes or shortens it', async () => {
    const { code, out, notes } = await sign('first.jsonl', '--store', url('audit'));
    expect([code, notes]).toEqual([0, '']);
    const [, object = '', day = ''] =
      /^s3:\/\/audit\/(evidence\/aws-prod\/1\.5\.0-[0-9a-f]{64}\.jsonl): locked until (\S+)$/m.exec(out) ?? [];
    expect((Date.parse(day) - Date.now()) / DAY_MS).toBeGreaterThan(2555);
    const [version] = await versionsOf('audit');
    const named = { Bucket: 'audit', Key: object, VersionId: version?.VersionId };
    await expect(s3.send(new DeleteObjectCommand({ ...named, BypassGovernanceRetention: true }))).rejects.toThrow();
    const sooner = { Mode: 'COMPLIANCE', RetainUntilDate: new Date(Date.now() + DAY_MS) } as const;
    await expect(s3.send(new PutObjectRetentionCommand({ ...named, Retention: sooner }))).rejects.toThrow();
    const { Body } = await s3.send(new GetObjectCommand(named));
    expect(await Body?.transformToString()).toBe(readFileSync(at('first.jsonl'), 'utf8'));
  });

  it('stores a file once, however often it is asked', async () => {
    await sign('again.jsonl');
    const store = () => memoryctl(['infra', 'evidence', 'store', at('again.jsonl'), url('audit'), '--json']);
    const [first, second] = [await store(), await store()].map(({ out }) => JSON.parse(out) as { already: boolean });
    expect([first?.already, second?.already]).toEqual([false, true]);
    const versions = (await versionsOf('audit')).map(({ Key }) => Key);
    expect(new Set(versions).size).toBe(versions.length);
  });

  it.each([
    ['governed', 'governed locks under GOVERNANCE only, so somebody could delete what is stored there'],
    ['undecided', 'undecided locks nothing by itself'],
    ['plain', 'plain locks nothing by itself'],
    ['nowhere', 'nowhere refuses: NoSuchBucket'],
  ])('refuses %s before anything is sent, and keeps the file', async (bucket, words) => {
    const { code, notes } = await sign(`${bucket}.jsonl`, '--store', url(bucket));
    expect([code, notes]).toEqual([3, expect.stringContaining(words)]);
    expect(readFileSync(at(`${bucket}.jsonl`), 'utf8').length).toBeGreaterThan(1000);
    if (bucket !== 'nowhere') expect(await versionsOf(bucket)).toEqual([]);
  });

  it('refuses a file that somebody changed', async () => {
    await sign('changed.jsonl');
    writeFileSync(at('changed.jsonl'), readFileSync(at('changed.jsonl'), 'utf8').replace('COMPLIANCE', 'GOVERNANCE'));
    const { code, notes } = await memoryctl(['infra', 'evidence', 'store', at('changed.jsonl'), url('audit')]);
    expect([code, notes]).toEqual([3, expect.stringContaining('is not whole')]);
  });

  it('ends with 3 when nobody answers', async () => {
    const { code, notes } = await sign(
      'alone.jsonl',
      '--store',
      's3://audit?region=us-east-1&endpoint=http://127.0.0.1:1',
    );
    expect([code, notes]).toEqual([3, expect.stringContaining('does not answer')]);
  });
});

it.each([
  ['gs://bucket', 'gs://bucket is no bucket that can lock'],
  ['memplane-prod-audit', 'memplane-prod-audit is no bucket that can lock'],
  ['s3://bucket?lock=none', 'nobody knows lock'],
])('%s is a mistake of whoever asks', async (bucket, words) => {
  const { code, notes } = await memoryctl(['infra', 'evidence', 'store', 'x.jsonl', bucket]);
  expect([code, notes]).toEqual([64, expect.stringContaining(words)]);
});
