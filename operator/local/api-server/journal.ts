import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Entry } from './entry.js';
import { journalLine, journalPath, type Restored, restoreState, snapshotPath } from './journal-files.js';

export interface StoredEntry {
  readonly resource: string;
  readonly entry: Entry;
}

/** Revisions are promised in blocks of this size, so that a crash costs one synchronous write in ten thousand. */
const RESERVED = 10_000;
/** Writes of one turn share an fsync: at 5 ms a thousand writers still see each other's batch. */
const FLUSH_AFTER_MS = 5;
/** A log of this size is replaced by what it amounts to: a start reads at most about this much twice. */
const SNAPSHOT_BYTES = 64 * 1024 * 1024;

/**
 * The durable log. A write is acknowledged before it is on disk: a killed process may lose the last few milliseconds,
 * as etcd's clients may when nobody waits; but never an older write, and a revision is never given twice.
 */
export class Journal {
  readonly restored: Restored;
  readonly #directory: string;
  readonly #snapshotBytes: number;
  #generation: number;
  #file: FileHandle | undefined;
  #lines: string[] = [];
  #bytes = 0;
  #reserved = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #everything: () => Iterable<StoredEntry> = () => [];

  private constructor(directory: string, restored: Restored, snapshotBytes: number) {
    this.#directory = directory;
    this.#snapshotBytes = snapshotBytes;
    this.restored = restored;
    this.#generation = restored.generation;
  }

  static async open(directory: string, snapshotBytes = SNAPSHOT_BYTES): Promise<Journal> {
    const journal = new Journal(directory, await restoreState(directory), snapshotBytes);
    journal.#file = await open(journalPath(directory, journal.#generation), 'a', 0o600);
    return journal;
  }

  /** Called once, by the storage: what a snapshot must hold. */
  attach(everything: () => Iterable<StoredEntry>): void {
    this.#everything = everything;
  }

  /** Before a revision is given out, its block is on disk; and none is while the log can't be written. */
  reserve(revision: number): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (revision <= this.#reserved) return;
    this.#reserved = revision + RESERVED;
    const path = join(this.#directory, 'reserved');
    const file = openSync(`${path}.part`, 'w', 0o600);
    writeSync(file, String(this.#reserved));
    fsyncSync(file);
    closeSync(file);
    // Whole or as before: an empty one would promise nothing.
    renameSync(`${path}.part`, path);
  }

  put(resource: string, entry: Entry): void {
    this.#append(journalLine('P', entry.revision, resource, entry.json));
  }

  remove(resource: string, entry: Entry): void {
    const { namespace = '', name } = entry.object.metadata;
    this.#append(journalLine('D', entry.revision, resource, JSON.stringify([namespace, name])));
  }

  #append(line: string): void {
    this.#lines.push(line);
    this.#timer ??= setTimeout(() => this.#flushSoon(), FLUSH_AFTER_MS);
  }

  #flushSoon(): void {
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write()).catch((cause: unknown) => this.#fail(cause));
  }

  #fail(cause: unknown): void {
    this.#failure = new Error(`the log in ${this.#directory} can't be written; free space, then start again`, {
      cause,
    });
  }

  async #write(): Promise<void> {
    const lines = this.#lines;
    if (lines.length === 0) return;
    this.#lines = [];
    const text = Buffer.from(lines.join(''));
    await this.#file?.appendFile(text);
    await this.#file?.datasync();
    this.#bytes += text.length;
    if (this.#bytes > this.#snapshotBytes) await this.#snapshot();
  }

  /** Everything as of now, and a fresh log for what follows; the old pair goes once the new one is whole. */
  async #snapshot(): Promise<void> {
    const old = { file: this.#file, generation: this.#generation };
    const pending = this.#lines;
    this.#lines = [];
    const lines = [...this.#everything()].map(({ resource, entry }) =>
      journalLine('P', entry.revision, resource, entry.json),
    );
    this.#generation += 1;
    this.#bytes = 0;
    this.#file = await open(journalPath(this.#directory, this.#generation), 'a', 0o600);
    // The snapshot holds them already; in the old log they cover a crash before it is whole.
    await old.file?.appendFile(pending.join(''));
    await old.file?.close();
    const path = snapshotPath(this.#directory, this.#generation);
    const file = await open(`${path}.part`, 'w', 0o600);
    await file.writeFile(lines.join(''));
    await file.sync();
    await file.close();
    await rename(`${path}.part`, path);
    await rm(journalPath(this.#directory, old.generation), { force: true });
    await rm(snapshotPath(this.#directory, old.generation), { force: true });
  }

  /** Everything written is on disk when this resolves; a failure to write is thrown here at the latest. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#flushSoon();
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Nothing more is written: for a server that did not come up, so that nobody knows of what it wanted to write. */
  async abandon(): Promise<void> {
    clearTimeout(this.#timer);
    this.#lines = [];
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  async close(revision: number): Promise<void> {
    await this.flush();
    await this.#file?.close();
    this.#file = undefined;
    const path = join(this.#directory, 'reserved');
    const file = await open(`${path}.part`, 'w', 0o600);
    await file.writeFile(String(revision));
    await file.sync();
    await file.close();
    await rename(`${path}.part`, path);
  }
}
