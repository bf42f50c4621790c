import { AzureBucket } from './azure-bucket.js';
import { type Bucket, BucketError } from './bucket-contract.js';
import type { PodIdentity } from './cloud-identity.js';
import { FileBucket } from './file-bucket.js';
import { GcsBucket } from './gcs-bucket.js';
import { S3Bucket } from './s3-bucket.js';

export type { Bucket, PutCondition, StoredObject } from './bucket-contract.js';
export { BucketError, checkObjectName, PreconditionFailed } from './bucket-contract.js';

/** `file:///dir`, `s3://bucket`, `gs://bucket` and `azure://container?endpoint=…`. */
export function openBucket(url: string, identity: PodIdentity = {}): Bucket {
  if (url.startsWith('file:///')) return new FileBucket(url);
  if (url.startsWith('s3://')) return new S3Bucket(url);
  if (url.startsWith('gs://')) return new GcsBucket(url, identity);
  if (url.startsWith('azure://')) return new AzureBucket(url, identity);
  throw new BucketError(
    'BucketUnavailable',
    `${JSON.stringify(url)} is no bucket URL`,
    'use file:///absolute/directory, s3://bucket, gs://bucket or azure://container?endpoint=https://…',
  );
}
