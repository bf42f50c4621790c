import type { Database } from '../db/pool.js';
import { createLruMap, type LruMap } from '../tenancy/lru-map.js';
import type { Vault } from '../tenancy/vault.js';
import type { ChangeWatch, Moment } from './changes.js';
import type { Presenter } from './present.js';
import { tampered } from './row-mac.js';
import { type MemoryRow, STATUS_ACTIVE } from './rows.js';
import type { Memory } from './schema.js';
import { type Seen, selectByIds, selectStamps, type Viewer, viewerValues } from './store.js';
import { maySee } from './visibility.js';

/** A memory as a client sees it, and what the audit log wants to know of it. */
export interface ReadMemory {
  readonly id: string;
  readonly slot: number;
  readonly row: MemoryRow;
  readonly memory: Memory;
}

/**
 * Memories by id. Whether each exists, may be seen and is still the same row the database says, every time: of what was found
 * before by telling that nothing of it has changed, else by the row itself. Those who ask at once are asked for in one query,
 * and what a row says is opened once.
 */
export interface MemoryReader {
  /** Throws `memory_tampered` for a row that was changed behind the service. */
  read(viewer: Viewer, id: string): Promise<ReadMemory | undefined>;
  /** What is remembered of a memory, if it is that still at this moment. Who may see it is not asked. */
  current(id: string, moment: Moment): ReadMemory | undefined;
  /**
   * What was opened of this very row. The caller has asked the database whether it may be seen, at a time when the revision of
   * changes was `since`.
   */
  known(seen: Seen, since: number): ReadMemory | undefined;
  /** Opens rows that may be seen, and remembers them. */
  open(rows: readonly Stamped[]): Promise<readonly ReadMemory[]>;
}

export interface Stamped {
  readonly row: MemoryRow;
  readonly stamp: string;
  /** The revision of changes when the row was asked for. */
  readonly since: number;
}

export interface MemoryReaderOptions {
  readonly db: Database;
  readonly vault: Pick<Vault, 'epoch'>;
  readonly presenter: Presenter;
  readonly changes: ChangeWatch;
}

/** A memory is a few KB: some 20 MB. */
const OPENED = 5_000;
/** As many ids as a query takes without becoming slow for the first of them. */
const MOST = 200;

interface Opened {
  readonly stamp: string;
  readonly read: ReadMemory;
  /** The row has this stamp as long as no change of it is told: true in the era of this number. */
  era: number;
}

const UNCERTAIN = -1;

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
  /** Queries under way. */
  running: number;
}

/** While the database looks for some, the next are gathered and sent: with one query alone this process would wait for each. */
const AT_ONCE = 2;

export const createMemoryReader = (options: MemoryReaderOptions): MemoryReader => new CoalescingReader(options);

class CoalescingReader implements MemoryReader {
  readonly #options: MemoryReaderOptions;
  readonly #groups = new Map<string, Group>();
  #opened: LruMap<string, Opened> = createLruMap(OPENED);
  #epoch: number;
  /** Ends when anything may have changed. */
  #era = 0;

  constructor(options: MemoryReaderOptions) {
    this.#options = options;
    this.#epoch = options.vault.epoch();
    options.changes.onChange((ids) => this.#forget(ids));
  }

  read(viewer: Viewer, id: string): Promise<ReadMemory | undefined> {
    if (this.#opened.get(id)?.era !== this.#era) return this.#ask(viewer, id);
    return this.#options.changes.look().then((moment) => {
      const read = this.current(id, moment);
      return read && maySee(viewer, read.row) ? read : this.#ask(viewer, id);
    });
  }

  current(id: string, { clock }: Moment): ReadMemory | undefined {
    this.#followKeyring();
    const opened = this.#opened.get(id);
    if (opened?.era !== this.#era) return undefined;
    const { status, expires_at } = opened.read.row;
    const isOver = status === STATUS_ACTIVE && expires_at !== null && expires_at.getTime() <= clock;
    return isOver ? undefined : opened.read;
  }

  #forget(ids: readonly string[] | undefined): void {
    if (ids === undefined) this.#era++;
    else
      for (const id of ids) {
        const opened = this.#opened.get(id);
        if (opened) opened.era = UNCERTAIN;
      }
  }

  /** Nothing of it was told since: what was read then is so now. */
  #eraSince(since: number): number {
    return since === this.#options.changes.revision() ? this.#era : UNCERTAIN;
  }

  #ask(viewer: Viewer, id: string): Promise<ReadMemory | undefined> {
    // Two viewers never share a query: the query decides what each may see.
    const name = nameOf(viewer);
    return new Promise((resolve, reject) => {
      let group = this.#groups.get(name);
      if (group === undefined) {
        group = { viewer, waiting: [], running: 0 };
        this.#groups.set(name, group);
      }
      group.waiting.push({ id, resolve, reject });
      // The first of a turn sends for all who come within it.
      if (group.waiting.length === 1 && group.running < AT_ONCE) setImmediate(() => void this.#drain(name));
    });
  }

  /** Whoever comes while as many queries are under way as may be is in the next one. */
  async #drain(name: string): Promise<void> {
    const group = this.#groups.get(name);
    if (group === undefined || group.running >= AT_ONCE) return;
    group.running++;
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
    group.running--;
    if (group.running === 0) this.#groups.delete(name);
  }

  known({ id, stamp }: Seen, since: number): ReadMemory | undefined {
    this.#followKeyring();
    const opened = this.#opened.get(id);
    if (opened?.stamp !== stamp) return undefined;
    opened.era = this.#eraSince(since);
    return opened.read;
  }

  async open(rows: readonly Stamped[]): Promise<readonly ReadMemory[]> {
    const { db, presenter, vault } = this.#options;
    const byId = new Map(rows.map((stamped) => [stamped.row.id, stamped]));
    const epoch = vault.epoch();
    const memories = await presenter.present(
      db,
      rows.map(({ row }) => row),
      { vector: false },
    );
    this.#followKeyring();
    return memories.flatMap((memory) => {
      const stamped = byId.get(memory.id);
      if (!stamped) return [];
      const read = toRead(memory, stamped.row);
      // What was opened while somebody was being erased is shown to nobody after.
      if (epoch === this.#epoch) {
        this.#opened.set(memory.id, { stamp: stamped.stamp, read, era: this.#eraSince(stamped.since) });
      }
      return [read];
    });
  }

  async #load(viewer: Viewer, ids: readonly string[]): Promise<ReadonlyMap<string, Found>> {
    const { db, presenter, changes } = this.#options;
    const since = changes.revision();
    const seen = await selectStamps(db, viewer, ids);
    const found = new Map<string, Found>();
    const unknown: string[] = [];
    for (const row of seen) {
      const read = this.known(row, since);
      if (read) found.set(row.id, read);
      else unknown.push(row.id);
    }
    if (unknown.length === 0) return found;
    const rows = await selectByIds(db, viewer, unknown);
    for (const read of await this.open(rows.map((row) => ({ ...row, since })))) found.set(read.id, read);
    for (const { row } of rows)
      if (!found.has(row.id) && presenter.absence(row) === 'tampered') found.set(row.id, FORGED);
    return found;
  }

  /** After an erasure nothing that was opened before may be shown. */
  #followKeyring(): void {
    const epoch = this.#options.vault.epoch();
    if (epoch !== this.#epoch) this.#opened = createLruMap(OPENED);
    this.#epoch = epoch;
  }
}

/** A viewer stays the same object as long as its credential is. */
const names = new WeakMap<Viewer, string>();

const nameOf = (viewer: Viewer): string => {
  const known = names.get(viewer);
  if (known !== undefined) return known;
  const name = JSON.stringify(viewerValues(viewer));
  names.set(viewer, name);
  return name;
};

const toRead = (memory: Memory, row: MemoryRow): ReadMemory => ({ id: memory.id, slot: row.slot, row, memory });

/** As long as an opened memory is remembered, its JSON is. */
const texts = new WeakMap<Memory, string>();

/** The memory as JSON; nothing may change it afterwards. */
export const writtenOut = (memory: Memory): string => {
  const known = texts.get(memory);
  if (known !== undefined) return known;
  const text = JSON.stringify(memory);
  texts.set(memory, text);
  return text;
};
