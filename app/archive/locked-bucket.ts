import { BucketError } from '../keys/bucket-contract.js';
import { FileLockedBucket } from './file-locked-bucket.js';
import { S3LockedBucket } from './s3-locked-bucket.js';

/**
 * A bucket whose objects nobody can change or delete until a date. There is no verb that overwrites, none that deletes, none
 * that lists: an object has one content for ever, so its name has to belong to that content alone.
 */
export interface LockedBucket {
  /** Puts an object, locked until then, where there is none; `there` when there is one, which stays as it is. */
  putOnce(name: string, bytes: Uint8Array, until: Date): Promise<'put' | 'there'>;
  get(name: string): Promise<Buffer | undefined>;
  /** Until when nobody can delete it; `undefined` when somebody can, or when it is not there. */
  lockedUntil(name: string): Promise<Date | undefined>;
}

/** `locks` is false for a folder: names are taken once there too, but whoever owns the disk can delete. */
export const openLockedBucket = (url: string): LockedBucket & { readonly locks: boolean } => {
  if (url.startsWith('file:///')) return new FileLockedBucket(url);
  if (url.startsWith('s3://')) return new S3LockedBucket(url);
  throw new BucketError(
    'BucketUnavailable',
    `${JSON.stringify(url)} is no bucket that can lock`,
    'use s3://bucket?region=…&endpoint=…, or file:///directory where nothing has to be locked',
  );
};
