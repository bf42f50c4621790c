import { ConfigError, type MemoryConfig } from '../config.js';
import type { ProviderAddress } from '../providers/clients.js';
import type { Extractor } from './extractor.js';
import { createLocalExtractor } from './local.js';
import { createModelExtractor, type Model } from './model-extractor.js';
import { createClaudeModel, createGoogleModel, createOllamaModel, createOpenAiModel } from './models.js';

type Settings = Pick<
  MemoryConfig,
  'EXTRACTION_PROVIDER' | 'EXTRACTION_MODEL' | 'EXTRACTION_ENDPOINT' | 'EXTRACTION_API_KEY' | 'EXTRACTION_TIMEOUT_MS'
>;

interface Provider {
  readonly create: (model: string, address: ProviderAddress) => Model;
  readonly model: string;
  readonly needsKey: boolean;
}

const CLAUDE: Provider = { create: createClaudeModel, model: 'claude-haiku-4-5', needsKey: true };
const PROVIDERS: Readonly<Record<string, Provider>> = {
  claude: CLAUDE,
  anthropic: CLAUDE,
  openai: { create: createOpenAiModel, model: 'gpt-4.1-mini', needsKey: true },
  google: { create: createGoogleModel, model: 'gemini-2.5-flash', needsKey: true },
  ollama: { create: createOllamaModel, model: 'llama3.2', needsKey: false },
};

/** The extractor that the configuration names, or a refusal when its key is missing. */
export const createExtractor = (config: Settings, fetch?: typeof globalThis.fetch): Extractor => {
  const name = config.EXTRACTION_PROVIDER;
  const provider = PROVIDERS[name];
  if (!provider) return createLocalExtractor();
  if (provider.needsKey && config.EXTRACTION_API_KEY === undefined) {
    throw new ConfigError(
      `EXTRACTION_API_KEY is required by EXTRACTION_PROVIDER=${name}; without a key only local starts`,
    );
  }
  const address: ProviderAddress = {
    apiKey: config.EXTRACTION_API_KEY,
    endpoint: config.EXTRACTION_ENDPOINT,
    timeoutMs: config.EXTRACTION_TIMEOUT_MS,
    ...(fetch ? { fetch } : {}),
  };
  const model = provider.create(config.EXTRACTION_MODEL ?? provider.model, address);
  return createModelExtractor({ model, timeoutMs: config.EXTRACTION_TIMEOUT_MS });
};
