import { BucketError } from '../keys/bucket-contract.js';
import { nameOf, type OpenedS3, openClient } from '../keys/s3-client.js';
import type { LockedBucket } from './locked-bucket.js';

/** S3 with object lock: `s3://bucket?region=…&endpoint=…`. */
export class S3LockedBucket implements LockedBucket {
  readonly locks = true;
  readonly #bucket: string;
  readonly #place: { readonly region: string | undefined; readonly endpoint: string | undefined };
  #opened: Promise<OpenedS3> | undefined;

  constructor(url: string) {
    const { hostname, searchParams, pathname } = new URL(url);
    if (hostname === '' || pathname.length > 1) {
      throw new BucketError('BucketUnavailable', `${JSON.stringify(url)} is no bucket`, 'use s3://bucket?region=…');
    }
    this.#bucket = hostname;
    this.#place = {
      region: searchParams.get('region') ?? undefined,
      endpoint: searchParams.get('endpoint') ?? undefined,
    };
  }

  /** S3 locks one version, so the date goes with the put itself, and a checksum, which a locked put has to have. */
  putOnce(name: string, bytes: Uint8Array, until: Date): Promise<'put' | 'there'> {
    return this.#ask('write', name, async ({ sdk, client }) => {
      const object = { Bucket: this.#bucket, Key: name, Body: bytes, ChecksumAlgorithm: 'SHA256' } as const;
      const lock = { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: until } as const;
      try {
        await client.send(new sdk.PutObjectCommand({ ...object, ...lock, IfNoneMatch: '*' }));
        return 'put';
      } catch (cause) {
        // Two writers at once: the other one's bytes are compared like any that are there.
        if (nameOf(cause) === 'PreconditionFailed' || nameOf(cause) === 'ConditionalRequestConflict') return 'there';
        throw cause;
      }
    });
  }

  get(name: string): Promise<Buffer | undefined> {
    return this.#ask('read', name, async ({ sdk, client }) => {
      try {
        const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket: this.#bucket, Key: name }));
        return Body && Buffer.from(await Body.transformToByteArray());
      } catch (cause) {
        // Who may not list is not told which of the two it is.
        if (nameOf(cause) === 'NoSuchKey' || nameOf(cause) === 'AccessDenied') return undefined;
        throw cause;
      }
    });
  }

  lockedUntil(name: string): Promise<Date | undefined> {
    return this.#ask('read the lock of', name, async ({ sdk, client }) => {
      try {
        const asked = new sdk.GetObjectRetentionCommand({ Bucket: this.#bucket, Key: name });
        const { Retention } = await client.send(asked);
        return Retention?.Mode === 'COMPLIANCE' ? Retention.RetainUntilDate : undefined;
      } catch (cause) {
        if (NO_LOCK.has(nameOf(cause))) return undefined;
        throw cause;
      }
    });
  }

  async #ask<T>(verb: string, name: string, run: (opened: OpenedS3) => Promise<T>): Promise<T> {
    this.#opened ??= openClient(this.#place.region, this.#place.endpoint);
    try {
      return await run(await this.#opened);
    } catch (cause) {
      const code = nameOf(cause);
      const remedy = REMEDIES[code] ?? `check that ${this.#place.endpoint ?? 'S3'} is reachable`;
      const why = `S3 did not ${verb} ${name} in bucket ${this.#bucket}: ${code}`;
      throw new BucketError('BucketUnavailable', why, remedy, { cause });
    }
  }
}

const NO_LOCK: ReadonlySet<string> = new Set(['NoSuchKey', 'NoSuchObjectLockConfiguration']);

const LOCKING = 'make the bucket with object lock: it cannot be turned on later';
const REMEDIES: Readonly<Record<string, string>> = {
  NoSuchBucket: 'make the bucket, with object lock, or correct its name',
  InvalidRequest: LOCKING,
  InvalidBucketObjectLockConfiguration: LOCKING,
  ObjectLockConfigurationNotFoundError: LOCKING,
  AccessDenied: "give the pod's role PutObject, PutObjectRetention, GetObject and GetObjectRetention on its prefix",
  CredentialsProviderError: 'give the pod an identity: Pod Identity, IRSA, or the AWS_* environment',
  PermanentRedirect: 'name the region of the bucket: s3://bucket?region=…',
};
