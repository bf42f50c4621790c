import { createHash } from 'node:crypto';
import { type Embedder, normalize } from './embedder.js';

/**
 * Not a language model: a seeded random projection of words, so that texts that share words are near and nothing else is.
 * Deterministic, instant, no memory. For tests and for measuring everything but the model.
 */
export const createHashEmbedder = (dimensions: number, model = HASH_MODEL): Embedder => ({
  model,
  dimensions,
  state: () => 'ready',
  warm: () => undefined,
  embed: async (texts) => texts.map((text) => hashText(text, dimensions, model === HASH_MODEL ? '' : model)),
  close: async () => undefined,
});

export const HASH_MODEL = 'hash-v1';

const hashText = (text: string, dimensions: number, seed: string): Float32Array => {
  const vector = new Float32Array(dimensions);
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text];
  for (const word of words) addWord(vector, seed + word);
  return normalize(vector);
};

/** xorshift32 seeded by the word's digest: a direction of its own for every word. */
const addWord = (vector: Float32Array, word: string): void => {
  let state = createHash('sha256').update(word).digest().readUInt32LE(0) | 1;
  for (let index = 0; index < vector.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    vector[index] = (vector[index] as number) + state / 0x80000000;
  }
};
