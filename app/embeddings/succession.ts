import type { Logger } from 'pino';
import type { Database, Queryable } from '../db/pool.js';
import { startLoop } from '../loop.js';
import type { VectorStore } from '../vectors/vector-store.js';
import type { Embedder } from './embedder.js';

/** Two models of one deployment: the one that answers, and the one that will. */
export interface Succession {
  readonly embedder: Embedder;
  readonly vectors: VectorStore;
  /** The model that takes over, also when it has. */
  readonly heir: Embedder;
  hasTakenOver(): boolean;
  /** Looks whether it has, now. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

export interface SuccessionOptions {
  readonly db: Database;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly present: Embedder;
  readonly heir: Embedder;
  readonly openVectors: (embedder: Embedder) => VectorStore;
}

/** Replicas that did not switch themselves follow within this. */
export const LOOK_MS = 1_000;

export const selectTakenOver = async (db: Queryable): Promise<string | null> => {
  const { rows } = await db.query<{ model: string | null }>('SELECT model FROM embedding_model');
  return rows[0]?.model ?? null;
};

/**
 * The embedder and its index change hands together, in one tick: whoever takes `current` of both has a pair. What was begun
 * with the former one is finished with it, on the vectors that its index holds.
 */
export const openSuccession = async (options: SuccessionOptions): Promise<Succession> => {
  const { db, log, present, heir, openVectors } = options;
  let now = { embedder: present, vectors: openVectors(present) };
  const former: VectorStore[] = [];
  const hasTakenOver = (): boolean => now.embedder === heir;
  const look = async (): Promise<void> => {
    if (hasTakenOver() || (await selectTakenOver(db)) !== heir.model || hasTakenOver()) return;
    former.push(now.vectors);
    now = { embedder: heir, vectors: openVectors(heir) };
    log.info({ model: heir.model, before: present.model }, 'another embedding model has taken over');
  };
  await look().catch((err: unknown) => log.warn({ err }, 'which embedding model answers is not known yet'));
  const watch = startLoop({
    turn: async () => {
      await look();
      return LOOK_MS;
    },
    onTrouble: (err) => log.warn({ err }, 'which embedding model answers could not be read'),
  });
  return {
    embedder: followEmbedder(() => now.embedder, [present, heir]),
    vectors: followVectors(() => now.vectors, former),
    ...{ heir, hasTakenOver, look },
    stop: () => watch.stop(),
  };
};

const followEmbedder = (now: () => Embedder, both: readonly Embedder[]): Embedder => ({
  get model() {
    return now().model;
  },
  get dimensions() {
    return now().dimensions;
  },
  state: () => now().state(),
  warm: () => now().warm(),
  embed: (texts) => now().embed(texts),
  close: async () => void (await Promise.all(both.map((embedder) => embedder.close()))),
  current: now,
});

const followVectors = (now: () => VectorStore, former: readonly VectorStore[]): VectorStore => ({
  search: (partitions, vector, k) => now().search(partitions, vector, k),
  propose: (partitions, vector, k) => now().propose?.(partitions, vector, k),
  trouble: () => now().trouble(),
  size: () => now().size(),
  close: async () => void (await Promise.all([now(), ...former].map((store) => store.close()))),
  current: now,
});
