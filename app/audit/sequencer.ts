import type { Database } from '../db/pool.js';
import { awaitSequencer, sequencePending } from './store.js';

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
  /** Puts all in order that is committed now, also behind another replica that is at it and may have looked before. */
  run(): Promise<void>;
  stop(): Promise<void>;
}

/** A run holds its lock for some 20 µs an event. */
const MOST = 1_000;
/** Long enough for the transaction to commit, and for one run to take what several wrote: it commits too, and so waits for the disk. */
const WAKE_MS = 100;

/** Whoever gets the tenant's lock puts in order what all replicas committed; the sweep takes what a dead one left behind. */
export const startSequencer = (options: SequencerOptions): Sequencer => new SweepingSequencer(options);

class SweepingSequencer implements Sequencer {
  readonly #options: SequencerOptions;
  readonly #sweep: NodeJS.Timeout;
  #running: Promise<void> | undefined;
  #waking: NodeJS.Timeout | undefined;
  #stopped = false;
  #trouble = false;

  constructor(options: SequencerOptions) {
    this.#options = options;
    this.#sweep = setInterval(() => void this.#runOnce(), options.sweepMs ?? 1_000);
    this.#sweep.unref();
  }

  wake(): void {
    if (this.#waking !== undefined || this.#stopped) return;
    this.#waking = setTimeout(() => {
      this.#waking = undefined;
      void this.#runOnce();
    }, WAKE_MS);
    this.#waking.unref();
  }

  async run(): Promise<void> {
    // The run that is under way may have looked before what the caller committed.
    await this.#running;
    await this.#runOnce(true);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#sweep);
    clearTimeout(this.#waking);
    await this.#running;
    // Another replica that is at it takes the rest.
    await this.#runOnce();
  }

  #runOnce(patient = false): Promise<void> {
    this.#running ??= this.#work(patient).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #work(patient: boolean): Promise<void> {
    const { db, before, after, log } = this.#options;
    try {
      await before();
      for (let left = true; left; ) {
        const sequenced = await sequencePending(db, MOST);
        if (sequenced === undefined && patient) await awaitSequencer(db);
        else left = sequenced === MOST;
      }
      await after();
      this.#trouble = false;
    } catch (err) {
      if (!this.#trouble && !this.#stopped) {
        log.warn({ err }, 'audit events are not put in order at the moment; they wait in their table');
      }
      this.#trouble = true;
    }
  }
}
