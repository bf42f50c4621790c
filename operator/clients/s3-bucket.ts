import {
  type Bucket,
  BucketError,
  checkObjectName,
  PreconditionFailed,
  type PutCondition,
  type StoredObject,
} from './bucket-contract.js';
import { nameOf, type OpenedS3, openClient } from './s3-client.js';

export interface S3Access {
  /** Where the URL names none. */
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

/**
 * A bucket of S3, or of anything that speaks it: `s3://bucket?region=…&endpoint=…`. Credentials come as the platform
 * gives them to a pod, unless they are given here. The keys bucket must keep no versions: a key that was deleted must be gone.
 */
export class S3Bucket implements Bucket {
  readonly #bucket: string;
  readonly #region: string | undefined;
  readonly #endpoint: string | undefined;
  readonly #credentials: S3Access['credentials'];
  #opened: Promise<OpenedS3> | undefined;

  constructor(url: string, access: S3Access = {}) {
    const { hostname, searchParams, pathname } = new URL(url);
    if (hostname === '' || pathname.length > 1) {
      throw new BucketError('BucketUnavailable', `${JSON.stringify(url)} is no bucket`, 'use s3://bucket?region=…');
    }
    this.#bucket = hostname;
    this.#region = searchParams.get('region') ?? access.region;
    this.#endpoint = searchParams.get('endpoint') ?? access.endpoint;
    this.#credentials = access.credentials;
  }

  get(name: string): Promise<StoredObject | undefined> {
    const key = { Bucket: this.#bucket, Key: checkObjectName(name) };
    return this.#ask('read', name, async ({ sdk, client }) => {
      try {
        const { Body, ETag } = await client.send(new sdk.GetObjectCommand(key));
        if (Body === undefined || ETag === undefined) throw new Error('the answer has no body or no ETag');
        return { bytes: Buffer.from(await Body.transformToByteArray()), etag: ETag };
      } catch (error) {
        if (nameOf(error) === 'NoSuchKey') return undefined;
        throw error;
      }
    });
  }

  put(name: string, bytes: Uint8Array, condition: PutCondition): Promise<{ readonly etag: string }> {
    const object = { Bucket: this.#bucket, Key: checkObjectName(name), Body: bytes };
    const only = 'ifMatch' in condition ? { IfMatch: condition.ifMatch } : { IfNoneMatch: condition.ifNoneMatch };
    return this.#ask('write', name, async ({ sdk, client }) => {
      try {
        const { ETag } = await client.send(new sdk.PutObjectCommand({ ...object, ...only }));
        if (ETag === undefined) throw new Error('the answer has no ETag');
        return { etag: ETag };
      } catch (error) {
        if (LOST.has(nameOf(error)) || ('ifMatch' in condition && nameOf(error) === 'NoSuchKey'))
          throw new PreconditionFailed(name, condition);
        throw error;
      }
    });
  }

  list(prefix: string): Promise<readonly string[]> {
    return this.#ask('list', prefix, async ({ sdk, client }) => {
      const names: string[] = [];
      const pages = sdk.paginateListObjectsV2({ client }, { Bucket: this.#bucket, Prefix: prefix });
      for await (const { Contents = [] } of pages) names.push(...Contents.flatMap(({ Key }) => Key ?? []));
      return names.sort();
    });
  }

  delete(name: string): Promise<void> {
    const key = { Bucket: this.#bucket, Key: checkObjectName(name) };
    return this.#ask('delete', name, async ({ sdk, client }) => {
      const { DeleteMarker } = await client.send(new sdk.DeleteObjectCommand(key));
      if (!DeleteMarker) return;
      throw new BucketError(
        'BucketUnavailable',
        `bucket ${this.#bucket} keeps versions, so ${name} is hidden and not gone`,
        'delete the version, and suspend versioning of a bucket for keys',
      );
    });
  }

  async #ask<T>(verb: string, name: string, run: (opened: OpenedS3) => Promise<T>): Promise<T> {
    this.#opened ??= openClient(this.#region, this.#endpoint, this.#credentials);
    try {
      return await run(await this.#opened);
    } catch (error) {
      if (error instanceof BucketError) throw error;
      throw this.#explain(verb, name, error);
    }
  }

  #explain(verb: string, name: string, cause: unknown): BucketError {
    const code = nameOf(cause);
    const remedy = REMEDIES[code] ?? `check that ${this.#endpoint ?? 'S3'} is reachable`;
    const why = `S3 did not ${verb} ${name} in bucket ${this.#bucket}: ${code}`;
    return new BucketError('BucketUnavailable', why, remedy, { cause });
  }
}

/** Two writers at once: one of them has lost, and asks again. */
const LOST: ReadonlySet<string> = new Set(['PreconditionFailed', 'ConditionalRequestConflict']);

const REMEDIES: Readonly<Record<string, string>> = {
  NoSuchBucket: 'make the bucket, or correct its name',
  AccessDenied: "give the pod's role this right on the bucket",
  CredentialsProviderError: 'give the pod an identity: Pod Identity, IRSA, or the AWS_* environment',
  PermanentRedirect: 'name the region of the bucket: s3://bucket?region=…',
};
