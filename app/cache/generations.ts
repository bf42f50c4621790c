import { randomBytes } from 'node:crypto';
import type { SharedStore } from './redis.js';

/** Which state of things a cached value was made from: whoever changes one of them gives it another number. */
export interface Generations {
  /** Another text after any of the tags was touched. */
  stamp(tags: readonly string[]): Promise<string>;
  touch(tags: readonly string[]): Promise<void>;
}

export interface GenerationsOptions {
  readonly shared: SharedStore | undefined;
  /** No shared store learns whose things were changed. */
  readonly keyOf: (tag: string) => string;
}

/** Longer than any value of the cache lives: a tag that is forgotten has none left that was made before. */
const SHARED_MS = 60 * 60_000;
/** Some 2 MB; when there are more, all begin anew. */
const MAX_LOCAL = 20_000;

/** In Redis when it answers, so that every replica sees a change at once; else in this process. */
export const createGenerations = ({ shared, keyOf }: GenerationsOptions): Generations => {
  const local = new Map<string, number>();
  let count = 0;
  let base = 0;
  const inShared = async <T>(use: (store: SharedStore) => Promise<T>): Promise<T | undefined> => {
    if (shared === undefined || !shared.isReady()) return undefined;
    try {
      return await use(shared);
    } catch {
      return undefined;
    }
  };
  return {
    stamp: async (tags) => {
      const known = await inShared((store) => store.getMany(tags.map(keyOf)));
      if (known !== undefined) return known.map((value) => value?.toString('latin1') ?? '').join();
      return tags.map((tag) => local.get(tag) ?? base).join();
    },
    touch: async (tags) => {
      if (local.size + tags.length > MAX_LOCAL) {
        local.clear();
        base = ++count;
      }
      for (const tag of tags) local.set(tag, ++count);
      const next = Buffer.from(randomBytes(9).toString('base64url'), 'latin1');
      await inShared((store) =>
        store.setMany(
          tags.map((tag) => [keyOf(tag), next] as const),
          SHARED_MS,
        ),
      );
    },
  };
};
