import { ConfigError, type MemoryConfig } from '../config.js';
import { type Embedder, EmbedderUnavailable } from './embedder.js';
import { createHashEmbedder } from './hash.js';
import { createLocalEmbedder, LOCAL_MODEL, type LocalEmbedderOptions } from './local.js';
import { createRemoteEmbedder } from './remote.js';
import { createGoogleEmbedding, createOllamaEmbedding, createOpenAiEmbedding } from './remote-models.js';

export type EmbedderSettings = Pick<
  MemoryConfig,
  | 'EMBEDDING_PROVIDER'
  | 'EMBEDDING_MODEL'
  | 'EMBEDDING_ENDPOINT'
  | 'EMBEDDING_API_KEY'
  | 'EMBEDDING_TIMEOUT_MS'
  | 'VECTOR_DIMENSIONS'
>;

export interface EmbedderOptions extends LocalEmbedderOptions {
  /** Told what a provider's answer cost. */
  readonly onTokens?: (tokens: number) => void;
  readonly fetch?: typeof globalThis.fetch;
}

/** The embedder that the configuration names, or a refusal when its vectors would not fit the tenant's. */
export const createEmbedder = (config: EmbedderSettings, options: EmbedderOptions): Embedder => {
  const embedder = pick(config, options);
  if (embedder.dimensions === config.VECTOR_DIMENSIONS) return embedder;
  throw new ConfigError(
    `VECTOR_DIMENSIONS=${config.VECTOR_DIMENSIONS} is not allowed; allowed: ${embedder.dimensions}, the dimension of ${embedder.model}`,
  );
};

type NextSettings = EmbedderSettings &
  Pick<
    MemoryConfig,
    | 'EMBEDDING_NEXT_PROVIDER'
    | 'EMBEDDING_NEXT_MODEL'
    | 'EMBEDDING_NEXT_ENDPOINT'
    | 'EMBEDDING_NEXT_API_KEY'
    | 'EMBEDDING_NEXT_DIMENSIONS'
  >;

/** The settings of the model that will take over, in the words of the present one; `undefined` when none is named. */
export const nextSettings = (config: NextSettings): EmbedderSettings | undefined => {
  const { EMBEDDING_NEXT_PROVIDER: provider, EMBEDDING_NEXT_DIMENSIONS: dimensions } = config;
  if (provider === undefined || dimensions === undefined) return undefined;
  const { EMBEDDING_MODEL: _model, EMBEDDING_ENDPOINT: _endpoint, EMBEDDING_API_KEY: present, ...rest } = config;
  const { EMBEDDING_NEXT_MODEL: model, EMBEDDING_NEXT_ENDPOINT: endpoint, EMBEDDING_NEXT_API_KEY: own } = config;
  const key = own ?? (provider === config.EMBEDDING_PROVIDER ? present : undefined);
  return {
    ...rest,
    EMBEDDING_PROVIDER: provider,
    VECTOR_DIMENSIONS: dimensions,
    ...(model === undefined ? {} : { EMBEDDING_MODEL: model }),
    ...(endpoint === undefined ? {} : { EMBEDDING_ENDPOINT: endpoint }),
    ...(key === undefined ? {} : { EMBEDDING_API_KEY: key }),
  };
};

const pick = (config: EmbedderSettings, options: EmbedderOptions): Embedder => {
  const remote = createRemote(config, options);
  if (remote) return remote;
  if (config.EMBEDDING_PROVIDER === 'hash') return createHashEmbedder(config.VECTOR_DIMENSIONS, config.EMBEDDING_MODEL);
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

/** Their small models, which every account has. */
const REMOTE_MODELS: Readonly<Record<string, string>> = {
  openai: 'text-embedding-3-small',
  google: 'gemini-embedding-001',
  ollama: 'nomic-embed-text',
};

const createRemote = (config: EmbedderSettings, options: EmbedderOptions): Embedder | undefined => {
  const { EMBEDDING_PROVIDER: provider, VECTOR_DIMENSIONS: dimensions, EMBEDDING_TIMEOUT_MS: timeoutMs } = config;
  const model = config.EMBEDDING_MODEL ?? REMOTE_MODELS[provider];
  if (model === undefined || REMOTE_MODELS[provider] === undefined) return undefined;
  if (provider !== 'ollama' && config.EMBEDDING_API_KEY === undefined) {
    throw new ConfigError(
      `EMBEDDING_API_KEY is required by EMBEDDING_PROVIDER=${provider}; without a key only local starts`,
    );
  }
  const address = {
    ...{ apiKey: config.EMBEDDING_API_KEY, endpoint: config.EMBEDDING_ENDPOINT, timeoutMs },
    ...(options.fetch ? { fetch: options.fetch } : {}),
  };
  const remote =
    provider === 'openai'
      ? createOpenAiEmbedding(model, dimensions, address)
      : provider === 'google'
        ? createGoogleEmbedding(model, dimensions, address)
        : createOllamaEmbedding(model, address);
  return createRemoteEmbedder({
    ...{ model: remote, dimensions, timeoutMs },
    ...(options.onTokens ? { onTokens: options.onTokens } : {}),
  });
};
