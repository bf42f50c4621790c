import { randomUUID } from 'node:crypto';
import { BucketError, checkObjectName } from '../keys/bucket-contract.js';
import { type PodIdentity, podToken } from '../keys/cloud-identity.js';
import {
  atEndpoint,
  type CloudAnswer,
  type CloudCall,
  CloudRefused,
  callCloud,
  type Json,
  jsonOf,
  type TokenSource,
} from '../keys/cloud-rest.js';
import { crc32c } from '../keys/crc32c.js';
import type { LockedBucket } from './locked-bucket.js';

/**
 * Cloud Storage with object retention: `gs://bucket?kmsKey=…`. The date is Locked with the put itself, so nobody shortens it
 * afterwards; the bucket's own retention policy is a floor beside it, which says nothing of one object.
 */
export class GcsLockedBucket implements LockedBucket {
  readonly locks = true;
  readonly #bucket: string;
  readonly #endpoint: string | undefined;
  readonly #kmsKey: string | undefined;
  readonly #token: TokenSource;

  constructor(url: string, identity: PodIdentity = {}) {
    const { hostname, searchParams, pathname } = new URL(url);
    if (hostname === '' || pathname.length > 1) {
      throw new BucketError('BucketUnavailable', `${JSON.stringify(url)} is no bucket`, 'use gs://bucket');
    }
    this.#bucket = hostname;
    this.#endpoint = searchParams.get('endpoint') ?? undefined;
    this.#kmsKey = kmsKeyOf(searchParams.get('kmsKey'));
    this.#token = podToken('gcp', identity);
  }

  /** Generation 0 is that of a name without an object. */
  async putOnce(name: string, bytes: Uint8Array, until: Date): Promise<'put' | 'there'> {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32c(bytes));
    const query = new URLSearchParams({
      ...{ uploadType: 'multipart', ifGenerationMatch: '0' },
      ...(this.#kmsKey !== undefined && { kmsKeyName: this.#kmsKey }),
    });
    const described = {
      ...{ name: checkObjectName(name), contentType: OCTETS, crc32c: sum.toString('base64') },
      retention: { mode: 'Locked', retainUntilTime: until.toISOString() },
    };
    const url = `https://storage.googleapis.com/upload/storage/v1/b/${this.#bucket}/o?${query}`;
    const stored = await this.#ask('write', name, { url, ...multipart(described, bytes) }, [403, 412]);
    if (stored !== undefined) return this.#checkKey(name, jsonOf(stored));
    if ((await this.#describe('write', name)) !== undefined) return 'there';
    throw this.#unavailable(`write ${name}`, 'AccessDenied', RIGHTS);
  }

  /** Who may not list is not told whether there is nothing or nothing to be seen. */
  async get(name: string): Promise<Buffer | undefined> {
    const url = `${this.#object(name)}?alt=media`;
    const found = await this.#ask('read', name, { url }, [403, 404]);
    const sum = /crc32c=([A-Za-z0-9+/=]+)/.exec(found?.headers.get('x-goog-hash') ?? '')?.[1];
    if (found !== undefined && sum !== undefined && Buffer.from(sum, 'base64').readUInt32BE() !== crc32c(found.bytes)) {
      throw this.#unavailable(`read ${name}`, 'its bytes were damaged on their way', 'it is asked again');
    }
    return found?.bytes;
  }

  async lockedUntil(name: string): Promise<Date | undefined> {
    const { retention } = (await this.#describe('read the lock of', name)) ?? {};
    const { mode, retainUntilTime } = (retention ?? {}) as Json;
    return mode === 'Locked' ? new Date(String(retainUntilTime)) : undefined;
  }

  /** What cannot be deleted for years is not left under another key than the one that was asked for. */
  #checkKey(name: string, { kmsKeyName }: Json): 'put' {
    const wanted = this.#kmsKey;
    if (wanted === undefined || String(kmsKeyName).split('/cryptoKeyVersions/')[0] === wanted) return 'put';
    const remedy = 'name a key that the service agent of Cloud Storage may use';
    throw this.#unavailable(`keep ${name} under ${wanted}`, `it is under ${kmsKeyName ?? 'a key of Google’s'}`, remedy);
  }

  async #describe(verb: string, name: string): Promise<Json | undefined> {
    const url = `${this.#object(name)}?fields=retention`;
    const found = await this.#ask(verb, name, { url }, [403, 404]);
    return found && jsonOf(found);
  }

  #object(name: string): string {
    const encoded = encodeURIComponent(checkObjectName(name));
    return `https://storage.googleapis.com/storage/v1/b/${this.#bucket}/o/${encoded}`;
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
      const isMissingBucket = error.status === 404 && /bucket does not exist/i.test(error.message);
      if (error.status !== undefined && expected.includes(error.status) && !isMissingBucket) return undefined;
      throw this.#unavailable(`${verb} ${name}`, error.message, remedyOf(error.status), error);
    }
  }

  #unavailable(what: string, why: string, remedy: string, cause?: unknown): BucketError {
    const message = `Cloud Storage did not ${what} in bucket ${this.#bucket}: ${why}`;
    return new BucketError('BucketUnavailable', message, remedy, { cause });
  }
}

const OCTETS = 'application/octet-stream';
const RIGHTS =
  "give the pod's service account storage.objects.create, setRetention and get on its folder of the bucket, as the role auditAppend has them";

const remedyOf = (status: number | undefined): string => {
  if (status === 401 || status === 403) return RIGHTS;
  if (status === 404) return 'make the bucket, with object retention, or correct its name';
  if (status === 400) {
    return 'make the bucket with object retention, which cannot be turned on by this identity: gcloud storage buckets create --enable-per-object-retention';
  }
  return 'check that Cloud Storage and the metadata server are reachable; the next run goes on from there';
};

/** Description and bytes in one request, so that there is no moment at which the object is without its date. */
const multipart = (described: Json, bytes: Uint8Array): Pick<CloudCall, 'headers' | 'body'> => {
  const boundary = randomUUID();
  const part = (type: string): string => `--${boundary}\r\nContent-Type: ${type}\r\n\r\n`;
  const head = `${part('application/json; charset=UTF-8')}${JSON.stringify(described)}\r\n${part(OCTETS)}`;
  return {
    headers: { 'Content-Type': `multipart/related; boundary=${boundary}` },
    body: Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--`)]),
  };
};

const KMS_KEY = /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/;

const kmsKeyOf = (named: string | null): string | undefined => {
  if (named === null || KMS_KEY.test(named)) return named ?? undefined;
  throw new BucketError(
    'BucketUnavailable',
    `kmsKey ${JSON.stringify(named)} is no name of a key`,
    'use projects/…/locations/…/keyRings/…/cryptoKeys/…, without a version',
  );
};
