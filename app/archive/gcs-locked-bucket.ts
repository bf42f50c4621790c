import { randomUUID } from 'node:crypto';
import { BucketError, checkObjectName } from '../keys/bucket-contract.js';
import type { PodIdentity } from '../keys/cloud-identity.js';
import { type CloudCall, type Json, jsonOf } from '../keys/cloud-rest.js';
import { crc32c } from '../keys/crc32c.js';
import { GcsObjects } from '../keys/gcs-objects.js';
import type { LockedBucket } from './locked-bucket.js';

/**
 * Cloud Storage with object retention: `gs://bucket?kmsKey=…`. The date is Locked with the put itself, so nobody shortens it
 * afterwards; the bucket's own retention policy is a floor beside it, which says nothing of one object.
 */
export class GcsLockedBucket implements LockedBucket {
  readonly locks = true;
  readonly #objects: GcsObjects;
  readonly #kmsKey: string | undefined;

  constructor(url: string, identity: PodIdentity = {}) {
    this.#objects = new GcsObjects(url, identity, (status) => ['', remedyOf(status)]);
    this.#kmsKey = kmsKeyOf(new URL(url).searchParams.get('kmsKey'));
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
    const url = `${this.#objects.uploadUrl}?${query}`;
    const stored = await this.#objects.ask('write', name, { url, ...multipart(described, bytes) }, [403, 412]);
    if (stored !== undefined) return this.#checkKey(name, jsonOf(stored));
    if ((await this.#describe('write', name)) !== undefined) return 'there';
    throw this.#objects.unavailable(`write ${name}`, 'AccessDenied', RIGHTS);
  }

  /** Who may not list is not told whether there is nothing or nothing to be seen. */
  async get(name: string): Promise<Buffer | undefined> {
    const url = `${this.#objects.object(name)}?alt=media`;
    const found = await this.#objects.ask('read', name, { url }, [403, 404]);
    if (found !== undefined) this.#objects.demandWhole(name, found);
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
    throw this.#objects.unavailable(
      `keep ${name} under ${wanted}`,
      `it is under ${kmsKeyName ?? 'a key of Google’s'}`,
      remedy,
    );
  }

  async #describe(verb: string, name: string): Promise<Json | undefined> {
    const url = `${this.#objects.object(name)}?fields=retention`;
    const found = await this.#objects.ask(verb, name, { url }, [403, 404]);
    return found && jsonOf(found);
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
