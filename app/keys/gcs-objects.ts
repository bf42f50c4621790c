import { BucketError, checkObjectName } from './bucket-contract.js';
import { type PodIdentity, podToken } from './cloud-identity.js';
import {
  atEndpoint,
  type CloudAnswer,
  type CloudCall,
  CloudRefused,
  callCloud,
  type TokenSource,
} from './cloud-rest.js';
import { crc32c } from './crc32c.js';

/** A word before what the service says, and what to do. */
export type Explain = (status: number | undefined) => readonly [word: string, remedy: string];

/** The objects of a bucket of Google Cloud Storage, `gs://bucket`, and how they are asked for. */
export class GcsObjects {
  readonly url: string;
  readonly uploadUrl: string;
  readonly #bucket: string;
  readonly #endpoint: string | undefined;
  readonly #token: TokenSource;
  readonly #explain: Explain;

  constructor(url: string, identity: PodIdentity, explain: Explain) {
    const { hostname, searchParams, pathname } = new URL(url);
    if (hostname === '' || pathname.length > 1) {
      throw new BucketError('BucketUnavailable', `${JSON.stringify(url)} is no bucket`, 'use gs://bucket');
    }
    this.#bucket = hostname;
    this.url = `https://storage.googleapis.com/storage/v1/b/${hostname}/o`;
    this.uploadUrl = `https://storage.googleapis.com/upload/storage/v1/b/${hostname}/o`;
    this.#endpoint = searchParams.get('endpoint') ?? undefined;
    this.#token = podToken('gcp', identity);
    this.#explain = explain;
  }

  object(name: string): string {
    return `${this.url}/${encodeURIComponent(checkObjectName(name))}`;
  }

  /** `undefined` for one of the answers that are no failure here. */
  async ask(
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
      const [word, remedy] = this.#explain(error.status);
      throw this.unavailable(`${verb} ${name}`, `${word}${error.message}`, remedy, error);
    }
  }

  /** By the sum that the service keeps, where it tells one. */
  demandWhole(name: string, { headers, bytes }: CloudAnswer): void {
    const sum = /crc32c=([A-Za-z0-9+/=]+)/.exec(headers.get('x-goog-hash') ?? '')?.[1];
    if (sum !== undefined && Buffer.from(sum, 'base64').readUInt32BE() !== crc32c(bytes)) {
      throw this.unavailable(`read ${name}`, 'its bytes were damaged on their way', 'it is asked again');
    }
  }

  unavailable(what: string, why: string, remedy: string, cause?: unknown): BucketError {
    const message = `Cloud Storage did not ${what} in bucket ${this.#bucket}: ${why}`;
    return new BucketError('BucketUnavailable', message, remedy, { cause });
  }
}
