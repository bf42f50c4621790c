import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { SlotKey } from '../keys/slot.js';
import {
  type OpenRow,
  packRows,
  type RowBatch,
  type SealedBatchRows,
  type SealedParts,
  type SealSettings,
  sealOpenRows,
  unpackRows,
} from './row-batch.js';
import type { SealReply, SealRequest } from './row-thread.js';

/** Seals rows, in threads where there are enough of them: the loop goes on answering others meanwhile. */
export interface RowSealer {
  seal(
    rows: readonly OpenRow[],
    keyFor: (index: number) => SlotKey,
    settings: SealSettings,
  ): Promise<readonly SealedParts[]>;
  close(): Promise<void>;
}

/** Below it the way to a thread and back costs more than the sealing. */
const WORTH_A_THREAD = 100;
/** One core is the loop's. With more threads than this the loop is what a batch waits for. */
const MOST_THREADS = 4;

/** @param entry what a thread runs; without such a file all is sealed here, as it is with one core */
export const createRowSealer = (
  threads = Math.min(MOST_THREADS, availableParallelism() - 1),
  entry = new URL('./row-thread.js', import.meta.url),
): RowSealer => new ThreadedSealer(existsSync(fileURLToPath(entry)) ? threads : 0, entry);

/** `null`: the thread did not do it. */
type Waiting = (sealed: SealedBatchRows | null) => void;

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

class ThreadedSealer implements RowSealer {
  readonly #threads: number;
  readonly #entry: URL;
  readonly #running: Thread[] = [];
  #next = 0;
  #closed = false;

  constructor(threads: number, entry: URL) {
    this.#threads = threads;
    this.#entry = entry;
  }

  async seal(
    rows: readonly OpenRow[],
    keyFor: (index: number) => SlotKey,
    settings: SealSettings,
  ): Promise<readonly SealedParts[]> {
    if (rows.length >= WORTH_A_THREAD && this.#threads > 0 && !this.#closed) {
      const sealed = await this.#send(packRows(rows, keyFor, settings));
      if (sealed) return unpackRows(rows, sealed, settings.encrypts);
    }
    return sealOpenRows(rows, keyFor, settings);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#running.map(({ worker }) => worker.terminate()));
  }

  #send(batch: RowBatch): Promise<SealedBatchRows | null> {
    const { worker, waiting } = this.#pick();
    const id = this.#next++;
    return new Promise((resolve) => {
      waiting.set(id, resolve);
      worker.ref();
      const moved = [batch.vectors, batch.keyOf, batch.dimensions, batch.versions].map(({ buffer }) => buffer);
      worker.postMessage({ id, batch } satisfies SealRequest, moved);
    });
  }

  /** Whoever has least to do; another one while all have something and there may be more. */
  #pick(): Thread {
    const [least] = this.#running.toSorted((a, b) => a.waiting.size - b.waiting.size);
    return least && (least.waiting.size === 0 || this.#running.length >= this.#threads) ? least : this.#start();
  }

  #start(): Thread {
    const thread: Thread = { worker: new Worker(this.#entry), waiting: new Map() };
    const { worker, waiting } = thread;
    this.#running.push(thread);
    worker.on('message', ({ id, sealed }: SealReply) => {
      const settle = waiting.get(id);
      waiting.delete(id);
      if (waiting.size === 0) worker.unref();
      settle?.(sealed);
    });
    const end = (): void => {
      const at = this.#running.indexOf(thread);
      if (at >= 0) this.#running.splice(at, 1);
      for (const settle of waiting.values()) settle(null);
      waiting.clear();
    };
    worker.on('error', end);
    worker.on('exit', end);
    return thread;
  }
}
