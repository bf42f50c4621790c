import {
  type Bucket,
  BucketError,
  checkObjectName,
  PreconditionFailed,
  type PutCondition,
  type StoredObject,
} from './bucket-contract.js';
import { type PodIdentity, podToken } from './cloud-identity.js';
import { type CloudAnswer, type CloudCall, CloudRefused, callCloud, type TokenSource } from './cloud-rest.js';

/** The version of the interface that the calls below are of. */
const VERSION = { 'x-ms-version': '2023-11-03' } as const;

/**
 * A container of Azure Blob Storage: `azure://container?endpoint=https://ACCOUNT.blob.core.windows.net`. The keys container
 * must have neither versions nor soft delete: a key that was deleted must be gone.
 */
export class AzureBucket implements Bucket {
  readonly #container: string;
  readonly #url: string;
  readonly #token: TokenSource;

  constructor(url: string, identity: PodIdentity = {}) {
    const { hostname, searchParams, pathname } = new URL(url);
    const endpoint = searchParams.get('endpoint');
    if (hostname === '' || pathname.length > 1 || endpoint === null) {
      const remedy = 'use azure://container?endpoint=https://ACCOUNT.blob.core.windows.net';
      throw new BucketError('BucketUnavailable', `${JSON.stringify(url)} is no container`, remedy);
    }
    this.#container = hostname;
    this.#url = `${endpoint.replace(/\/+$/, '')}/${hostname}`;
    this.#token = podToken('azure', identity, 'https://storage.azure.com');
  }

  async get(name: string): Promise<StoredObject | undefined> {
    const found = await this.#ask('read', name, { url: this.#blob(name) }, ['BlobNotFound']);
    return found && { bytes: found.bytes, etag: this.#etag('read', name, found) };
  }

  async put(name: string, bytes: Uint8Array, condition: PutCondition): Promise<{ readonly etag: string }> {
    const only =
      'ifMatch' in condition ? { 'If-Match': condition.ifMatch } : { 'If-None-Match': condition.ifNoneMatch };
    const headers = { 'Content-Type': 'application/octet-stream', 'x-ms-blob-type': 'BlockBlob', ...only };
    const call = { url: this.#blob(name), method: 'PUT', headers, body: bytes };
    const stored = await this.#ask('write', name, call, LOST);
    if (stored === undefined) throw new PreconditionFailed(name, condition);
    return { etag: this.#etag('write', name, stored) };
  }

  async list(prefix: string): Promise<readonly string[]> {
    const names: string[] = [];
    let marker = '';
    do {
      const query = new URLSearchParams({ restype: 'container', comp: 'list', prefix, ...(marker && { marker }) });
      const answer = await this.#ask('list', prefix, { url: `${this.#url}?${query}` }, []);
      const page = answer?.bytes.toString('utf8') ?? '';
      names.push(...[...page.matchAll(/<Blob><Name>([^<]*)<\/Name>/g)].map(([, name = '']) => name));
      marker = /<NextMarker>([^<]+)<\/NextMarker>/.exec(page)?.[1] ?? '';
    } while (marker !== '');
    return names.sort();
  }

  async delete(name: string): Promise<void> {
    await this.#ask('delete', name, { url: this.#blob(name), method: 'DELETE' }, ['BlobNotFound']);
  }

  /** Names of ours need no escapes. */
  #blob(name: string): string {
    return `${this.#url}/${checkObjectName(name)}`;
  }

  #etag(verb: string, name: string, { headers }: CloudAnswer): string {
    const etag = headers.get('etag');
    if (etag === null) throw this.#unavailable(`${verb} ${name}`, 'its answer has no ETag', 'it is asked again');
    return etag;
  }

  /** `undefined` for one of the refusals that are no failure here. */
  async #ask(
    verb: string,
    name: string,
    call: Omit<CloudCall, 'token'>,
    expected: readonly string[],
  ): Promise<CloudAnswer | undefined> {
    try {
      return await callCloud({ ...call, headers: { ...call.headers, ...VERSION }, token: this.#token });
    } catch (error) {
      if (!(error instanceof CloudRefused)) throw error;
      if (expected.includes(error.code)) return undefined;
      const [word, remedy] = explain(error);
      throw this.#unavailable(`${verb} ${name}`, `${word}${error.message}`, remedy, error);
    }
  }

  #unavailable(what: string, why: string, remedy: string, cause?: unknown): BucketError {
    const message = `Blob Storage did not ${what} in container ${this.#container}: ${why}`;
    return new BucketError('BucketUnavailable', message, remedy, { cause });
  }
}

/** Two writers at once: one of them has lost, and asks again. */
const LOST: readonly string[] = ['ConditionNotMet', 'BlobAlreadyExists', 'BlobNotFound'];

const explain = ({ status, code }: CloudRefused): readonly [word: string, remedy: string] => {
  if (status === 401 || status === 403) {
    return [
      'AccessDenied, ',
      "assign this right to the pod's identity on the container; a new assignment takes minutes",
    ];
  }
  if (code === 'ContainerNotFound' || code === 'ResourceNotFound') {
    return [`${code}, `, 'make the container, or correct its name and endpoint'];
  }
  return [code === '' ? '' : `${code}, `, 'check that Blob Storage and the directory are reachable; it is asked again'];
};
