import { AzureContainer, type Explain } from './azure-container.js';
import { type Bucket, PreconditionFailed, type PutCondition, type StoredObject } from './bucket-contract.js';
import type { PodIdentity } from './cloud-identity.js';
import type { CloudAnswer } from './cloud-rest.js';

/**
 * A container of Azure Blob Storage: `azure://container?endpoint=https://ACCOUNT.blob.core.windows.net`. The keys container
 * must have neither versions nor soft delete: a key that was deleted must be gone.
 */
export class AzureBucket implements Bucket {
  readonly #container: AzureContainer;

  constructor(url: string, identity: PodIdentity = {}) {
    this.#container = new AzureContainer(url, identity, explain);
  }

  async get(name: string): Promise<StoredObject | undefined> {
    const found = await this.#container.ask('read', name, { url: this.#container.blob(name) }, ['BlobNotFound']);
    return found && { bytes: found.bytes, etag: this.#etag('read', name, found) };
  }

  async put(name: string, bytes: Uint8Array, condition: PutCondition): Promise<{ readonly etag: string }> {
    const only =
      'ifMatch' in condition ? { 'If-Match': condition.ifMatch } : { 'If-None-Match': condition.ifNoneMatch };
    const headers = { 'Content-Type': 'application/octet-stream', 'x-ms-blob-type': 'BlockBlob', ...only };
    const call = { url: this.#container.blob(name), method: 'PUT', headers, body: bytes };
    const stored = await this.#container.ask('write', name, call, LOST);
    if (stored === undefined) throw new PreconditionFailed(name, condition);
    return { etag: this.#etag('write', name, stored) };
  }

  async list(prefix: string): Promise<readonly string[]> {
    const names: string[] = [];
    let marker = '';
    do {
      const query = new URLSearchParams({ restype: 'container', comp: 'list', prefix, ...(marker && { marker }) });
      const answer = await this.#container.ask('list', prefix, { url: `${this.#container.url}?${query}` }, []);
      const page = answer?.bytes.toString('utf8') ?? '';
      names.push(...[...page.matchAll(/<Blob><Name>([^<]*)<\/Name>/g)].map(([, name = '']) => name));
      marker = /<NextMarker>([^<]+)<\/NextMarker>/.exec(page)?.[1] ?? '';
    } while (marker !== '');
    return names.sort();
  }

  async delete(name: string): Promise<void> {
    await this.#container.ask('delete', name, { url: this.#container.blob(name), method: 'DELETE' }, ['BlobNotFound']);
  }

  #etag(verb: string, name: string, { headers }: CloudAnswer): string {
    const etag = headers.get('etag');
    if (etag === null)
      throw this.#container.unavailable(`${verb} ${name}`, 'its answer has no ETag', 'it is asked again');
    return etag;
  }
}

/** Two writers at once: one of them has lost, and asks again. */
const LOST: readonly string[] = ['ConditionNotMet', 'BlobAlreadyExists', 'BlobNotFound'];

const explain: Explain = ({ status, code }) => {
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
