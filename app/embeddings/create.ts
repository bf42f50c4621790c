import { ConfigError, type MemoryConfig } from '../config.js';
import { type Embedder, EmbedderUnavailable } from './embedder.js';
import { createHashEmbedder } from './hash.js';
import { createLocalEmbedder, LOCAL_MODEL, type LocalEmbedderOptions } from './local.js';

/** The embedder that the configuration names, or a refusal when its vectors would not fit the tenant's. */
export const createEmbedder = (
  config: Pick<MemoryConfig, 'EMBEDDING_PROVIDER' | 'EMBEDDING_MODEL' | 'VECTOR_DIMENSIONS'>,
  options: LocalEmbedderOptions,
): Embedder => {
  const embedder = pick(config, options);
  if (embedder.dimensions === config.VECTOR_DIMENSIONS) return embedder;
  throw new ConfigError(
    `VECTOR_DIMENSIONS=${config.VECTOR_DIMENSIONS} is not allowed; allowed: ${embedder.dimensions}, the dimension of ${embedder.model}`,
  );
};

const pick = (config: Parameters<typeof createEmbedder>[0], options: LocalEmbedderOptions): Embedder => {
  if (config.EMBEDDING_PROVIDER === 'hash') return createHashEmbedder(config.VECTOR_DIMENSIONS);
  if (config.EMBEDDING_PROVIDER === 'none')
    return createNoEmbedder(config.EMBEDDING_MODEL ?? 'client', config.VECTOR_DIMENSIONS);
  const model = config.EMBEDDING_MODEL ?? LOCAL_MODEL;
  if (model === LOCAL_MODEL) return createLocalEmbedder(options);
  throw new ConfigError(
    `EMBEDDING_MODEL=${JSON.stringify(model)} is not allowed; allowed with EMBEDDING_PROVIDER=local: ${LOCAL_MODEL}`,
  );
};

/** Clients bring their vectors; texts alone are stored and found by their words. */
const createNoEmbedder = (model: string, dimensions: number): Embedder => ({
  model,
  dimensions,
  state: () => 'none',
  warm: () => undefined,
  embed: async () => {
    throw new EmbedderUnavailable('EMBEDDING_PROVIDER is none: there is no embedding model.');
  },
  close: async () => undefined,
});
