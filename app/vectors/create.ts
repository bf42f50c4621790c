import type { Logger } from 'pino';
import type { MemoryConfig } from '../config.js';
import type { Database } from '../db/pool.js';
import type { Vault } from '../tenancy/vault.js';
import { createEmbeddedStore } from './embedded.js';
import { createIndexedStore } from './indexed.js';
import type { Precision } from './partition.js';
import { createPgvectorIndex } from './pgvector.js';
import { createQdrantIndex } from './qdrant.js';
import type { VectorIndex } from './vector-index.js';
import type { VectorStore } from './vector-store.js';

export interface VectorStoreDeps {
  readonly db: Database;
  readonly vault: Vault;
  readonly log: Logger;
  readonly model: string;
}

/** The one place that knows which stores there are. */
export const createVectorStore = (config: MemoryConfig, deps: VectorStoreDeps): VectorStore => {
  const { db, vault, log, model } = deps;
  const dimensions = config.VECTOR_DIMENSIONS;
  const index = createIndex(config, deps);
  return index
    ? createIndexedStore({ db, vault, log, model, dimensions, index })
    : createEmbeddedStore({ db, vault, log, model, dimensions, precision: config.VECTOR_PRECISION as Precision });
};

const createIndex = (config: MemoryConfig, { db, model }: VectorStoreDeps): VectorIndex | undefined => {
  const dimensions = config.VECTOR_DIMENSIONS;
  if (config.VECTOR_PROVIDER === 'pgvector') return createPgvectorIndex({ db, dimensions, model });
  if (config.VECTOR_PROVIDER !== 'qdrant') return undefined;
  return createQdrantIndex({
    url: config.VECTOR_DB_ENDPOINT ?? '',
    apiKey: config.VECTOR_DB_API_KEY,
    collection: config.VECTOR_DB_NAMESPACE ?? `kernel-memory-${config.SERVICE_ENV}`,
    tenantId: config.MEMPLANE_TENANT_ID,
    ...{ dimensions, model },
    quantization: config.VECTOR_PRECISION === 'int8' ? 'int8' : 'none',
  });
};
