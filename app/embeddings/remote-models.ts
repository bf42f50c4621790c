import { openGoogle, openOllama, openOpenAi, type ProviderAddress } from '../providers/clients.js';
import { explainProvider } from '../providers/provider-error.js';
import type { RemoteModel, RemoteVectors } from './remote.js';

export const createOpenAiEmbedding = (model: string, dimensions: number, address: ProviderAddress): RemoteModel => {
  const client = openOpenAi(address);
  return define('openai', model, async (texts, signal) => {
    // Asked for: the large model's own size is 3,072, and 1,536 only on request.
    const asked = { model, input: [...texts], dimensions, encoding_format: 'float' as const };
    const answer = await (await client).embeddings.create(asked, { signal });
    const ordered = [...answer.data].sort((a, b) => a.index - b.index);
    return { vectors: ordered.map(({ embedding }) => embedding), tokens: answer.usage.total_tokens };
  });
};

export const createGoogleEmbedding = (model: string, dimensions: number, address: ProviderAddress): RemoteModel => {
  const client = openGoogle(address);
  return define('google', model, async (texts, signal) => {
    const answer = await (await client).models.embedContent({
      model,
      contents: [...texts],
      config: { outputDimensionality: dimensions, abortSignal: signal },
    });
    const vectors = (answer.embeddings ?? []).map(({ values }) => values ?? []);
    return { vectors, tokens: estimateTokens(texts) };
  });
};

export const createOllamaEmbedding = (model: string, address: ProviderAddress): RemoteModel =>
  define('ollama', model, async (texts, signal) => {
    const client = await openOllama(address, signal);
    const answer = await client.embed({ model, input: [...texts] });
    return { vectors: answer.embeddings, tokens: answer.prompt_eval_count ?? 0 };
  });

/** Where the provider does not count for us: four characters a token, as all of them say of English. */
const estimateTokens = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0);

const define = (
  provider: string,
  model: string,
  embed: (texts: readonly string[], signal: AbortSignal) => Promise<RemoteVectors>,
): RemoteModel => ({
  provider,
  model,
  embed: async (texts, signal) => {
    try {
      return await embed(texts, signal);
    } catch (cause) {
      throw explainProvider(provider, 'EMBEDDING_API_KEY', cause);
    }
  },
});
