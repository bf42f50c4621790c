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

/** The model and its index as they are now, for one question: while it is answered another model may take over. */
export const ofOneModel = (deps: SearchDeps): SearchDeps => {
  const { embedder, vectors } = deps;
  if (embedder.current === undefined) return deps;
  return { ...deps, embedder: embedder.current(), vectors: vectors.current?.() ?? vectors };
};
