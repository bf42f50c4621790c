import { BucketError } from '../keys/bucket-contract.js';
import type { PodIdentity } from '../keys/cloud-identity.js';
import { AzureLockedBucket } from './azure-locked-bucket.js';
import { FileLockedBucket } from './file-locked-bucket.js';
import { GcsLockedBucket } from './gcs-locked-bucket.js';
import type { LockedBucket } from './locked-bucket.js';
import { S3LockedBucket } from './s3-locked-bucket.js';

/**
 * `locks` is false for a folder: names are taken once there too, but whoever owns the disk can delete. `identity`: of Google
 * and Azure, who this pod is.
 */
export const openLockedBucket = (
  url: string,
  identity: PodIdentity = {},
): LockedBucket & { readonly locks: boolean } => {
  if (url.startsWith('file:///')) return new FileLockedBucket(url);
  if (url.startsWith('s3://')) return new S3LockedBucket(url);
  if (url.startsWith('gs://')) return new GcsLockedBucket(url, identity);
  if (url.startsWith('azure://')) return new AzureLockedBucket(url, identity);
  throw new BucketError(
    'BucketUnavailable',
    `${JSON.stringify(url)} is no bucket that can lock`,
    'use s3://bucket?region=…&endpoint=…, gs://bucket, azure://container?endpoint=https://…, or file:///directory where nothing has to be locked',
  );
};
