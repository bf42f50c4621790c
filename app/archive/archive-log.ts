import { BundleWriter, checkpointName } from '../audit/bundle.js';
import { selectCountersignatures } from '../audit/countersignature-store.js';
import { databaseParts } from '../audit/export.js';
import { leafHash } from '../audit/merkle.js';
import { addSignatures, parseNote, signersOf, type Verifier } from '../audit/note.js';
import { subtreeRoot } from '../audit/proof.js';
import { type CheckpointRow, selectHashes, selectLastCheckpoint } from '../audit/store.js';
import { decodeEntries, TILE_WIDTH, type TileName } from '../audit/tlog.js';
import type { Database } from '../db/pool.js';
import { BucketError } from '../keys/bucket-contract.js';
import type { LockedBucket } from './locked-bucket.js';
import { insertArchive, selectLastArchive, selectLastCompleteCheckpoint } from './store.js';

export interface ArchiveOptions {
  readonly db: Database;
  readonly bucket: LockedBucket & { readonly locks: boolean };
  /** Before every name: the tenant's namespace and the log's origin. */
  readonly prefix: string;
  readonly retentionDays: number;
  /** Keys of the log; empty: signatures are left to whoever verifies. */
  readonly keys: readonly Verifier[];
  readonly now: () => Date;
}

export interface Archived {
  /** What the bucket holds now, from the first event. */
  readonly size: number;
  readonly objects: number;
  readonly retainUntil: Date | null;
}

/** The log is not what was archived of it, or what its checkpoint says. Nothing more is archived under its name. */
export class ArchiveConflict extends Error {
  readonly code = 'ArchiveConflict';
}

const DAY_MS = 86_400_000;

/**
 * Puts what is new of the log into the locked bucket: what lies beside the events, tiles, and last the checkpoints, so that
 * a checkpoint that is there means that all it was signed over is. Done again, or after a crash, it finds its objects there
 * and compares them; it never needs to overwrite one.
 */
export const archiveLog = async (options: ArchiveOptions): Promise<Archived> => {
  const { db, bucket, prefix, retentionDays, now } = options;
  const newest = await selectLastCheckpoint(db);
  const last = await selectLastArchive(db);
  if (last && last.size > (newest?.size ?? 0)) {
    throw new ArchiveConflict(
      `${last.size} events were archived, but the log has a checkpoint of ${newest?.size ?? 0}`,
    );
  }
  if (!newest) return { size: 0, objects: 0, retainUntil: null };
  await checkCheckpoint(options, newest);
  const since = last ? await confirmedSize(options, last.size) : 0;
  // A day more: the promise holds for the last object of a long run too.
  const until = new Date(now().getTime() + (retentionDays + 1) * DAY_MS);
  const put = (name: string, bytes: Buffer) => putOrCompare(bucket, prefix + name, bytes, until);
  const writer = new BundleWriter(checkedParts(db), { has: () => false, put }, since);
  if (newest.size > since) await writer.addTiles(newest.size);
  for (const checkpoint of await checkpointsToPut(options, newest, since)) {
    await writer.put(checkpointName(checkpoint.size), checkpoint.note);
  }
  if (writer.files === 0) return { size: since, objects: 0, retainUntil: null };
  await demandLock(options, prefix + checkpointName(newest.size), now());
  await insertArchive(db, { size: newest.size, objects: writer.files, retain_until: until });
  return { size: newest.size, objects: writer.files, retainUntil: until };
};

/** Before it becomes unchangeable: the tree in the tables has the root that was signed, by a key that is known. */
const checkCheckpoint = async ({ db, keys }: ArchiveOptions, { size, root, note }: CheckpointRow): Promise<void> => {
  const parsed = parseNote(note);
  if (keys.length > 0 && !(parsed && signersOf(parsed, keys).length > 0)) {
    throw new ArchiveConflict(`checkpoint ${size} is not signed by a key of AUDIT_VERIFIER_KEYS`);
  }
  const found = await subtreeRoot((level, from, to) => selectHashes(db, level, from, to), 0, size);
  if (!found.equals(root))
    throw new ArchiveConflict(`the log does not hold what its checkpoint ${size} was signed over`);
};

/** What the table says was archived counts when its checkpoint is in the bucket, and is of this log. */
const confirmedSize = async ({ db, bucket, prefix }: ArchiveOptions, size: number): Promise<number> => {
  const note = parseNote((await bucket.get(prefix + checkpointName(size))) ?? Buffer.alloc(0));
  if (!note) return 0;
  const root = await subtreeRoot((level, from, to) => selectHashes(db, level, from, to), 0, size);
  if (note.text.split('\n')[2] === root.toString('base64')) return size;
  throw new ArchiveConflict(`the first ${size} events are not those that were archived`);
};

/** The newest one, and the newest with the plane's signature: the other is signed within a minute, which nobody waits for. */
const checkpointsToPut = async (
  { db }: ArchiveOptions,
  newest: CheckpointRow,
  since: number,
): Promise<readonly CheckpointRow[]> => {
  const complete = await selectLastCompleteCheckpoint(db);
  const both = complete && complete.size < newest.size ? [complete, newest] : [newest];
  const fresh = both.filter(({ size }) => size > since);
  return await Promise.all(
    fresh.map(async (row) => ({ ...row, note: addSignatures(row.note, await selectCountersignatures(db, row.size)) })),
  );
};

const checkedParts = (db: Database) => {
  const parts = databaseParts(db);
  return {
    ...parts,
    tile: async (name: TileName) => {
      const bytes = await parts.tile(name);
      if (name.kind === 'entries' && bytes) await checkEntries(db, name, bytes);
      return bytes;
    },
  };
};

const checkEntries = async (db: Database, { n, width }: TileName, bytes: Buffer): Promise<void> => {
  const hashes = await selectHashes(db, 0, n * TILE_WIDTH, n * TILE_WIDTH + width);
  for (const [at, entry] of (decodeEntries(bytes) ?? []).entries()) {
    if (hashes[at]?.equals(leafHash(entry))) continue;
    throw new ArchiveConflict(`event ${n * TILE_WIDTH + at} is not what was hashed`);
  }
};

const putOrCompare = async (
  bucket: ArchiveOptions['bucket'],
  name: string,
  bytes: Buffer,
  until: Date,
): Promise<void> => {
  if ((await bucket.putOnce(name, bytes, until)) === 'put') return;
  const there = await bucket.get(name);
  if (!there) {
    const remedy = 'give this identity the right to read what it has put there';
    throw new BucketError('BucketUnavailable', `${name} is in the bucket and was not read`, remedy);
  }
  if (!isSame(name, there, bytes)) {
    throw new ArchiveConflict(
      `${name} is in the bucket with another content: the log was changed after it was archived`,
    );
  }
  // Whoever else put it there could take it away again. Until when a run before this one locked it is its own affair.
  if (bucket.locks && !(await bucket.lockedUntil(name))) {
    throw new ArchiveConflict(`${name} was there already and is not locked: this role did not put it there`);
  }
};

/** A checkpoint may have gained a signature since; what was signed may not have changed. */
const isSame = (name: string, there: Buffer, bytes: Buffer): boolean =>
  there.equals(bytes) || (name.includes('/checkpoints/') && parseNote(there)?.text === parseNote(bytes)?.text);

/** A store that takes the date and does not keep it would be found out years too late. */
const demandLock = async ({ bucket, retentionDays }: ArchiveOptions, name: string, now: Date): Promise<void> => {
  if (!bucket.locks) return;
  const until = await bucket.lockedUntil(name);
  const days = until ? (until.getTime() - now.getTime()) / DAY_MS : 0;
  // A checkpoint of an earlier, unfinished attempt has that attempt's date.
  if (days >= retentionDays) return;
  const found = until ? `until ${until.toISOString()}` : 'not at all';
  throw new ArchiveConflict(`${name} was to be locked for ${retentionDays} days and is locked ${found}`);
};
