import type { LiveObject } from '../clients/kube.js';
import type { Backoff } from './backoff.js';
import { type Clock, systemClock } from './clock.js';
import type { Log } from './log.js';
import { createQueue, type Priority, type QueueObserver, type RunResult, type WorkQueue } from './queue.js';
import type { Reflector } from './watch.js';
import type { Change } from './watch-cache.js';

/** A source of keys: what it is does not matter to the controller. */
export interface Source {
  /** Starts if need be; resolves when everything that exists has been told. */
  synced(): Promise<void>;
  /** Tells all present keys, then those of each change. Returns how to stop it. */
  subscribe(add: (key: string) => void): () => void;
}

/** Changes of a kind, and whose reconciliation each asks for. */
export const watching = <T extends LiveObject>(
  reflector: Reflector<T>,
  keysOf: (change: Change<T>) => readonly string[],
): Source => ({
  synced() {
    reflector.start();
    return reflector.synced();
  },
  subscribe(add) {
    const tell = (change: Change<T>): void => {
      for (const key of keysOf(change)) add(key);
    };
    for (const key of reflector.keys()) {
      const object = reflector.get(key);
      if (object !== undefined) tell({ type: 'upsert', key, object, previous: undefined });
    }
    return reflector.onChange(tell);
  },
});

const metadataPart = (object: LiveObject): string => {
  const { labels, annotations, finalizers, deletionTimestamp } = object.metadata;
  return JSON.stringify([labels, annotations, finalizers, deletionTimestamp]);
};

/**
 * False for a change of status alone. Without this a controller that writes status wakes itself, and one that fails
 * would dodge its own backoff.
 */
export const isMeaningful = <T extends LiveObject>(change: Change<T>): boolean => {
  if (change.type === 'delete' || change.previous === undefined) return true;
  const { object, previous } = change;
  return (
    object.metadata.uid !== previous.metadata.uid ||
    object.metadata.generation === undefined ||
    object.metadata.generation !== previous.metadata.generation ||
    metadataPart(object) !== metadataPart(previous)
  );
};

export interface ControllerOptions {
  readonly name: string;
  readonly sources: readonly Source[];
  /** Brings the object of this key nearer to its spec. A throw is the unexpected: logged, retried with backoff. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<RunResult>;
  /** @default 10 */
  readonly workers?: number | undefined;
  readonly backoff?: Backoff | undefined;
  /** All keys again from time to time, against drift that no event tells of. */
  readonly resync?: { readonly everyMs: number; readonly keys: () => readonly string[] } | undefined;
  readonly log: Log;
  readonly observer?: QueueObserver | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
}

export interface Controller {
  readonly name: string;
  readonly queue: WorkQueue;
  /** Resolves when all sources are synced and the workers run. */
  start(): Promise<void>;
  /** Unsubscribes and drains; the reflectors go on for whoever else reads them. False: some runs had to be aborted. */
  stop(deadlineMs: number): Promise<boolean>;
}

/** Starts the periodic resync; returns how to stop it. */
const keepResyncing = (
  { everyMs, keys }: NonNullable<ControllerOptions['resync']>,
  queue: WorkQueue,
  clock: Clock,
  random: () => number,
): (() => void) => {
  let cancel: () => void = () => undefined;
  const next = (): void => {
    // ±10 %: many controllers that started together drift apart.
    cancel = clock.after(everyMs * (0.9 + random() / 5), () => {
      for (const key of keys()) queue.add(key, 'low');
      next();
    });
  };
  next();
  return () => cancel();
};

export const createController = (options: ControllerOptions): Controller => {
  const { name, sources, reconcile, resync, log, clock = systemClock, random = Math.random } = options;
  const queue = createQueue({
    run: reconcile,
    workers: options.workers ?? 10,
    backoff: options.backoff,
    observer: options.observer,
    clock,
    random,
    onError: (key, err, failures, waitMs) =>
      log.error({ controller: name, key, err, failures, waitMs: Math.round(waitMs) }, 'reconcile failed; trying again'),
  });
  const ends: (() => void)[] = [];
  let stopped = false;
  return {
    name,
    queue,
    async start() {
      let priority: Priority = 'low';
      for (const source of sources) ends.push(source.subscribe((key) => queue.add(key, priority)));
      await Promise.all(sources.map((source) => source.synced()));
      if (stopped) return;
      priority = 'normal';
      queue.start();
      if (resync !== undefined) ends.push(keepResyncing(resync, queue, clock, random));
    },
    async stop(deadlineMs) {
      stopped = true;
      for (const end of ends.splice(0)) end();
      return await queue.stop(deadlineMs);
    },
  };
};
