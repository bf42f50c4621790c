import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { jest } from '@jest/globals';
import { pino } from 'pino';
import { archiveLog } from '../../../app/archive/archive-log.js';
import { openLockedBucket } from '../../../app/archive/bucket-providers.js';
import { archivePrefix, runArchive } from '../../../app/archive/role.js';
import type { AuditLog } from '../../../app/audit/create.js';
import { readArchiveConfig } from '../../../app/config.js';
import { inTransaction } from '../../../app/db/pool.js';
import { type ArchiveCloud, openAzureArchive, openGoogleArchive } from '../../support/archive-clouds.js';
import { createTestLog, type TestLog } from '../../support/audit-log.js';
import { memoryctl } from '../../support/cli.js';
import { describeLockedBucket } from '../../support/locked-bucket.js';

jest.setTimeout(90_000);

const DAY_MS = 86_400_000;
const KEY = 'projects/p/locations/europe-west3/keyRings/r/cryptoKeys/audit';
const SEVEN_YEARS = new Date(Date.now() + 2_558 * DAY_MS);

describe.each([
  ['Cloud Storage', openGoogleArchive],
  ['Blob Storage', openAzureArchive],
] as const)('%s (stand-in)', (name, openCloud) => {
  let cloud: ArchiveCloud;
  beforeAll(async () => {
    cloud = await openCloud('mem-a');
  });
  afterAll(() => cloud.stop());
  const open = (bucket?: string, identity = cloud.identity) => openLockedBucket(cloud.url(bucket), identity);
  const put = (bucket: string, path = 'mem-a/x/one', until = SEVEN_YEARS, identity = cloud.identity) =>
    open(bucket, identity).putOnce(path, Buffer.from('1'), until);

  describeLockedBucket(`${name} (stand-in)`, () => open());

  it('deletes nothing before its date, whoever asks', async () => {
    await put('audit', 'mem-a/x/kept');
    const { status, said } = await cloud.deleteAsOperator('mem-a/x/kept');
    expect([status >= 400, said]).toEqual([
      true,
      expect.stringMatching(/retentionPolicyNotMet|BlobImmutableDueToPolicy/),
    ]);
    expect(await open().get('mem-a/x/kept')).toEqual(Buffer.from('1'));
  });

  it('says what is missing: the lock, the bucket, the right', async () => {
    await expect(put('plain')).rejects.toThrow(/with object retention|version-level immutability/);
    await expect(put('nowhere')).rejects.toThrow(/make the (bucket|container)/);
    await expect(put('audit', 'mem-other/x/one')).rejects.toThrow(/setRetention|runAsSuperUser/);
    await expect(put('audit', 'mem-a/x/new', SEVEN_YEARS, cloud.stranger)).rejects.toThrow(
      /setRetention|runAsSuperUser|401/,
    );
    await expect(put('audit', 'mem-a/x/brief', new Date(Date.now() + 30 * DAY_MS))).rejects.toThrow(/keeps|kept for/);
    expect(await open().get('mem-a/x/brief')).toBeUndefined();
  });

  it('is asked again when an answer was lost, and tells of bytes that were damaged', async () => {
    // With its token: what is answered next is then the call itself.
    const one = open();
    expect(await one.lockedUntil('mem-a/x/again')).toBeUndefined();
    cloud.server.next.push({ status: 503 });
    expect(await one.putOnce('mem-a/x/again', Buffer.from('1'), SEVEN_YEARS)).toBe('put');
    const headers = { 'x-goog-hash': 'crc32c=AAAAAA==', 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==', etag: '"1"' };
    cloud.server.next.push({ status: 200, body: Buffer.from('other'), headers });
    await expect(one.get('mem-a/x/again')).rejects.toThrow('damaged on their way');
  });

  it('has a URL that names a bucket', () => {
    expect(() => openLockedBucket(`${cloud.url().split('?')[0]}/folder?endpoint=https://x`)).toThrow(
      /is no (bucket|container)/,
    );
    expect(() => openLockedBucket('ftp://bucket')).toThrow('is no bucket that can lock');
  });
});

describe('a key of one’s own in Cloud Storage (stand-in)', () => {
  it('is named with each put, and another one in its place is refused', async () => {
    const cloud = await openGoogleArchive('mem-a');
    const bucket = openLockedBucket(cloud.url('audit', { kmsKey: KEY }), cloud.identity);
    expect(await bucket.putOnce('mem-a/x', Buffer.from('1'), SEVEN_YEARS)).toBe('put');
    expect([...cloud.objects.values()]).toMatchObject([{ kmsKeyName: `${KEY}/cryptoKeyVersions/1` }]);
    cloud.server.next.push({ status: 200, body: { generation: '7' } });
    await expect(bucket.putOnce('mem-a/y', Buffer.from('1'), SEVEN_YEARS)).rejects.toThrow(
      'did not keep mem-a/y under',
    );
    expect(() => openLockedBucket(cloud.url('audit', { kmsKey: `${KEY}/cryptoKeyVersions/1` }))).toThrow(
      'without a version',
    );
    await cloud.stop();
  });
});

describe.each([
  ['Cloud Storage', openGoogleArchive],
  ['Blob Storage', openAzureArchive],
] as const)('a log that is archived in %s (stand-in)', (_, openCloud) => {
  let cloud: ArchiveCloud;
  let test: TestLog;
  let log: AuditLog;
  let prefix: string;
  const folder = mkdtempSync(join(tmpdir(), 'memplane-fetched-'));
  beforeEach(async () => {
    cloud = await openCloud('mem-acme');
    test = await createTestLog();
    log = test.open();
    prefix = archivePrefix({ MEMPLANE_NAMESPACE: 'mem-acme', MEMPLANE_TENANT_ID: test.tenant.tenantId });
  });
  afterEach(async () => {
    await test.drop();
    await cloud.stop();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const grow = async (events: number): Promise<void> => {
    await inTransaction(test.db, async (transaction) => {
      for (let i = 0; i < events; i++) await log.record(transaction, { type: 'key.create' });
    });
    await log.settle();
  };
  const bucket = () => openLockedBucket(cloud.url(), cloud.identity);
  const archive = (into: ReturnType<typeof bucket> = bucket()) =>
    archiveLog({ db: test.db, bucket: into, prefix, retentionDays: 2_557, keys: [], now: () => new Date() });
  const names = () => [...cloud.objects.keys()].map((at) => at.slice('audit/'.length));

  it('by the role, with what its environment says, is a folder that memoryctl verifies', async () => {
    await grow(300);
    const run = () =>
      runArchive(
        readArchiveConfig({
          ...cloud.identity,
          ...{ DATABASE_URL: test.database.serviceUrl, MEMPLANE_TENANT: 'acme', MEMPLANE_NAMESPACE: 'mem-acme' },
          ...{ MEMPLANE_TENANT_ID: test.tenant.tenantId, AUDIT_BUCKET_URL: cloud.url() },
        }),
        pino({ level: 'silent' }),
      );
    expect(await run()).toBe(0);
    const first = cloud.objects.size;
    expect([await run(), cloud.objects.size]).toEqual([0, first]);
    await grow(20);
    expect(await run()).toBe(0);
    for (const name of names()) {
      expect(name.startsWith(prefix)).toBe(true);
      const until = await bucket().lockedUntil(name);
      expect(((until?.getTime() ?? 0) - Date.now()) / DAY_MS).toBeGreaterThanOrEqual(2_557);
      const path = join(folder, test.tenant.tenantId, name.slice(prefix.length));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, (await bucket().get(name)) ?? '');
    }
    const { origin, vkey } = test.keys.logKey();
    const policy = join(folder, 'policy.json');
    writeFileSync(policy, JSON.stringify({ v: 1, origin, keys: [vkey], require: 'signed' }));
    const said = await memoryctl(['audit', 'verify', join(folder, test.tenant.tenantId), '--policy', policy]);
    expect([said.code, said.out]).toEqual([0, expect.stringContaining('events, valid')]);
  });

  it('goes on after a run that died, overwriting nothing', async () => {
    await grow(20);
    const real = bucket();
    // Entries, hashes and the checkpoint: one dies before each.
    for (const patience of [0, 1, 2]) {
      let left = patience;
      const dying = {
        ...{
          locks: true,
          get: (name: string) => real.get(name),
          lockedUntil: (name: string) => real.lockedUntil(name),
        },
        putOnce: async (...put: Parameters<typeof real.putOnce>) => {
          if (left-- <= 0) throw new Error('the run died');
          return await real.putOnce(...put);
        },
      };
      await expect(archive(dying)).rejects.toThrow('the run died');
      expect(cloud.objects.size).toBe(patience);
    }
    const before = new Map(cloud.objects);
    const { size, objects } = await archive();
    expect(objects).toBe(cloud.objects.size);
    for (const [at, object] of before) expect(cloud.objects.get(at)).toBe(object);
    expect(await archive()).toMatchObject({ size, objects: 0 });
  });

  it('is refused where a foreign object has its name: with another content, or with its own and no lock', async () => {
    await grow(2);
    // What a run would put, learnt from one that puts it elsewhere.
    const elsewhere = new Map<string, Buffer>();
    const noting = {
      ...{ locks: true, get: async (name: string) => elsewhere.get(name), lockedUntil: async () => SEVEN_YEARS },
      putOnce: async (name: string, bytes: Uint8Array) => {
        elsewhere.set(name, Buffer.from(bytes));
        throw new Error('only the first');
      },
    };
    await expect(archive(noting)).rejects.toThrow('only the first');
    const [[own, bytes] = ['', Buffer.alloc(0)]] = elsewhere;
    cloud.plant(own, Buffer.from('foreign'));
    await expect(archive()).rejects.toThrow(`${own} is in the bucket with another content`);
    cloud.plant(own, bytes);
    await expect(archive()).rejects.toThrow(`${own} was there already and is not locked`);
    expect(names()).toEqual([own]);
  });

  it('is refused where a store takes the date and does not keep it', async () => {
    cloud.forgetDates();
    await grow(2);
    await expect(archive()).rejects.toThrow('is locked not at all');
  });

  it('takes a bucket that is empty for empty, whatever the table says, though nobody may list it', async () => {
    await grow(10);
    await test.db.query(
      "INSERT INTO audit_archives (size, objects, retain_until) VALUES (5, 1, now() + interval '1 day')",
    );
    const { size } = await archive();
    const last = `checkpoints/${String(size).padStart(20, '0')}`;
    expect(names().at(-1)).toBe(`${prefix}${last}`);
    expect(names()).toContain(`${prefix}tile/0/000.p/${size}`);
  });
});
