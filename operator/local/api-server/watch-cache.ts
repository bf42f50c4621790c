import type { Entry } from './entry.js';

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly entry: Entry;
  readonly previous: Entry | undefined;
}

/** A watcher gets every change after the revision it starts from, in order. */
export type Watcher = (change: Change) => void;

/** The last changes of one resource. What fell out of it can only be learnt from a list. */
export class ChangeWindow {
  readonly #size: number;
  readonly #watchers = new Set<Watcher>();
  #changes: Change[] = [];
  /** Changes up to here are no longer known. */
  #compacted: number;

  constructor(size: number, compacted: number) {
    this.#size = size;
    this.#compacted = compacted;
  }

  add(change: Change): Change {
    this.#changes.push(change);
    // Dropping half at once keeps the cost of a full window constant per change.
    if (this.#changes.length > this.#size) this.#drop(Math.ceil(this.#size / 2));
    for (const watcher of this.#watchers) watcher(change);
    return change;
  }

  #drop(count: number): void {
    this.#compacted = this.#changes[count - 1]?.entry.revision ?? this.#compacted;
    this.#changes = this.#changes.slice(count);
  }

  /** The changes after a revision; undefined when some of them are forgotten. */
  since(revision: number): readonly Change[] | undefined {
    if (revision < this.#compacted) return undefined;
    let from = this.#changes.length;
    while (from > 0 && (this.#changes[from - 1]?.entry.revision ?? 0) > revision) from -= 1;
    return this.#changes.slice(from);
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  compact(revision: number): void {
    this.#changes = this.#changes.filter((change) => change.entry.revision > revision);
    this.#compacted = Math.max(this.#compacted, revision);
  }
}
