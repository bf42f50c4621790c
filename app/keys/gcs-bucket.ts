import {
  type Bucket,
  checkObjectName,
  PreconditionFailed,
  type PutCondition,
  type StoredObject,
} from './bucket-contract.js';
import type { PodIdentity } from './cloud-identity.js';
import { type Json, jsonOf } from './cloud-rest.js';
import { type Explain, GcsObjects } from './gcs-objects.js';

/**
 * A bucket of Google Cloud Storage: `gs://bucket`. Its ETag is the generation of the object, which every write changes. The
 * keys bucket must have neither versions nor soft delete: a key that was deleted must be gone.
 */
export class GcsBucket implements Bucket {
  readonly #objects: GcsObjects;

  constructor(url: string, identity: PodIdentity = {}) {
    this.#objects = new GcsObjects(url, identity, explain);
  }

  async get(name: string): Promise<StoredObject | undefined> {
    const url = `${this.#objects.object(name)}?alt=media`;
    const found = await this.#objects.ask('read', name, { url }, [404]);
    if (found === undefined) return undefined;
    const etag = found.headers.get('x-goog-generation');
    if (etag === null)
      throw this.#objects.unavailable(`read ${name}`, 'its answer has no generation', 'it is asked again');
    this.#objects.demandWhole(name, found);
    return { bytes: found.bytes, etag };
  }

  async put(name: string, bytes: Uint8Array, condition: PutCondition): Promise<{ readonly etag: string }> {
    const query = new URLSearchParams({
      uploadType: 'media',
      name: checkObjectName(name),
      ifGenerationMatch: 'ifMatch' in condition ? condition.ifMatch : '0',
    });
    const call = {
      ...{ url: `${this.#objects.uploadUrl}?${query}`, body: bytes },
      headers: { 'Content-Type': 'application/octet-stream' },
    };
    const stored = await this.#objects.ask('write', name, call, [412, ...('ifMatch' in condition ? [404] : [])]);
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
      const answer = await this.#objects.ask('list', prefix, { url: `${this.#objects.url}?${query}` }, []);
      const page = answer === undefined ? {} : jsonOf(answer);
      names.push(...((page.items ?? []) as readonly Json[]).map((item) => String(item.name)));
      pageToken = typeof page.nextPageToken === 'string' ? page.nextPageToken : undefined;
    } while (pageToken !== undefined);
    return names.sort();
  }

  async delete(name: string): Promise<void> {
    await this.#objects.ask('delete', name, { url: this.#objects.object(name), method: 'DELETE' }, [404]);
  }
}

const explain: Explain = (status) => {
  if (status === 401 || status === 403) {
    return ['AccessDenied, ', "grant this right to the pod's service account, on the bucket or on its folder in it"];
  }
  if (status === 404) return ['', 'make the bucket, or correct its name'];
  return ['', 'check that Cloud Storage and the metadata server are reachable; it is asked again'];
};
