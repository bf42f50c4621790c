import { createHash } from 'node:crypto';
import type { QdrantClient } from '@qdrant/js-client-rest';
import { type CollectionPlan, checkCollection, createCollection } from './qdrant-collection.js';
import { explainQdrant, statusOf } from './qdrant-errors.js';
import type { IndexPoint, VectorIndex } from './vector-index.js';
import { toScore, type VectorHit } from './vector-store.js';

export interface QdrantOptions {
  readonly url: string;
  /** A key, or a token limited to one collection. @default none */
  readonly apiKey: string | undefined;
  readonly collection: string;
  readonly tenantId: string;
  readonly dimensions: number;
  readonly model: string;
  readonly quantization: 'none' | 'int8';
  /** @default 10000 */
  readonly timeoutMs?: number;
}

export const createQdrantIndex = (options: QdrantOptions): VectorIndex => new QdrantIndex(options);

/**
 * A collection that many tenants may share. Qdrant cannot divide it by token, so `#mine` is what keeps tenants apart: every
 * request that reads or deletes by condition carries it. Points carry ids alone, and their ids are not the memories': two
 * tenants may choose the same id.
 */
class QdrantIndex implements VectorIndex {
  readonly name: string;
  readonly #options: QdrantOptions;
  #client: Promise<QdrantClient> | undefined;

  constructor(options: QdrantOptions) {
    this.#options = options;
    this.name = `qdrant ${options.collection} ${options.model} ${options.dimensions}`;
  }

  prepare(): Promise<void> {
    const { collection, dimensions, quantization } = this.#options;
    const plan: CollectionPlan = { collection, dimensions, quantization };
    return explainQdrant(collection, async () => {
      const client = await this.#open();
      await createCollection(client, plan);
      await checkCollection(client, plan);
    });
  }

  put(points: readonly IndexPoint[]): Promise<void> {
    const { collection, tenantId: tenant } = this.#options;
    return explainQdrant(collection, async () => {
      await (await this.#open()).upsert(collection, {
        wait: true,
        points: points.map(({ id, partition, vector }) => ({
          id: this.#pointOf(id),
          vector: Array.from(vector),
          payload: { tenant, partition, memory: id },
        })),
      });
    });
  }

  remove(ids: readonly string[]): Promise<void> {
    const { collection } = this.#options;
    const points = ids.map((id) => this.#pointOf(id));
    return explainQdrant(
      collection,
      async () => void (await (await this.#open()).delete(collection, { wait: true, points })),
    );
  }

  search(partitions: readonly string[], vector: Float32Array, k: number): Promise<readonly VectorHit[]> {
    const { collection, quantization } = this.#options;
    return explainQdrant(collection, async () => {
      const { points } = await (await this.#open()).query(collection, {
        query: Array.from(vector),
        limit: k,
        filter: this.#mine([{ key: 'partition', match: { any: [...partitions] } }]),
        with_payload: ['memory'],
        // Compared again with the whole vectors: the small ones only propose.
        ...(quantization === 'int8' ? { params: { quantization: { rescore: true, oversampling: 2 } } } : {}),
      });
      return points.flatMap(({ payload, score }) =>
        typeof payload?.memory === 'string' ? [{ id: payload.memory, score: toScore(score) }] : [],
      );
    });
  }

  count(): Promise<number> {
    const { collection } = this.#options;
    return explainQdrant(collection, async () => {
      const { count } = await (await this.#open()).count(collection, { exact: true, filter: this.#mine([]) });
      return count;
    });
  }

  clear(): Promise<void> {
    const { collection } = this.#options;
    return explainQdrant(collection, async () => {
      await (await this.#open()).delete(collection, { wait: true, filter: this.#mine([]) }).catch((cause: unknown) => {
        if (statusOf(cause) !== 404) throw cause;
      });
    });
  }

  async close(): Promise<void> {}

  /** The client is a megabyte of program, which only those load who have a Qdrant. */
  #open(): Promise<QdrantClient> {
    this.#client ??= import('@qdrant/js-client-rest').then(
      ({ QdrantClient }) =>
        new QdrantClient({
          url: this.#options.url,
          // As a header, since the client would print a warning at each start on a plain connection.
          ...(this.#options.apiKey === undefined ? {} : { headers: { 'api-key': this.#options.apiKey } }),
          timeout: this.#options.timeoutMs ?? 10_000,
          checkCompatibility: false,
        }),
    );
    return this.#client;
  }

  #mine(more: readonly { readonly key: string; readonly match: { readonly any: string[] } }[]) {
    return { must: [{ key: 'tenant', match: { value: this.#options.tenantId } }, ...more] };
  }

  #pointOf(id: string): string {
    const hex = createHash('sha256').update(`${this.#options.tenantId}/${id}`).digest('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }
}
