import type { QdrantClient } from '@qdrant/js-client-rest';
import { statusOf } from './qdrant-errors.js';
import { IndexMismatch } from './vector-index.js';

export interface CollectionPlan {
  readonly collection: string;
  readonly dimensions: number;
  readonly quantization: 'none' | 'int8';
}

/** As a tenant index: the points of one tenant lie together. Kept on keyword and uuid fields alone, silently dropped elsewhere. */
const TENANT_FIELD = { type: 'keyword', is_tenant: true } as const;
const PARTITION_FIELD = { type: 'uuid' } as const;

/** Makes what is missing. A token limited to one collection may not; then somebody with the key has made it before. */
export const createCollection = async (client: QdrantClient, plan: CollectionPlan): Promise<void> => {
  const { collection } = plan;
  if ((await client.collectionExists(collection)).exists) return;
  try {
    await client.createCollection(collection, {
      vectors: { size: plan.dimensions, distance: 'Cosine' },
      // No graph over all tenants: each search is one tenant's, in the graph of that tenant.
      hnsw_config: { m: 0, payload_m: 16 },
      // Nine collections of the server's own sizes take 784 MB before the first point.
      optimizers_config: { default_segment_number: 2 },
      wal_config: { wal_capacity_mb: 4 },
      ...(plan.quantization === 'int8'
        ? { quantization_config: { scalar: { type: 'int8', quantile: 0.99, always_ram: true } } }
        : {}),
    });
  } catch (cause) {
    // Another replica was quicker.
    if (statusOf(cause) !== 409) throw cause;
  }
  await client.createPayloadIndex(collection, { wait: true, field_name: 'tenant', field_schema: TENANT_FIELD });
  await client.createPayloadIndex(collection, { wait: true, field_name: 'partition', field_schema: PARTITION_FIELD });
};

/** What the server took of what was asked: it answers 200 to parameters that it drops. */
export const checkCollection = async (client: QdrantClient, plan: CollectionPlan): Promise<void> => {
  const { config, payload_schema: fields } = await client.getCollection(plan.collection);
  const { vectors } = config.params;
  const { size, distance } = vectors && 'size' in vectors ? vectors : { size: undefined, distance: undefined };
  if (size !== plan.dimensions || distance !== 'Cosine') {
    throw mismatch(plan, `has vectors of ${size} dimensions, distance ${distance}`, `${plan.dimensions}, Cosine`);
  }
  const tenant = fields?.tenant;
  const isTenant = tenant?.params && 'is_tenant' in tenant.params ? tenant.params.is_tenant : undefined;
  if (tenant?.data_type !== 'keyword' || isTenant !== true) {
    throw mismatch(plan, 'has no tenant index on the field "tenant"', 'a keyword index with is_tenant');
  }
  if (fields?.partition?.data_type !== 'uuid') {
    throw mismatch(plan, 'has no index on the field "partition"', 'a uuid index');
  }
};

const mismatch = ({ collection }: CollectionPlan, has: string, wanted: string): IndexMismatch =>
  new IndexMismatch(
    `Qdrant collection ${collection} ${has}; wanted: ${wanted}. Name another collection in VECTOR_DB_NAMESPACE, or delete this one: it is built anew from Postgres`,
  );
