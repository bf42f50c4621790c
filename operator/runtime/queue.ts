import { KubeError } from '../clients/kube.js';
import { type Backoff, backoffMs } from './backoff.js';
import { type Clock, systemClock } from './clock.js';
import { KeyedTimers } from './timers.js';

/** What a run wants next. Without `requeueAfterMs`: nothing, until somebody adds the key again. */
export interface RunResult {
  readonly requeueAfterMs?: number | undefined;
}

/** `low`: the whole fleet after a restart, or the periodic resync; an edit that somebody waits for goes first. */
export type Priority = 'normal' | 'low';

export interface QueueObserver {
  /** `waitedMs`: from the add to the start of the run. */
  readonly onStart?: (key: string, waitedMs: number) => void;
  readonly onEnd?: (key: string, result: 'done' | 'requeued' | 'failed', ranMs: number) => void;
}

export interface QueueOptions {
  readonly run: (key: string, signal: AbortSignal) => Promise<RunResult>;
  /** Keys that run at one time. */
  readonly workers: number;
  /** @default 100 ms to 5 min */
  readonly backoff?: Backoff | undefined;
  /** A throw. The key runs again after `waitMs`; `failures` counts them in a row. */
  readonly onError: (key: string, error: unknown, failures: number, waitMs: number) => void;
  readonly observer?: QueueObserver | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

export interface WorkQueue {
  /** Keys waiting for a worker. */
  readonly depth: number;
  readonly running: number;
  /** Keys that come back by themselves, later. */
  readonly scheduled: number;
  /** Age of the key that waits longest; 0 when none waits. */
  readonly oldestMs: number;
  /** A run of this key starts after this call. Cheap and idempotent while the key waits. */
  add(key: string, priority?: Priority): void;
  /** The earlier of several times wins. */
  addAfter(key: string, ms: number): void;
  /** The object is gone: drops its failures and schedules, not a waiting or present run. */
  forget(key: string): void;
  start(): void;
  /** Starts nothing more; waits for the runs, aborts those that outlast the deadline. False when some had to be. */
  stop(deadlineMs: number): Promise<boolean>;
}

const DEFAULT_BACKOFF: Backoff = { baseMs: 100, maxMs: 300_000 };
/** Of so many starts one goes to low priority even when edits never cease, so that a resync ends. */
const LOW_SHARE = 4;

interface Waiting {
  readonly since: number;
  readonly priority: Priority;
}

/**
 * A key is in one of these states; only the arrows exist, so no key ever runs twice at one time.
 *
 *     idle ──add──▶ waiting ──worker free──▶ running ──ends──▶ idle (or waiting, when added meanwhile)
 *      ▲  ╲                                     │
 *      │   ◀──timer── scheduled ◀── requeue, failure
 *
 * Waiting keys start in the order they came. One added during its run goes to the end: a hot key can't starve others.
 */
class KeyedQueue implements WorkQueue {
  readonly #options: QueueOptions;
  readonly #clock: Clock;
  readonly #waiting: Readonly<Record<Priority, Map<string, Waiting>>> = { normal: new Map(), low: new Map() };
  readonly #running = new Map<string, Promise<void>>();
  readonly #addedMeanwhile = new Map<string, Waiting>();
  readonly #failures = new Map<string, number>();
  /** Asked for from outside. */
  readonly #delayed: KeyedTimers;
  /** Asked for by the last run; the next run decides anew. */
  readonly #retries: KeyedTimers;
  readonly #abort = new AbortController();
  #started = false;
  #stopped = false;
  #starts = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#delayed = new KeyedTimers(this.#clock, (key) => this.add(key));
    this.#retries = new KeyedTimers(this.#clock, (key) => this.add(key));
  }

  get depth(): number {
    return this.#waiting.normal.size + this.#waiting.low.size;
  }

  get running(): number {
    return this.#running.size;
  }

  get scheduled(): number {
    return this.#delayed.size + this.#retries.size;
  }

  get oldestMs(): number {
    const now = this.#clock.now();
    const [normal] = this.#waiting.normal.values();
    const [low] = this.#waiting.low.values();
    return Math.max(now - (normal?.since ?? now), now - (low?.since ?? now));
  }

  add(key: string, priority: Priority = 'normal'): void {
    if (this.#stopped) return;
    const waiting = { since: this.#clock.now(), priority };
    if (this.#running.has(key)) {
      if (this.#addedMeanwhile.get(key)?.priority !== 'normal') this.#addedMeanwhile.set(key, waiting);
      return;
    }
    this.#enqueue(key, waiting);
    this.#startRuns();
  }

  addAfter(key: string, ms: number): void {
    if (!this.#stopped) this.#delayed.atLatestIn(key, ms);
  }

  forget(key: string): void {
    this.#failures.delete(key);
    this.#delayed.cancel(key);
    this.#retries.cancel(key);
  }

  start(): void {
    this.#started = true;
    this.#startRuns();
  }

  async stop(deadlineMs: number): Promise<boolean> {
    this.#stopped = true;
    this.#delayed.cancelAll();
    this.#retries.cancelAll();
    let late = false;
    const cancel = this.#clock.after(deadlineMs, () => {
      late = this.#running.size > 0;
      this.#abort.abort(new Error(`stopping: not finished within ${deadlineMs} ms`));
    });
    await Promise.all(this.#running.values());
    cancel();
    return !late;
  }

  #enqueue(key: string, waiting: Waiting): void {
    const { normal, low } = this.#waiting;
    if (normal.has(key)) return;
    if (waiting.priority === 'low') {
      if (!low.has(key)) low.set(key, waiting);
      return;
    }
    low.delete(key);
    normal.set(key, waiting);
  }

  #startRuns(): void {
    while (this.#started && !this.#stopped && this.#running.size < this.#options.workers) {
      const next = this.#takeNext();
      if (next === undefined) return;
      this.#start(...next);
    }
  }

  #takeNext(): readonly [string, Waiting] | undefined {
    this.#starts += 1;
    const { normal, low } = this.#waiting;
    const from = low.size > 0 && (normal.size === 0 || this.#starts % LOW_SHARE === 0) ? low : normal;
    const [first] = from;
    if (first !== undefined) from.delete(first[0]);
    return first;
  }

  #start(key: string, waiting: Waiting): void {
    this.#retries.cancel(key);
    // Not in this very call: a run that adds its own key at once must find itself running.
    const begin = Promise.resolve().then(() => this.#run(key, waiting));
    const run = begin.finally(() => {
      this.#running.delete(key);
      const again = this.#addedMeanwhile.get(key);
      this.#addedMeanwhile.delete(key);
      if (again !== undefined && !this.#stopped) this.#enqueue(key, again);
      this.#startRuns();
    });
    this.#running.set(key, run);
  }

  async #run(key: string, waiting: Waiting): Promise<void> {
    const { observer, run } = this.#options;
    const began = this.#clock.now();
    observer?.onStart?.(key, began - waiting.since);
    try {
      const { requeueAfterMs } = await run(key, this.#abort.signal);
      this.#failures.delete(key);
      if (requeueAfterMs !== undefined && !this.#stopped) this.#retries.in(key, requeueAfterMs);
      observer?.onEnd?.(key, requeueAfterMs === undefined ? 'done' : 'requeued', this.#clock.now() - began);
    } catch (error) {
      this.#fail(key, error);
      observer?.onEnd?.(key, 'failed', this.#clock.now() - began);
    }
  }

  #fail(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    const { backoff = DEFAULT_BACKOFF, random, onError } = this.#options;
    const asked = error instanceof KubeError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    const waitMs = Math.max(asked, backoffMs(backoff, failures, random));
    if (!this.#stopped) this.#retries.in(key, waitMs);
    onError(key, error, failures, waitMs);
  }
}

export const createQueue = (options: QueueOptions): WorkQueue => new KeyedQueue(options);
