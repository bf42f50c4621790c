import {
  type Bucket,
  BucketError,
  checkObjectName,
  PreconditionFailed,
  type PutCondition,
  type StoredObject,
} from './bucket-contract.js';
import { type PodIdentity, podToken } from './cloud-identity.js';
import {
  atEndpoint,
  type CloudAnswer,
  type CloudCall,
  CloudRefused,
  callCloud,
  type Json,
  jsonOf,
  type TokenSource,
} from './cloud-rest.js';
import { crc32c } from './crc32c.js';

/**
 * A bucket of Google Cloud Storage: `gs://bucket`. Its ETag is the generation of the object, which every write changes. The
 * keys bucket must have neither versions nor soft delete: a key that was deleted must be gone.
 */
export class GcsBucket implements Bucket {
  readonly #bucket: string;
  readonly #endpoint: string | undefined;
  readonly #token: TokenSource;

  constructor(url: string, identity: PodIdentity = {}) {
    const { hostname, searchParams, pathname } = new URL(url);
    if (hostname === '' || pathname.length > 1) {
      throw new BucketError('BucketUnavailable', `${JSON.stringify(url)} is no bucket`, 'use gs://bucket');
    }
    this.#bucket = hostname;
    this.#endpoint = searchParams.get('endpoint') ?? undefined;
    this.#token = podToken('gcp', identity);
  }

  async get(name: string): Promise<StoredObject | undefined> {
    const url = `${this.#objects}/${encodeURIComponent(checkObjectName(name))}?alt=media`;
    const found = await this.#ask('read', name, { url }, [404]);
    if (found === undefined) return undefined;
    const etag = found.headers.get('x-goog-generation');
    if (etag === null) throw this.#unavailable(`read ${name}`, 'its answer has no generation', 'it is asked again');
    const sum = /crc32c=([A-Za-z0-9+/=]+)/.exec(found.headers.get('x-goog-hash') ?? '')?.[1];
    if (sum !== undefined && Buffer.from(sum, 'base64').readUInt32BE() !== crc32c(found.bytes)) {
      throw this.#unavailable(`read ${name}`, 'its bytes were damaged on their way', 'it is asked again');
    }
    return { bytes: found.bytes, etag };
  }

  async put(name: string, bytes: Uint8Array, condition: PutCondition): Promise<{ readonly etag: string }> {
    const query = new URLSearchParams({
      uploadType: 'media',
      name: checkObjectName(name),
      ifGenerationMatch: 'ifMatch' in condition ? condition.ifMatch : '0',
    });
    const call = {
      ...{ url: `https://storage.googleapis.com/upload/storage/v1/b/${this.#bucket}/o?${query}`, body: bytes },
      headers: { 'Content-Type': 'application/octet-stream' },
    };
    const stored = await this.#ask('write', name, call, [412, ...('ifMatch' in condition ? [404] : [])]);
    if (stored === undefined) throw new PreconditionFailed(name, condition);
    const { generation } = jsonOf(stored);
    return { etag: String(generation) };
  }

  async list(prefix: string): Promise<readonly string[]> {
    const names: string[] = [];
    let pageToken: string | undefined;
    do {
      const query = new URLSearchParams({
        prefix,
        fields: 'items(name),nextPageToken',
        ...(pageToken && { pageToken }),
      });
      const answer = await this.#ask('list', prefix, { url: `${this.#objects}?${query}` }, []);
      const page = answer === undefined ? {} : jsonOf(answer);
      names.push(...((page.items ?? []) as readonly Json[]).map((item) => String(item.name)));
      pageToken = typeof page.nextPageToken === 'string' ? page.nextPageToken : undefined;
    } while (pageToken !== undefined);
    return names.sort();
  }

  async delete(name: string): Promise<void> {
    const url = `${this.#objects}/${encodeURIComponent(checkObjectName(name))}`;
    await this.#ask('delete', name, { url, method: 'DELETE' }, [404]);
  }

  get #objects(): string {
    return `https://storage.googleapis.com/storage/v1/b/${this.#bucket}/o`;
  }

  /** `undefined` for one of the answers that are no failure here. */
  async #ask(
    verb: string,
    name: string,
    call: Omit<CloudCall, 'token'>,
    expected: readonly number[],
  ): Promise<CloudAnswer | undefined> {
    try {
      return await callCloud({ ...call, url: atEndpoint(call.url, this.#endpoint), token: this.#token });
    } catch (error) {
      if (!(error instanceof CloudRefused)) throw error;
      // A bucket that is not there is no object that is not there.
      const isMissingBucket = error.status === 404 && /bucket does not exist/i.test(error.message);
      if (error.status !== undefined && expected.includes(error.status) && !isMissingBucket) return undefined;
      const [word, remedy] = explain(error.status);
      throw this.#unavailable(`${verb} ${name}`, `${word}${error.message}`, remedy, error);
    }
  }

  #unavailable(what: string, why: string, remedy: string, cause?: unknown): BucketError {
    const message = `Cloud Storage did not ${what} in bucket ${this.#bucket}: ${why}`;
    return new BucketError('BucketUnavailable', message, remedy, { cause });
  }
}

const explain = (status: number | undefined): readonly [word: string, remedy: string] => {
  if (status === 401 || status === 403) {
    return ['AccessDenied, ', "grant this right to the pod's service account, on the bucket or on its folder in it"];
  }
  if (status === 404) return ['', 'make the bucket, or correct its name'];
  return ['', 'check that Cloud Storage and the metadata server are reachable; it is asked again'];
};
