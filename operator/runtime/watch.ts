import {
  type KubeClient,
  KubeError,
  type ListOptions,
  type LiveObject,
  type Resource,
  type WatchEvent,
} from '../clients/kube.js';
import { type Backoff, backoffMs } from './backoff.js';
import { type Clock, delay, systemClock } from './clock.js';
import type { Log } from './log.js';
import { type Change, WatchCache } from './watch-cache.js';

/** Why a watch was opened again, or the list read again. */
export type Restart = 'closed' | 'idle' | 'expired' | 'error' | 'relist';

export interface ReflectorOptions<T extends LiveObject> {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly log: Log;
  /** Drops what nobody reads before an object is kept. @default `dropManagedFields` */
  readonly trim?: ((object: T) => T) | undefined;
  /** Value under which `withIndex` finds an object. @default no index */
  readonly indexBy?: ((object: T) => string | undefined) | undefined;
  /** A whole list from time to time repairs whatever no event told. @default 30 min, ±10 % */
  readonly relistMs?: number | undefined;
  /** A stream silent for so long is taken for dead. Servers send a bookmark every minute. @default 150 s */
  readonly idleMs?: number | undefined;
  /** @default 250 ms to 30 s */
  readonly backoff?: Backoff | undefined;
  readonly onRestart?: ((resource: Resource, why: Restart) => void) | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

export interface Reflector<T extends LiveObject> {
  readonly resource: Resource;
  readonly hasSynced: boolean;
  readonly size: number;
  /** Key: `name` or `namespace/name`. Frozen. */
  get(key: string): T | undefined;
  list(): readonly T[];
  keys(): readonly string[];
  withIndex(value: string): readonly T[];
  /** Called in order, synchronously, for each change from now on. Returns how to stop it. */
  onChange(handler: (change: Change<T>) => void): () => void;
  start(): void;
  /** Resolves when the first list is in the cache and all handlers have seen it. */
  synced(): Promise<void>;
  /** Closes the stream; resolves when nothing runs any more. */
  stop(): Promise<void>;
}

const DEFAULT_BACKOFF: Backoff = { baseMs: 250, maxMs: 30_000 };
/** A stream that lasted so long worked: the next failure is a new one. */
const STABLE_MS = 5_000;

/** Server bookkeeping, often a third of an object. */
export const dropManagedFields = <T extends LiveObject>(object: T): T => {
  const { managedFields, ...metadata } = object.metadata;
  return managedFields === undefined ? object : { ...object, metadata };
};

const isExpired = (error: unknown): boolean =>
  error instanceof KubeError &&
  (error.status === 410 ||
    // The server's history is younger than our version: it was restored, or began anew.
    error.message.includes('Too large resource version'));

const retryAfterMs = (error: unknown): number =>
  error instanceof KubeError && error.retryAfterSeconds !== undefined ? error.retryAfterSeconds * 1000 : 0;

interface Watchdog {
  readonly seen: () => void;
  readonly stop: () => void;
}

const startWatchdog = (clock: Clock, idleMs: number, bark: () => void): Watchdog => {
  let lastSeen = clock.now();
  let cancel: () => void = () => undefined;
  // Looks again when the silence could be long enough, instead of moving a timer at each event.
  const look = (): void => {
    const leftMs = lastSeen + idleMs - clock.now();
    if (leftMs <= 0) bark();
    else cancel = clock.after(leftMs, look);
  };
  look();
  return {
    seen: () => {
      lastSeen = clock.now();
    },
    stop: () => cancel(),
  };
};

/**
 * Mirrors one kind: list, then watch from the list's version. States of the loop:
 *
 *     no version ──list──▶ version ──watch──▶ events advance the version
 *          ▲                  ▲                   │
 *          │                  └── closed, idle, error (version kept; backoff unless it made progress)
 *          └── 410, or time for the periodic list
 */
class WatchReflector<T extends LiveObject> implements Reflector<T> {
  readonly #options: ReflectorOptions<T>;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #cache: WatchCache<T>;
  readonly #handlers = new Set<(change: Change<T>) => void>();
  readonly #stop = new AbortController();
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #running: Promise<void> | undefined;
  #version: string | undefined;
  #hasSynced = false;
  #relistAt = 0;
  /** Failures in a row without progress between them. */
  #failures = 0;
  /** Watches in a row that ended in silence without a single event. */
  #silences = 0;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#cache = new WatchCache(options.trim ?? dropManagedFields, options.indexBy);
  }

  get resource(): Resource {
    return this.#options.resource;
  }

  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  get size(): number {
    return this.#cache.size;
  }

  get(key: string): T | undefined {
    return this.#cache.get(key);
  }

  list(): readonly T[] {
    return [...this.#cache.values()];
  }

  keys(): readonly string[] {
    return [...this.#cache.keys()];
  }

  withIndex(value: string): readonly T[] {
    return this.#cache.withIndex(value);
  }

  onChange(handler: (change: Change<T>) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  synced(): Promise<void> {
    if (this.#hasSynced) return Promise.resolve();
    if (this.#stop.signal.aborted) return Promise.reject(this.#stoppedEarly());
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#stoppedEarly());
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      let error: unknown;
      let why: Restart;
      try {
        if (this.#version === undefined) await this.#list(signal);
        why = await this.#follow(signal);
      } catch (caught) {
        error = caught;
        why = isExpired(caught) ? 'expired' : 'error';
      }
      if (!signal.aborted) await this.#pause(why, error, signal);
    }
  }

  /** Waits as long as the reason asks for, and forgets the version when only a list can help. */
  async #pause(why: Restart, error: unknown, signal: AbortSignal): Promise<void> {
    const { log, resource, onRestart } = this.#options;
    onRestart?.(resource, why);
    this.#silences = why === 'idle' ? this.#silences + 1 : 0;
    // Once silent: the socket was dead. Twice: a server restored from a backup never gets to our version; only a list helps.
    if (why === 'relist' || why === 'expired' || this.#silences > 1) this.#version = undefined;
    // Silence took its time already, and the periodic list was planned.
    if (why === 'relist' || why === 'idle') return;
    this.#failures += 1;
    const first = this.#failures === 1;
    // Servers close every watch now and then, and a 410 is answered by one list: neither is a reason to wait once.
    if (first && why === 'closed') return;
    const wait =
      why === 'expired' && first
        ? 0
        : backoffMs(this.#options.backoff ?? DEFAULT_BACKOFF, this.#failures, this.#random);
    const waitMs = Math.max(wait, retryAfterMs(error));
    const fields = { resource: resource.plural, why, waitMs: Math.round(waitMs), err: error };
    if (why === 'error') log.warn(fields, 'watch failed; trying again');
    else log.debug(fields, 'watch ended; trying again');
    if (waitMs > 0) await delay(this.#clock, waitMs, signal);
  }

  #selection(): ListOptions {
    const { namespace, labelSelector, fieldSelector } = this.#options;
    return {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    };
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, resource, relistMs = 1_800_000 } = this.#options;
    const { items, resourceVersion } = await client.list<T>(resource, this.#selection(), signal);
    for (const change of this.#cache.replace(items)) this.#emit(change);
    this.#version = resourceVersion;
    this.#relistAt = this.#clock.now() + relistMs * (0.9 + this.#random() / 5);
    this.#hasSynced = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  async #follow(signal: AbortSignal): Promise<Restart> {
    const { client, resource, idleMs = 150_000 } = this.#options;
    const began = this.#clock.now();
    const from = this.#version ?? '';
    const stop = new AbortController();
    let why: Restart = 'closed';
    const end = (because: Restart) => () => {
      why = because;
      stop.abort();
    };
    const forward = end('closed');
    signal.addEventListener('abort', forward, { once: true });
    const watchdog = startWatchdog(this.#clock, idleMs, end('idle'));
    const cancelRelist = this.#clock.after(this.#relistAt - began, end('relist'));
    try {
      const options = { ...this.#selection(), resourceVersion: from };
      for await (const event of client.watch<T>(resource, options, stop.signal)) {
        if (stop.signal.aborted) break;
        watchdog.seen();
        this.#apply(event);
      }
    } finally {
      watchdog.stop();
      cancelRelist();
      signal.removeEventListener('abort', forward);
      if (this.#version !== from) this.#silences = 0;
      if (this.#version !== from || this.#clock.now() - began >= STABLE_MS) this.#failures = 0;
    }
    return why;
  }

  #apply(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') {
      this.#version = event.resourceVersion;
      return;
    }
    const change = event.type === 'DELETED' ? this.#cache.delete(event.object) : this.#cache.upsert(event.object);
    this.#version = event.object.metadata.resourceVersion;
    if (change !== undefined) this.#emit(change);
  }

  #emit(change: Change<T>): void {
    for (const handler of this.#handlers) {
      try {
        handler(change);
      } catch (err) {
        this.#options.log.error({ err, resource: this.resource.plural, key: change.key }, 'a watch handler threw');
      }
    }
  }

  #stoppedEarly(): Error {
    return new Error(`the watch of ${this.resource.plural} was stopped before its first list`);
  }
}

export const createReflector = <T extends LiveObject>(options: ReflectorOptions<T>): Reflector<T> =>
  new WatchReflector(options);
