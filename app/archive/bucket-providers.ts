import { BucketError } from '../keys/bucket-contract.js';
import { FileLockedBucket } from './file-locked-bucket.js';
import type { LockedBucket } from './locked-bucket.js';
import { S3LockedBucket } from './s3-locked-bucket.js';

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
