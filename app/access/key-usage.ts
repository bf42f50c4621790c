import type { Queryable } from '../db/pool.js';
import { updateLastUsed } from './key-store.js';

/** When each key was last used, written down in one statement for all of them. */
export interface KeyUsage {
  used(keyId: string): void;
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** A list of keys is looked at by people: to within some seconds is exact enough, and costs a write for many requests. */
const FLUSH_MS = 5_000;

export const createKeyUsage = (db: Queryable, now: () => number = Date.now): KeyUsage => {
  let pending = new Map<string, number>();
  const flush = async (): Promise<void> => {
    if (pending.size === 0) return;
    const batch = pending;
    pending = new Map();
    try {
      await updateLastUsed(
        db,
        [...batch.keys()],
        [...batch.values()].map((at) => new Date(at)),
      );
    } catch {
      // Not worth an error: the next use of these keys is written again.
    }
  };
  const timer = setInterval(() => void flush(), FLUSH_MS);
  timer.unref();
  return {
    used: (keyId) => {
      pending.set(keyId, now());
    },
    flush,
    stop: async () => {
      clearInterval(timer);
      await flush();
    },
  };
};
