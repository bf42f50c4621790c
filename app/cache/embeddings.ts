import type { Embedder } from '../embeddings/embedder.js';
import type { Cache } from './cache.js';

/** What the vector of a text is called in the cache. */
export const embeddingName = (model: string, text: string): string => `${model}\0${text}`;

/** Embeds each text once: what was embedded before, here or in another replica, is not embedded again. */
export const cacheEmbeddings = (embedder: Embedder, cache: Cache): Embedder => ({
  model: embedder.model,
  dimensions: embedder.dimensions,
  state: () => embedder.state(),
  warm: () => embedder.warm(),
  close: () => embedder.close(),
  embed: async (texts) => {
    const names = texts.map((text) => embeddingName(embedder.model, text));
    const cached = await cache.getMany('embedding', names);
    const missing = [...new Set(texts.filter((_, index) => cached[index] === undefined))];
    const made = missing.length === 0 ? [] : await embedder.embed(missing);
    const fresh = new Map(missing.map((text, index) => [text, made[index] as Float32Array]));
    const entries = [...fresh].map(([text, vector]) => [embeddingName(embedder.model, text), toBytes(vector)] as const);
    if (entries.length > 0) await cache.setMany('embedding', entries);
    return texts.map((text, index) => {
      const bytes = cached[index];
      return bytes === undefined ? copyOf(fresh.get(text) as Float32Array) : toVector(bytes);
    });
  },
});

/** Callers may write into what they get. */
const copyOf = (vector: Float32Array): Float32Array => Float32Array.from(vector);
const toBytes = (vector: Float32Array): Buffer =>
  Buffer.from(Uint8Array.from(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)));
const toVector = (bytes: Buffer): Float32Array => new Float32Array(Uint8Array.from(bytes).buffer);
