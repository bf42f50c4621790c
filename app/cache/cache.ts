import type { ComponentState } from '../health/component-state.js';
import { createLruMap, type LruMap } from '../tenancy/lru-map.js';
import type { Vault } from '../tenancy/vault.js';
import { createGenerations, type Generations } from './generations.js';
import type { SharedStore } from './redis.js';

export const CACHE_KINDS = ['embedding', 'stats', 'centroid', 'session'] as const;
export type CacheKind = (typeof CACHE_KINDS)[number];

/** What may be forgotten at any time: in this process, and in Redis when there is one, sealed there like everything. */
export interface Cache {
  getMany(kind: CacheKind, names: readonly string[]): Promise<readonly (Buffer | undefined)[]>;
  setMany(kind: CacheKind, entries: readonly (readonly [string, Buffer])[]): Promise<void>;
  /** The value of JSON under this name, or the one that `make` makes. */
  remember<T>(kind: CacheKind, name: string, make: () => Promise<T>): Promise<T>;
  /** The same, made anew as soon as one of the tags was touched: a sum over what may change. */
  rememberOf<T>(kind: CacheKind, name: string, tags: readonly string[], make: () => Promise<T>): Promise<T>;
  /** What was made from these has changed: it is not used again, here or, with Redis, in another replica. */
  touch(tags: readonly string[]): Promise<void>;
  delete(kind: CacheKind, names: readonly string[]): Promise<void>;
  /** Everything of a kind: for an erasure, after which nothing of a person may be left. Says how many entries went. */
  clear(kind: CacheKind): Promise<number>;
  health(): ComponentState;
  /** Since the start. */
  counts(): Readonly<Record<CacheKind, LookupCounts>>;
}

export interface LookupCounts {
  readonly hits: number;
  readonly misses: number;
}

export interface CacheOptions {
  readonly vault: Vault;
  readonly shared: SharedStore | undefined;
  readonly log: { warn(fields: object, message: string): void };
  readonly now?: () => number;
}

interface Limits {
  readonly entries: number;
  readonly localMs: number;
  readonly sharedMs: number;
}

const MINUTE = 60_000;
/** A vector of 512 numbers is 2 KB: 5,000 are 10 MB. Statistics are what people look at, so seconds are as good as now. */
const LIMITS: Readonly<Record<CacheKind, Limits>> = {
  embedding: { entries: 5_000, localMs: 10 * MINUTE, sharedMs: 60 * MINUTE },
  stats: { entries: 1_000, localMs: 2_000, sharedMs: 30_000 },
  centroid: { entries: 200, localMs: MINUTE, sharedMs: 10 * MINUTE },
  session: { entries: 5_000, localMs: 30_000, sharedMs: 5 * MINUTE },
};

interface Entry {
  readonly value: Buffer;
  readonly until: number;
}

export const createCache = (options: CacheOptions): Cache => new TieredCache(options);

class TieredCache implements Cache {
  readonly #options: CacheOptions;
  readonly #now: () => number;
  #local = newTiers();
  #epoch: number;
  readonly #counts = newCounts();
  readonly #generations: Generations;

  constructor(options: CacheOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#epoch = options.vault.epoch();
    this.#generations = createGenerations({
      shared: options.shared,
      keyOf: (tag) => `generation:${options.vault.cacheToken(`generation\0${tag}`).toString('base64url')}`,
    });
  }

  async getMany(kind: CacheKind, names: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    this.#followKeyring();
    const keys = names.map((name) => this.#keyOf(kind, name));
    const found = keys.map((key) => this.#getLocal(kind, key));
    const missing = keys.flatMap((key, index) => (found[index] === undefined ? [{ key, index }] : []));
    const shared = await this.#getShared(
      kind,
      missing.map(({ key }) => key),
    );
    missing.forEach(({ key, index }, position) => {
      const value = shared[position];
      if (value === undefined) return;
      found[index] = value;
      this.#setLocal(kind, key, value);
    });
    const hits = found.filter((value) => value !== undefined).length;
    this.#counts[kind].hits += hits;
    this.#counts[kind].misses += names.length - hits;
    return found;
  }

  async setMany(kind: CacheKind, entries: readonly (readonly [string, Buffer])[]): Promise<void> {
    const keyed = entries.map(([name, value]) => [this.#keyOf(kind, name), value] as const);
    for (const [key, value] of keyed) this.#setLocal(kind, key, value);
    await this.#share(async (shared) => {
      const { vault } = this.#options;
      await vault.prepare([CACHE_SLOT]);
      const sealed = keyed.map(([key, value]) => [key, vault.sealCache(placeOf(key), value)] as const);
      await shared.setMany(sealed, LIMITS[kind].sharedMs);
    });
  }

  async remember<T>(kind: CacheKind, name: string, make: () => Promise<T>): Promise<T> {
    const [known] = await this.getMany(kind, [name]);
    if (known !== undefined) return JSON.parse(known.toString('utf8')) as T;
    const value = await make();
    await this.setMany(kind, [[name, Buffer.from(JSON.stringify(value), 'utf8')]]);
    return value;
  }

  async rememberOf<T>(kind: CacheKind, name: string, tags: readonly string[], make: () => Promise<T>): Promise<T> {
    // Looked at before the value is made: what changes meanwhile leaves it under a name that nobody asks for again.
    const stamp = await this.#generations.stamp(tags);
    return this.remember(kind, `${name}\0${stamp}`, make);
  }

  touch(tags: readonly string[]): Promise<void> {
    return this.#generations.touch(tags);
  }

  async delete(kind: CacheKind, names: readonly string[]): Promise<void> {
    const keys = names.map((name) => this.#keyOf(kind, name));
    for (const key of keys) this.#local[kind].delete(key);
    await this.#share((shared) => shared.delete(keys));
  }

  async clear(kind: CacheKind): Promise<number> {
    this.#local[kind] = newTier(kind);
    return (await this.#share((shared) => shared.deleteAll(`cache:${kind}:`))) ?? 0;
  }

  counts(): Readonly<Record<CacheKind, LookupCounts>> {
    return this.#counts;
  }

  /** A keyring of another epoch: somebody may have been erased, here or by another replica. */
  #followKeyring(): void {
    const epoch = this.#options.vault.epoch();
    if (epoch !== this.#epoch) this.#local = newTiers();
    this.#epoch = epoch;
  }

  health(): ComponentState {
    const { status, detail } = this.#options.shared?.health() ?? { status: 'ok', detail: 'in this process' };
    const counts = Object.values(this.#counts);
    const lookups = counts.reduce((sum, { hits, misses }) => sum + hits + misses, 0);
    const hits = counts.reduce((sum, kind) => sum + kind.hits, 0);
    const share =
      lookups === 0 ? 'no lookups yet' : `${Math.round((100 * hits) / lookups)} % of ${lookups} lookups hit`;
    return { status, detail: `${detail}; ${share}` };
  }

  #getLocal(kind: CacheKind, key: string): Buffer | undefined {
    const entry = this.#local[kind].get(key);
    if (entry === undefined || entry.until > this.#now()) return entry?.value;
    this.#local[kind].delete(key);
    return undefined;
  }

  #setLocal(kind: CacheKind, key: string, value: Buffer): void {
    this.#local[kind].set(key, { value, until: this.#now() + LIMITS[kind].localMs });
  }

  async #getShared(kind: CacheKind, keys: readonly string[]): Promise<readonly (Buffer | undefined)[]> {
    if (keys.length === 0) return [];
    const { vault } = this.#options;
    const values = await this.#share(async (shared) => {
      const sealed = await shared.getMany(keys);
      if (sealed.some((value) => value !== null)) await vault.prepare([CACHE_SLOT]);
      return sealed.map((value, index) => this.#open(kind, keys[index] as string, value));
    });
    return values ?? [];
  }

  /** What does not open was put there by somebody else, or under a key that is gone: as if it were not there. */
  #open(kind: CacheKind, key: string, value: Buffer | null): Buffer | undefined {
    if (value === null) return undefined;
    try {
      return this.#options.vault.openCache(placeOf(key), value);
    } catch {
      this.#options.log.warn({ kind }, 'a cached value cannot be opened and is not used');
      return undefined;
    }
  }

  /** Redis being away, or slow, is never an error here. */
  async #share<T>(use: (shared: SharedStore) => Promise<T>): Promise<T | undefined> {
    const { shared } = this.#options;
    if (shared === undefined || !shared.isReady()) return undefined;
    try {
      return await use(shared);
    } catch {
      return undefined;
    }
  }

  #keyOf(kind: CacheKind, name: string): string {
    return `cache:${kind}:${this.#options.vault.cacheToken(`${kind}\0${name}`).toString('base64url')}`;
  }
}

const newTier = (kind: CacheKind): LruMap<string, Entry> => createLruMap(LIMITS[kind].entries);
const newTiers = (): Record<CacheKind, LruMap<string, Entry>> =>
  Object.fromEntries(CACHE_KINDS.map((kind) => [kind, newTier(kind)])) as Record<CacheKind, LruMap<string, Entry>>;

const newCounts = () =>
  Object.fromEntries(CACHE_KINDS.map((kind) => [kind, { hits: 0, misses: 0 }])) as Record<
    CacheKind,
    { hits: number; misses: number }
  >;

/** The tenant's own: a cached value is about no one person, and an erasure clears the kinds that could be. */
const CACHE_SLOT = 0;

/** A value belongs to its key: moved to another one it does not open. */
const placeOf = (key: string) => {
  const token = Buffer.from(key.slice(key.lastIndexOf(':') + 1), 'base64url').toString('hex');
  const rowId = `${token.slice(0, 8)}-${token.slice(8, 12)}-${token.slice(12, 16)}-${token.slice(16, 20)}-${token.slice(20, 32)}`;
  return { slot: CACHE_SLOT, table: key.slice(0, key.lastIndexOf(':')), rowId, version: 1 };
};
