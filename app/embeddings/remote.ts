import { ProviderError } from '../providers/provider-error.js';
import { withRetries } from '../providers/retry.js';
import { type Embedder, EmbedderUnavailable, normalize } from './embedder.js';

/** One provider's way to turn texts into vectors. Throws `ProviderError`. */
export interface RemoteModel {
  readonly provider: string;
  readonly model: string;
  embed(texts: readonly string[], signal: AbortSignal): Promise<RemoteVectors>;
}
export interface RemoteVectors {
  readonly vectors: readonly (readonly number[])[];
  readonly tokens: number;
}

export interface RemoteEmbedderOptions {
  readonly model: RemoteModel;
  readonly dimensions: number;
  readonly timeoutMs: number;
  /** Told of every answer: what it cost. */
  readonly onTokens?: (tokens: number) => void;
}

/** All providers take so many texts at once. */
const BATCH = 96;
/** After a failure that a retry did not cure, searches go by words for so long before the provider is asked again. */
const REST_MS = 10_000;

export const createRemoteEmbedder = (options: RemoteEmbedderOptions): Embedder => new RemoteEmbedder(options);

/** ready → failed when the provider was away or refused; after a rest it is asked again, and ready when it answers. */
class RemoteEmbedder implements Embedder {
  readonly model: string;
  readonly dimensions: number;
  readonly #options: RemoteEmbedderOptions;
  #restsUntil = 0;
  #failed = false;

  constructor(options: RemoteEmbedderOptions) {
    this.#options = options;
    this.model = `${options.model.provider}/${options.model.model}`;
    this.dimensions = options.dimensions;
  }

  state(): 'ready' | 'failed' {
    return this.#failed && Date.now() < this.#restsUntil ? 'failed' : 'ready';
  }

  warm(): void {}

  async embed(texts: readonly string[]): Promise<readonly Float32Array[]> {
    if (this.state() === 'failed') throw new EmbedderUnavailable(`${this.model} failed a moment ago.`);
    const vectors: Float32Array[] = [];
    for (let at = 0; at < texts.length; at += BATCH) vectors.push(...(await this.#ask(texts.slice(at, at + BATCH))));
    return vectors;
  }

  async close(): Promise<void> {}

  async #ask(texts: readonly string[]): Promise<readonly Float32Array[]> {
    const signal = AbortSignal.timeout(this.#options.timeoutMs);
    try {
      const { vectors, tokens } = await withRetries(signal, () => this.#options.model.embed(texts, signal));
      this.#check(vectors, texts.length);
      this.#failed = false;
      this.#options.onTokens?.(tokens);
      return vectors.map((vector) => normalize(Float32Array.from(vector)));
    } catch (cause) {
      if (!(cause instanceof ProviderError)) throw cause;
      this.#failed = true;
      this.#restsUntil = Date.now() + REST_MS;
      throw new EmbedderUnavailable(`${cause.message} ${cause.remedy}`, { cause });
    }
  }

  /** A model of another size would spoil the index: nothing of it is written. */
  #check(vectors: readonly (readonly number[])[], wanted: number): void {
    const { dimensions } = this.#options;
    const wrong = vectors.find((vector) => vector.length !== dimensions || !vector.every(Number.isFinite));
    if (vectors.length === wanted && !wrong) return;
    const got = wrong ? `vectors of ${wrong.length} dimensions` : `${vectors.length} vectors for ${wanted} texts`;
    throw new ProviderError(
      'invalid',
      `${this.model} answered with ${got}, not ${dimensions}.`,
      'Set VECTOR_DIMENSIONS to what the model gives, or choose another EMBEDDING_MODEL.',
    );
  }
}
