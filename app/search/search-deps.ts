import type { Embedder } from '../embeddings/embedder.js';
import type { MemoryServiceDeps } from '../memories/service.js';
import type { VectorStore } from '../vectors/vector-store.js';
import type { Reranker } from './rerank.js';

export interface SearchDeps extends MemoryServiceDeps {
  readonly embedder: Embedder;
  readonly vectors: VectorStore;
  /** A provider's; @default the local one */
  readonly reranker?: Reranker;
}
