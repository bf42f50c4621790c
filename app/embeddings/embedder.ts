/** Turns texts into unit vectors. One interface for every provider, local or remote. */
export interface Embedder {
  /** What is stored beside each vector: vectors of two models are never compared. */
  readonly model: string;
  readonly dimensions: number;
  state(): 'ready' | 'loading' | 'failed' | 'none';
  /** Starts loading in the background; harmless when called again. */
  warm(): void;
  /** One vector a text, in order. Throws `EmbedderUnavailable` when there is none to be had now. */
  embed(texts: readonly string[]): Promise<readonly Float32Array[]>;
  close(): Promise<void>;
  /** Of one that may become another: the one that it is now, for who asks it more than once. @default itself */
  current?(): Embedder;
}

export class EmbedderUnavailable extends Error {}

/** Scales to length one in place; a vector of zeros has no direction and stays. */
export const normalize = (vector: Float32Array): Float32Array => {
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0) return vector;
  const scale = 1 / Math.sqrt(sum);
  for (let index = 0; index < vector.length; index++) vector[index] = (vector[index] as number) * scale;
  return vector;
};
