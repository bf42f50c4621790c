import { createHash } from 'node:crypto';
import { AzureContainer, type Explain } from '../keys/azure-container.js';
import type { PodIdentity } from '../keys/cloud-identity.js';
import type { CloudAnswer, CloudRefused } from '../keys/cloud-rest.js';
import type { LockedBucket } from './locked-bucket.js';

/**
 * Blob Storage with version-level immutability: `azure://container?endpoint=https://ACCOUNT.blob.core.windows.net`. The
 * version is Locked with the put itself: from then on its date can only be moved further away, whoever asks.
 */
export class AzureLockedBucket implements LockedBucket {
  readonly locks = true;
  readonly #container: AzureContainer;

  constructor(url: string, identity: PodIdentity = {}) {
    this.#container = new AzureContainer(url, identity, explain);
  }

  async putOnce(name: string, bytes: Uint8Array, until: Date): Promise<'put' | 'there'> {
    const headers = {
      ...{ 'Content-Type': 'application/octet-stream', 'x-ms-blob-type': 'BlockBlob', 'If-None-Match': '*' },
      // The service refuses bytes that were damaged on their way, and keeps the sum beside them.
      'Content-MD5': md5(bytes),
      'x-ms-immutability-policy-until-date': until.toUTCString(),
      'x-ms-immutability-policy-mode': 'Locked',
    };
    const call = { url: this.#container.blob(name), method: 'PUT', headers, body: bytes };
    const stored = await this.#container.ask('write', name, call, [...THERE, ...REFUSED]);
    if (stored !== undefined) return 'put';
    // Whoever may only add is refused a name that is taken before anybody looks at its condition.
    if ((await this.#describe('write', name)) !== undefined) return 'there';
    throw this.#container.unavailable(`write ${name}`, 'AccessDenied', RIGHTS);
  }

  async get(name: string): Promise<Buffer | undefined> {
    const found = await this.#container.ask('read', name, { url: this.#container.blob(name) }, ['BlobNotFound']);
    const sum = found?.headers.get('content-md5');
    if (found !== undefined && typeof sum === 'string' && sum !== md5(found.bytes)) {
      throw this.#container.unavailable(`read ${name}`, 'its bytes were damaged on their way', 'it is asked again');
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
    return this.#container.ask(verb, name, { url: this.#container.blob(name), method: 'HEAD' }, ['BlobNotFound']);
  }
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('base64');

const THERE: readonly string[] = ['ConditionNotMet', 'BlobAlreadyExists', 'BlobImmutableDueToPolicy'];
const REFUSED: readonly string[] = ['AuthorizationPermissionMismatch', 'UnauthorizedBlobOverwrite'];

const RIGHTS =
  "assign the role auditAppend to the pod's identity on the container (blobs/read, blobs/add/action, blobs/immutableStorage/runAsSuperUser/action); a new assignment takes minutes";

const explain: Explain = (refused) => [refused.code === '' ? '' : `${refused.code}, `, remedyOf(refused)];

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
