import { type Bucket, BucketError } from './bucket-contract.js';
import { FileBucket } from './file-bucket.js';

export type { Bucket, PutCondition, StoredObject } from './bucket-contract.js';
export { BucketError, checkObjectName, PreconditionFailed } from './bucket-contract.js';

/** `file:///dir` today; `s3://`, `gcs://` and `azure://` come behind the same interface. */
export function openBucket(url: string): Bucket {
  if (url.startsWith('file:///')) return new FileBucket(url);
  const scheme = /^([a-z][a-z0-9+.-]*):/.exec(url)?.[1];
  const known = scheme !== undefined && ['s3', 'gcs', 'gs', 'azure'].includes(scheme);
  throw new BucketError(
    'BucketUnavailable',
    known ? `buckets of ${scheme} are not implemented yet (${url})` : `${JSON.stringify(url)} is no bucket URL`,
    'use file:///absolute/directory',
  );
}
