/**
 * The keys bucket: small objects, conditional writes, strong reads.
 *
 * The pod of a tenant may get and put (always with a condition); only the operator may list and delete. `app` and
 * `operator` cannot import each other, so this file, `file-bucket.ts` and `file-claim.ts` exist in both; a test keeps
 * each pair identical, byte by byte.
 */
export interface Bucket {
  get(name: string): Promise<StoredObject | undefined>;
  /** Throws `PreconditionFailed` when the object is not (or no longer) what the condition says. */
  put(name: string, bytes: Uint8Array, condition: PutCondition): Promise<{ readonly etag: string }>;
  /** Names that begin with the prefix, sorted. */
  list(prefix: string): Promise<readonly string[]>;
  /** Deleting what is not there is no error: the goal is that it is gone. */
  delete(name: string): Promise<void>;
}

export interface StoredObject {
  readonly bytes: Buffer;
  readonly etag: string;
}

export type PutCondition = { readonly ifMatch: string } | { readonly ifNoneMatch: '*' };

export type BucketErrorCode = 'PreconditionFailed' | 'BucketNameRefused' | 'BucketBusy' | 'BucketUnavailable';

export class BucketError extends Error {
  readonly code: BucketErrorCode;
  readonly remedy: string;

  constructor(code: BucketErrorCode, message: string, remedy: string, options?: { readonly cause?: unknown }) {
    super(`${message}; ${remedy}`, options);
    this.name = 'BucketError';
    this.code = code;
    this.remedy = remedy;
  }
}

export class PreconditionFailed extends BucketError {
  constructor(name: string, condition: PutCondition) {
    const wanted = 'ifMatch' in condition ? `to have ETag ${condition.ifMatch}` : 'not to exist';
    super('PreconditionFailed', `${name} was expected ${wanted}`, 'read it again and decide anew');
    this.name = 'PreconditionFailed';
  }
}

/** Plain relative paths of letters, digits, `.`, `_` and `-`; no segment begins with a dot. S3, GCS and Azure take them all. */
const OBJECT_NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/;

export function checkObjectName(name: string): string {
  if (name.length <= 512 && OBJECT_NAME.test(name)) return name;
  throw new BucketError(
    'BucketNameRefused',
    `${JSON.stringify(name)} is no name of an object`,
    'use a relative path of letters, digits, ".", "_" and "-" whose parts do not begin with a dot',
  );
}
