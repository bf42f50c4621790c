import { currentContext } from '../http/context.js';
import { after, isLater, type Maybe } from '../http/maybe.js';
import { SLOTS } from '../keys/index.js';
import { buildRead, type ObservedRead, type WriteReadsDeps, type Writer, writeReads } from './reads.js';
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
/** A batch that is full does not wait. Some 300 bytes each. */
const FULL = 1_000;
/** What a database that is away may cost in memory; then the oldest go, their numbers show the gap, and an event says so. */
const MOST_WAITING = 100_000;
/** So many denials between two flushes are events of their own; of a flood the rest are leaves of one. */
const MOST_ENTRIES = 50;

export const createObserver = (options: ObserverOptions): Observer => new SpooledObserver(options);

class SpooledObserver implements Observer {
  readonly #options: ObserverOptions;
  #reads: ObservedRead[] = [];
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
    if (this.#reads.length >= FULL && this.#reads.length >= this.#flushAt) {
      this.#flushAt = this.#reads.length + FULL;
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
    if (this.#reads.length >= MOST_WAITING) {
      this.#reads.shift();
      this.#lost++;
    }
    this.#reads.push(read);
  }

  #complain(err: unknown): void {
    const waiting = this.#reads.length + this.#entries.length;
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
    this.#flushAt = 0;
    spool.cut();
    const gap: readonly AuditEntry[] = lost > 0 ? [buildGap(writer, lost)] : [];
    let at = 0;
    try {
      for (; at === 0 || at < waiting.length; at += FULL) {
        const reads = waiting.slice(at, at + FULL);
        await writeReads(this.#options, { writer, reads, entries: at === 0 ? [...gap, ...entries] : [], code: null });
      }
    } catch (cause) {
      this.#reads = [...waiting.slice(at), ...this.#reads];
      if (at === 0) [this.#entries, this.#lost] = [[...entries, ...this.#entries], this.#lost + lost];
      throw cause;
    }
    spool.clear();
    onRecorded();
  }
}

const buildGap = ({ writer, epoch }: Writer, lost: number): AuditEntry => ({
  type: 'access.gap',
  resource: { kind: 'writer', id: writer, version: epoch },
  outcome: 'error',
  code: `lost:${lost}`,
});
