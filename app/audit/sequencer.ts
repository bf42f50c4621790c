import type { Database } from '../db/pool.js';
import { sequencePending } from './store.js';

export interface SequencerOptions {
  readonly db: Database;
  /** Before each run: what is to be recorded besides. */
  readonly before: () => Promise<void>;
  /** After events were put in order, and once a second besides. */
  readonly after: () => Promise<void>;
  readonly log: { warn(fields: object, message: string): void };
  /** @default 1000 */
  readonly sweepMs?: number;
}

export interface Sequencer {
  /** Something was recorded in a transaction that commits in a moment. */
  wake(): void;
  /** Puts all in order that is committed now. */
  run(): Promise<void>;
  stop(): Promise<void>;
}

/** A run holds its lock for some 20 µs an event. */
const MOST = 1_000;
/** Long enough for the transaction to commit, and to take several in one run. */
const WAKE_MS = 30;

/** Whoever gets the tenant's lock puts in order what all replicas committed; the sweep takes what a dead one left behind. */
export const startSequencer = ({ db, before, after, log, sweepMs = 1_000 }: SequencerOptions): Sequencer => {
  let running: Promise<void> | undefined;
  let waking: NodeJS.Timeout | undefined;
  let stopped = false;
  let trouble = false;

  const work = async (): Promise<void> => {
    try {
      await before();
      while ((await sequencePending(db, MOST)) === MOST);
      await after();
      trouble = false;
    } catch (err) {
      if (!trouble && !stopped)
        log.warn({ err }, 'audit events are not put in order at the moment; they wait in their table');
      trouble = true;
    }
  };
  const run = (): Promise<void> => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
  const sweep = setInterval(() => void run(), sweepMs);
  sweep.unref();
  return {
    wake: () => {
      if (waking !== undefined || stopped) return;
      waking = setTimeout(() => {
        waking = undefined;
        void run();
      }, WAKE_MS);
      waking.unref();
    },
    run: async () => {
      await running;
      await run();
    },
    stop: async () => {
      stopped = true;
      clearInterval(sweep);
      clearTimeout(waking);
      await running;
      await run();
    },
  };
};
