import type { Database } from '../db/pool.js';
import { createLruMap, type LruMap } from '../tenancy/lru-map.js';
import type { Vault } from '../tenancy/vault.js';
import type { Presenter } from './present.js';
import { tampered } from './row-mac.js';
import type { Memory } from './schema.js';
import { type Seen, selectByIds, selectStamps, type Viewer, viewerValues } from './store.js';

/** A memory as a client sees it, and what the audit log wants to know of it. */
export interface ReadMemory {
  readonly id: string;
  readonly slot: number;
  readonly memory: Memory;
}

/**
 * Memories by id. Whether each exists, may be seen and is still the same row the database says, every time: those who ask at
 * once are asked for in one query. What that row says is opened once.
 */
export interface MemoryReader {
  /** Throws `memory_tampered` for a row that was changed behind the service. */
  read(viewer: Viewer, id: string): Promise<ReadMemory | undefined>;
}

export interface MemoryReaderOptions {
  readonly db: Database;
  readonly vault: Pick<Vault, 'epoch'>;
  readonly presenter: Presenter;
}

/** A memory is a few KB: some 20 MB. */
const OPENED = 5_000;
/** As many ids as a query takes without becoming slow for the first of them. */
const MOST = 200;

interface Opened {
  readonly stamp: string;
  readonly read: ReadMemory;
}

const FORGED = 'forged';
type Found = ReadMemory | typeof FORGED;

interface Waiting {
  readonly id: string;
  readonly resolve: (read: ReadMemory | undefined) => void;
  readonly reject: (cause: unknown) => void;
}

interface Group {
  readonly viewer: Viewer;
  waiting: Waiting[];
}

export const createMemoryReader = (options: MemoryReaderOptions): MemoryReader => new CoalescingReader(options);

class CoalescingReader implements MemoryReader {
  readonly #options: MemoryReaderOptions;
  readonly #groups = new Map<string, Group>();
  #opened: LruMap<string, Opened> = createLruMap(OPENED);
  #epoch: number;

  constructor(options: MemoryReaderOptions) {
    this.#options = options;
    this.#epoch = options.vault.epoch();
  }

  read(viewer: Viewer, id: string): Promise<ReadMemory | undefined> {
    // Two viewers never share a query: the query decides what each may see.
    const name = JSON.stringify(viewerValues(viewer));
    return new Promise((resolve, reject) => {
      const group = this.#groups.get(name);
      if (group !== undefined) {
        group.waiting.push({ id, resolve, reject });
        return;
      }
      const begun: Group = { viewer, waiting: [{ id, resolve, reject }] };
      this.#groups.set(name, begun);
      setImmediate(() => void this.#drain(name, begun));
    });
  }

  /** Whoever comes while a query is under way is in the next one. */
  async #drain(name: string, group: Group): Promise<void> {
    while (group.waiting.length > 0) {
      const batch = group.waiting.splice(0, MOST);
      try {
        const found = await this.#load(group.viewer, [...new Set(batch.map(({ id }) => id))]);
        for (const { id, resolve, reject } of batch) {
          const one = found.get(id);
          if (one === FORGED) reject(tampered(id));
          else resolve(one);
        }
      } catch (cause) {
        for (const { reject } of batch) reject(cause);
      }
    }
    this.#groups.delete(name);
  }

  async #load(viewer: Viewer, ids: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    this.#followKeyring();
    const seen = await selectStamps(this.#options.db, viewer, ids);
    const found = new Map<string, Found>();
    const unknown: Seen[] = [];
    for (const row of seen) {
      const opened = this.#opened.get(row.id);
      if (opened?.stamp === row.stamp) found.set(row.id, opened.read);
      else unknown.push(row);
    }
    if (unknown.length > 0) for (const [id, one] of await this.#open(viewer, unknown)) found.set(id, one);
    return found;
  }

  async #open(viewer: Viewer, seen: readonly Seen[]): Promise<ReadonlyMap<string, Found>> {
    const { db, presenter } = this.#options;
    const rows = await selectByIds(
      db,
      viewer,
      seen.map(({ id }) => id),
    );
    const memories = await presenter.present(
      db,
      rows.map(({ row }) => row),
      { vector: false },
    );
    const byId = new Map(memories.map((memory) => [memory.id, memory]));
    return new Map(
      rows.flatMap(({ row, stamp }): readonly (readonly [string, Found])[] => {
        const memory = byId.get(row.id);
        if (!memory) return presenter.absence(row) === 'tampered' ? [[row.id, FORGED]] : [];
        const read = { id: row.id, slot: row.slot, memory };
        this.#opened.set(row.id, { stamp, read });
        return [[row.id, read]];
      }),
    );
  }

  /** After an erasure nothing that was opened before may be shown. */
  #followKeyring(): void {
    const epoch = this.#options.vault.epoch();
    if (epoch !== this.#epoch) this.#opened = createLruMap(OPENED);
    this.#epoch = epoch;
  }
}
