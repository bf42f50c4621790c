import { currentContext } from '../http/context.js';
import { after, isLater, type Maybe } from '../http/maybe.js';
import { SLOTS } from '../keys/index.js';
import { FULL, PackedReads } from './packed-reads.js';
import { buildRead, type WriteReadsDeps, type Writer, writeReads } from './reads.js';
import { currentActor } from './recorder.js';
import type { Spool } from './spool.js';
import type { AuditActor, AuditEntry } from './trail.js';

export interface ObserverOptions extends WriteReadsDeps {
  readonly writer: Writer;
  readonly spool: Spool;
  readonly mode: () => { readonly reads: boolean; readonly readsMode: 'Batched' | 'Strict' };
  readonly onRecorded: () => void;
  readonly log: { warn(fields: object, message: string): void };
}

export interface Observer {
  observe(entry: AuditEntry): Maybe<void>;
  /** Writes down all that waits. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** The documents promise a quarter of a second; the commit needs some of it. */
const FLUSH_MS = 200;
/** What a database that is away may cost in memory; then the oldest batch goes, their numbers show the gap, and an event says so. */
const MOST_WAITING = 100_000;
/** Batches of 400 KB that are used again: memory that comes and goes is what the collector counts. */
const MOST_SPARE = 4;
/** So many denials between two flushes are events of their own; of a flood the rest are leaves of one. */
const MOST_ENTRIES = 50;

export const createObserver = (options: ObserverOptions): Observer => new SpooledObserver(options);

class SpooledObserver implements Observer {
  readonly #options: ObserverOptions;
  /** In order; the last takes what comes. */
  #reads: PackedReads[] = [];
  #waiting = 0;
  readonly #spare: PackedReads[] = [];
  #entries: AuditEntry[] = [];
  #next = 1;
  #lost = 0;
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<void> = Promise.resolve();
  #trouble = false;
  /** A flush takes all there is: while one is under way another is begun for the next thousand only. */
  #flushAt = 0;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  observe(entry: AuditEntry): Maybe<void> {
    const isRead = entry.type === 'memory.read';
    const { reads, readsMode } = this.#options.mode();
    if (isRead && !reads) return;
    if (isRead && readsMode === 'Strict') return after(this.#add(entry, isRead), () => this.#write());
    try {
      const added = this.#add(entry, isRead);
      if (isLater(added)) return added.catch((err: unknown) => this.#complain(err)).then(() => this.#flushSoon());
    } catch (err) {
      this.#complain(err);
    }
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#waiting >= FULL && this.#waiting >= this.#flushAt) {
      this.#flushAt = this.#waiting + FULL;
      void this.flush();
    } else this.#schedule();
  }

  async flush(): Promise<void> {
    try {
      await this.#write();
      this.#trouble = false;
    } catch (err) {
      this.#complain(err);
      this.#schedule();
    }
  }

  async stop(): Promise<void> {
    await this.flush();
    clearTimeout(this.#timer);
  }

  #add(entry: AuditEntry, isRead: boolean): Maybe<void> {
    const actor = entry.actor ?? currentActor();
    if (!isRead && this.#entries.length < MOST_ENTRIES) {
      this.#entries.push({ ...entry, actor, request: entry.request ?? currentContext()?.requestId ?? null });
      return;
    }
    const { vault } = this.#options;
    const slots = [entry.slot ?? SLOTS.tenant];
    if (vault.isPrepared(slots)) return this.#keep(entry, actor);
    return vault.prepare(slots).then(() => this.#keep(entry, actor));
  }

  #keep(entry: AuditEntry, actor: AuditActor): void {
    const { vault, writer, spool } = this.#options;
    const read = buildRead(vault, writer, this.#next, entry, actor);
    spool.keep(read);
    this.#next++;
    if (this.#waiting >= MOST_WAITING) this.#lose();
    let pack = this.#reads.at(-1);
    if (pack === undefined || pack.count >= FULL) {
      pack = this.#spare.pop() ?? new PackedReads();
      this.#reads.push(pack);
    }
    pack.add(read);
    this.#waiting++;
  }

  #lose(): void {
    const count = this.#reads.shift()?.count ?? 0;
    this.#waiting -= count;
    this.#lost += count;
  }

  #complain(err: unknown): void {
    const waiting = this.#waiting + this.#entries.length;
    if (!this.#trouble)
      this.#options.log.warn({ err, waiting }, 'what was read cannot be audited at the moment; it waits');
    this.#trouble = true;
  }

  #schedule(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, FLUSH_MS);
    this.#timer.unref();
  }

  /** One at a time, so that numbers are told in order: whoever waits for it finds its own read written. */
  #write(): Promise<void> {
    const written = this.#last.then(() => this.#writeWaiting());
    this.#last = written.catch(() => undefined);
    return written;
  }

  async #writeWaiting(): Promise<void> {
    const { writer, spool, onRecorded } = this.#options;
    const [waiting, entries, lost] = [this.#reads, this.#entries, this.#lost];
    if (waiting.length + entries.length + lost === 0) return;
    [this.#reads, this.#entries, this.#lost] = [[], [], 0];
    [this.#waiting, this.#flushAt] = [0, 0];
    spool.cut();
    const gap: readonly AuditEntry[] = lost > 0 ? [buildGap(writer, lost)] : [];
    let at = 0;
    try {
      for (; at === 0 || at < waiting.length; at++) {
        const told = at === 0 ? [...gap, ...entries] : [];
        await writeReads(this.#options, { writer, reads: waiting[at], entries: told, code: null });
      }
    } catch (cause) {
      this.#putBack(waiting.slice(at));
      if (at === 0) [this.#entries, this.#lost] = [[...entries, ...this.#entries], this.#lost + lost];
      throw cause;
    }
    spool.clear();
    for (const pack of waiting.slice(0, MOST_SPARE - this.#spare.length)) {
      pack.clear();
      this.#spare.push(pack);
    }
    onRecorded();
  }

  /** In front of what came since; together as few batches as may be, however often it fails. */
  #putBack(waiting: readonly PackedReads[]): void {
    const packs: PackedReads[] = [];
    for (const pack of [...waiting, ...this.#reads]) if (!packs.at(-1)?.takes(pack)) packs.push(pack);
    this.#reads = packs;
    for (const { count } of waiting) this.#waiting += count;
  }
}

const buildGap = ({ writer, epoch }: Writer, lost: number): AuditEntry => ({
  type: 'access.gap',
  resource: { kind: 'writer', id: writer, version: epoch },
  outcome: 'error',
  code: `lost:${lost}`,
});
