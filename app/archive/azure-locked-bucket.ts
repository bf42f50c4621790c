import { createHash } from 'node:crypto';
import { BucketError, checkObjectName } from '../keys/bucket-contract.js';
import { type PodIdentity, podToken } from '../keys/cloud-identity.js';
import { type CloudAnswer, type CloudCall, CloudRefused, callCloud, type TokenSource } from '../keys/cloud-rest.js';
import type { LockedBucket } from './locked-bucket.js';

/** The version of the interface that the calls below are of. */
const VERSION = { 'x-ms-version': '2023-11-03' } as const;

/**
 * Blob Storage with version-level immutability: `azure://container?endpoint=https://ACCOUNT.blob.core.windows.net`. The
 * version is Locked with the put itself: from then on its date can only be moved further away, whoever asks.
 */
export class AzureLockedBucket implements LockedBucket {
  readonly locks = true;
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

  async putOnce(name: string, bytes: Uint8Array, until: Date): Promise<'put' | 'there'> {
    const headers = {
      ...{ 'Content-Type': 'application/octet-stream', 'x-ms-blob-type': 'BlockBlob', 'If-None-Match': '*' },
      // The service refuses bytes that were damaged on their way, and keeps the sum beside them.
      'Content-MD5': md5(bytes),
      'x-ms-immutability-policy-until-date': until.toUTCString(),
      'x-ms-immutability-policy-mode': 'Locked',
    };
    const call = { url: this.#blob(name), method: 'PUT', headers, body: bytes };
    const stored = await this.#ask('write', name, call, [...THERE, ...REFUSED]);
    if (stored !== undefined) return 'put';
    // Whoever may only add is refused a name that is taken before anybody looks at its condition.
    if ((await this.#describe('write', name)) !== undefined) return 'there';
    throw this.#unavailable(`write ${name}`, 'AccessDenied', RIGHTS);
  }

  async get(name: string): Promise<Buffer | undefined> {
    const found = await this.#ask('read', name, { url: this.#blob(name) }, ['BlobNotFound']);
    const sum = found?.headers.get('content-md5');
    if (found !== undefined && typeof sum === 'string' && sum !== md5(found.bytes)) {
      throw this.#unavailable(`read ${name}`, 'its bytes were damaged on their way', 'it is asked again');
    }
    return found?.bytes;
  }

  async lockedUntil(name: string): Promise<Date | undefined> {
    const headers = (await this.#describe('read the lock of', name))?.headers;
    const until = headers?.get('x-ms-immutability-policy-until-date') ?? '';
    const isLocked = headers?.get('x-ms-immutability-policy-mode')?.toLowerCase() === 'locked';
    return isLocked && until !== '' ? new Date(until) : undefined;
  }

  #describe(verb: string, name: string): Promise<CloudAnswer | undefined> {
    return this.#ask(verb, name, { url: this.#blob(name), method: 'HEAD' }, ['BlobNotFound']);
  }

  /** Names of ours need no escapes. */
  #blob(name: string): string {
    return `${this.#url}/${checkObjectName(name)}`;
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
      throw this.#unavailable(
        `${verb} ${name}`,
        [error.code, error.message].filter(Boolean).join(', '),
        remedyOf(error),
      );
    }
  }

  #unavailable(what: string, why: string, remedy: string): BucketError {
    const message = `Blob Storage did not ${what} in container ${this.#container}: ${why}`;
    return new BucketError('BucketUnavailable', message, remedy);
  }
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('base64');

const THERE: readonly string[] = ['ConditionNotMet', 'BlobAlreadyExists', 'BlobImmutableDueToPolicy'];
const REFUSED: readonly string[] = ['AuthorizationPermissionMismatch', 'UnauthorizedBlobOverwrite'];

const RIGHTS =
  "assign the role auditAppend to the pod's identity on the container (blobs/read, blobs/add/action, blobs/immutableStorage/runAsSuperUser/action); a new assignment takes minutes";

const remedyOf = ({ status, code }: CloudRefused): string => {
  if (status === 401 || status === 403) return RIGHTS;
  if (code === 'ContainerNotFound' || code === 'ResourceNotFound') {
    return 'make the container, in an account with version-level immutability, or correct its name and endpoint';
  }
  if (status === 400 || status === 409) {
    return 'make the account with versions and version-level immutability: az storage account create --enable-alw true';
  }
  return 'check that Blob Storage and the directory are reachable; the next run goes on from there';
};
