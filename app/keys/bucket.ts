import { type Bucket, BucketError } from './bucket-contract.js';
import { FileBucket } from './file-bucket.js';
import { type S3Access, S3Bucket } from './s3-bucket.js';

export type { Bucket, PutCondition, StoredObject } from './bucket-contract.js';
export { BucketError, checkObjectName, PreconditionFailed } from './bucket-contract.js';

export type KeyBucket = Bucket;

/** `file:///dir` and `s3://bucket`; `gs://` and `azure://` come behind the same interface. */
export function openBucket(url: string, access: S3Access = {}): Bucket {
  if (url.startsWith('file:///')) return new FileBucket(url);
  if (url.startsWith('s3://')) return new S3Bucket(url, access);
  const scheme = /^([a-z][a-z0-9+.-]*):/.exec(url)?.[1];
  const known = scheme !== undefined && ['gcs', 'gs', 'azure'].includes(scheme);
  throw new BucketError(
    'BucketUnavailable',
    known ? `buckets of ${scheme} are not implemented yet (${url})` : `${JSON.stringify(url)} is no bucket URL`,
    'use file:///absolute/directory or s3://bucket',
  );
}
