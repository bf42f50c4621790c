import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { jest } from '@jest/globals';
import pg from 'pg';
import { type Archived, type ArchiveOptions, archiveLog } from '../../../app/archive/archive-log.js';
import { openLockedBucket } from '../../../app/archive/bucket-providers.js';
import { archivePrefix } from '../../../app/archive/role.js';
import { BundleWriter } from '../../../app/audit/bundle.js';
import { memoryBundle } from '../../../app/audit/bundle-files.js';
import type { AuditLog } from '../../../app/audit/create.js';
import { databaseParts } from '../../../app/audit/export.js';
import { parseVerifierKey } from '../../../app/audit/note.js';
import { type Report, verifyBundle } from '../../../app/audit/verify.js';
import { parsePolicy } from '../../../app/audit/verify-policy.js';
import { inTransaction } from '../../../app/db/pool.js';
import { newLogKey } from '../../support/audit-keys.js';
import { createTestLog, recordWrite, type TestLog } from '../../support/audit-log.js';
import { describeLockedBucket, StrictBucket } from '../../support/locked-bucket.js';

jest.setTimeout(90_000);

let test: TestLog;
let log: AuditLog;
let bucket: StrictBucket;
let prefix: string;
beforeEach(async () => {
  test = await createTestLog();
  log = test.open();
  bucket = new StrictBucket();
  prefix = archivePrefix({ MEMPLANE_NAMESPACE: 'mem-acme', MEMPLANE_TENANT_ID: test.tenant.tenantId });
});
afterEach(() => test.drop());

const archive = (more: Partial<ArchiveOptions> = {}): Promise<Archived> =>
  archiveLog({ db: test.db, bucket, prefix, retentionDays: 2_557, keys: [], now: () => new Date(), ...more });
const grow = async (events: number): Promise<void> => {
  await inTransaction(test.db, async (transaction) => {
    for (let i = 0; i < events; i++) await log.record(transaction, { type: 'key.create' });
  });
  await recordWrite(test, log, 2);
  await log.settle();
};
const verified = (): Report => {
  const { origin, vkey } = test.keys.logKey();
  const policy = parsePolicy(JSON.stringify({ v: 1, origin, keys: [vkey], require: 'signed' }));
  if (!('origin' in policy)) throw new Error(policy.join());
  return verifyBundle(memoryBundle(bucket.files(prefix)), policy);
};
/** As whoever owns the database, and its triggers. */
const asOwner = async (...statements: readonly string[]): Promise<void> => {
  const owner = new pg.Client({ connectionString: test.database.ownerUrl });
  await owner.connect();
  for (const sql of statements) await owner.query(sql);
  await owner.end();
};

describe('an archived log', () => {
  it('is a bundle that verifies, all of it locked for seven years', async () => {
    await grow(300);
    const { size, objects, retainUntil } = await archive();
    expect(verified()).toMatchObject({ verdict: 'valid', size, tail: { events: 0 } });
    expect(objects).toBe(bucket.objects.size);
    expect([...bucket.objects.keys()].every((name) => name.startsWith('mem-acme/memplane.dev/'))).toBe(true);
    const untils = [...bucket.objects.values()].map(({ until }) => until.getTime());
    expect(Math.min(...untils)).toBeGreaterThanOrEqual(Date.now() + 2_557 * 86_400_000);
    expect(retainUntil?.getTime()).toBe(untils[0]);
    const names = [...bucket.files(prefix).keys()].map((name) => name.replace(/[/.].*$/, ''));
    expect([...new Set(names)].sort()).toEqual(['batches', 'checkpoints', 'details', 'tile']);
  });

  it('grows by what is new, and is not written again when nothing is', async () => {
    await grow(300);
    const first = await archive();
    expect(await archive()).toEqual({ size: first.size, objects: 0, retainUntil: null });
    await grow(300);
    const second = await archive();
    expect(second.size).toBeGreaterThan(first.size);
    expect(second.objects).toBeLessThan(first.objects + 5);
    expect(verified()).toMatchObject({ verdict: 'valid', size: second.size });
    expect(bucket.files(prefix).has('checkpoint')).toBe(false);
  });

  it('has no name with two contents, however often and in whatever pieces it is written', async () => {
    for (const events of [1, 254, 3, 600]) {
      await grow(events);
      // A run ends anywhere; the next one goes on.
      for (let patience = 1; patience < 40; patience += 13) {
        bucket.patience = patience;
        await archive().catch((cause: Error) => expect(cause.message).toBe('the stand-in went away'));
      }
      bucket.patience = Number.POSITIVE_INFINITY;
      await archive();
      expect(verified()).toMatchObject({ verdict: 'valid', findings: [] });
    }
  });

  it('is found by the strict stand-in when it has a mutable name: the name of an export’s newest checkpoint', async () => {
    const put = async (name: string, bytes: Buffer) =>
      void (await bucket.putOnce(`${prefix}${name}`, bytes, new Date(Date.now() + 2_600 * 86_400_000)));
    const writer = new BundleWriter(databaseParts(test.db), { has: () => false, put }, 0);
    await writer.put('checkpoint', Buffer.from('1'));
    await expect(writer.put('checkpoint', Buffer.from('2'))).rejects.toThrow('is a mutable name');
    const brief = bucket.putOnce(`${prefix}x`, Buffer.from('1'), new Date(Date.now() + 364 * 86_400_000));
    await expect(brief).rejects.toThrow('days only');
  });

  it('is complete when its checkpoint is there: the checkpoint is the last object of a run', async () => {
    await grow(300);
    await archive();
    expect([...bucket.files(prefix).keys()].at(-1)).toMatch(/^checkpoints\//);
  });

  it('takes the word of the bucket, not of the table, for what it holds', async () => {
    await grow(10);
    await test.db.query(
      "INSERT INTO audit_archives (size, objects, retain_until) VALUES (5, 1, now() + interval '1 day')",
    );
    await archive();
    expect(verified()).toMatchObject({ verdict: 'valid', tail: { events: 0 } });
    await expect(test.db.query('DELETE FROM audit_archives')).rejects.toMatchObject({ code: '42501' });
  });

  it('of an empty log is nothing', async () => {
    // Nobody has opened it: whoever does writes down the epoch of its keyring within a second.
    const empty = await createTestLog();
    expect(await archive({ db: empty.db })).toEqual({ size: 0, objects: 0, retainUntil: null });
    await empty.drop();
  });
});

describe('a log that was changed', () => {
  const change = `UPDATE audit_events SET bytes = convert_to(replace(convert_from(bytes, 'UTF8'), 'key.create', 'key.revoke'), 'UTF8') WHERE seq = 3`;
  const open = ['ALTER TABLE audit_events DISABLE TRIGGER USER', 'ALTER TABLE audit_checkpoints DISABLE TRIGGER USER'];

  it('is not archived: neither with an event that is not what was hashed, nor with another root than was signed', async () => {
    await grow(20);
    await asOwner(...open, change);
    await expect(archive()).rejects.toThrow('event 3 is not what was hashed');
    await asOwner(`UPDATE audit_events SET leaf = sha256('\\x00'::bytea || bytes) WHERE seq = 3`);
    await expect(archive()).rejects.toThrow('does not hold what its checkpoint');
    expect([...bucket.files(prefix).keys()].filter((name) => name.startsWith('checkpoints/'))).toEqual([]);
  });

  it('after it was archived is found by the next run, which overwrites nothing', async () => {
    await grow(20);
    const { size } = await archive();
    const before = bucket.files(prefix);
    await grow(5);
    await asOwner(...open, `DELETE FROM audit_checkpoints WHERE size >= ${size}`);
    await expect(archive()).rejects.toThrow(/events were archived, but the log has/);
    expect(bucket.files(prefix)).toEqual(before);
  });

  it('as a whole, its table of archives with it, is found by the names that are taken', async () => {
    await grow(300);
    await archive();
    const before = bucket.files(prefix);
    const other = await createTestLog();
    const rewritten = other.open();
    await inTransaction(other.db, async (transaction) => {
      for (let i = 0; i < 300; i++) await rewritten.record(transaction, { type: 'key.revoke' });
    });
    await rewritten.settle();
    bucket.strict = false;
    await expect(archive({ db: other.db })).rejects.toThrow('is in the bucket with another content');
    expect(bucket.files(prefix)).toEqual(before);
    await other.drop();
  });

  it('is not archived under a key that nobody named', async () => {
    await grow(2);
    const { origin, vkey } = test.keys.logKey();
    const keyOf = (text: string) => {
      const key = parseVerifierKey(text);
      if (!key) throw new Error('no key');
      return [key];
    };
    await expect(archive({ keys: keyOf(newLogKey(origin).vkey) })).rejects.toThrow('AUDIT_VERIFIER_KEYS');
    expect((await archive({ keys: keyOf(vkey) })).objects).toBeGreaterThan(3);
  });
});

describe('a store that takes the date and does not lock', () => {
  it('is told at once, not in seven years', async () => {
    await grow(2);
    const forgetful = Object.assign(new StrictBucket(), { lockedUntil: async () => undefined });
    await expect(archive({ bucket: forgetful })).rejects.toThrow('is locked not at all');
  });
});

const folder = mkdtempSync(join(tmpdir(), 'memplane-locked-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
describeLockedBucket('memory, the strict stand-in', () => new StrictBucket());
describeLockedBucket('a folder', () => openLockedBucket(pathToFileURL(join(folder, 'bucket')).href));

describe('a folder', () => {
  it('leaves nothing half-written behind, and keeps to itself', async () => {
    const files = openLockedBucket(pathToFileURL(join(folder, 'whole')).href);
    await files.putOnce('a/b', Buffer.from('1'), new Date());
    await files.putOnce('a/b', Buffer.from('2'), new Date());
    expect(readdirSync(join(folder, 'whole', 'a'))).toEqual(['b']);
    await expect(files.putOnce('../x', Buffer.from('1'), new Date())).rejects.toThrow('leaves the bucket');
    expect(() => openLockedBucket('ftp://bucket')).toThrow('is no bucket that can lock');
  });
});
