import type { Entry } from './entry.js';
import { type Change, ChangeWindow } from './watch-cache.js';

interface Namespace {
  readonly entries: Map<string, Entry>;
  sorted: readonly Entry[] | undefined;
}

const byName = (left: Entry, right: Entry): number => (left.object.metadata.name < right.object.metadata.name ? -1 : 1);

/** The objects of one resource, listed in the order in which etcd has them: by `namespace/name`. */
export class Collection {
  readonly changes: ChangeWindow;
  readonly #namespaces = new Map<string, Namespace>();
  #order: readonly Namespace[] | undefined;
  #size = 0;

  constructor(windowSize: number, compacted: number) {
    this.changes = new ChangeWindow(windowSize, compacted);
  }

  get size(): number {
    return this.#size;
  }

  get(namespace: string, name: string): Entry | undefined {
    return this.#namespaces.get(namespace)?.entries.get(name);
  }

  /** Everything, or one namespace's. Cluster-wide objects are in the namespace "". */
  list(namespace?: string): readonly Entry[] {
    if (namespace !== undefined) return this.#sorted(this.#namespaces.get(namespace));
    this.#order ??= [...this.#namespaces]
      .sort(([left], [right]) => (`${left}/` < `${right}/` ? -1 : 1))
      .map(([, found]) => found);
    return this.#order.flatMap((found) => this.#sorted(found));
  }

  #sorted(namespace: Namespace | undefined): readonly Entry[] {
    if (namespace === undefined) return [];
    namespace.sorted ??= [...namespace.entries.values()].sort(byName);
    return namespace.sorted;
  }

  restore(entry: Entry): void {
    this.#set(entry);
  }

  put(entry: Entry): Change {
    const previous = this.#set(entry);
    return this.changes.add({ type: previous === undefined ? 'ADDED' : 'MODIFIED', entry, previous });
  }

  remove(entry: Entry): Change {
    const { namespace = '', name } = entry.object.metadata;
    const found = this.#namespaces.get(namespace);
    const previous = found?.entries.get(name);
    if (found !== undefined && previous !== undefined) {
      found.entries.delete(name);
      found.sorted = undefined;
      this.#size -= 1;
      if (found.entries.size === 0) {
        this.#namespaces.delete(namespace);
        this.#order = undefined;
      }
    }
    return this.changes.add({ type: 'DELETED', entry, previous });
  }

  #set(entry: Entry): Entry | undefined {
    const { namespace = '', name } = entry.object.metadata;
    let found = this.#namespaces.get(namespace);
    if (found === undefined) {
      found = { entries: new Map(), sorted: undefined };
      this.#namespaces.set(namespace, found);
      this.#order = undefined;
    }
    const previous = found.entries.get(name);
    found.entries.set(name, entry);
    found.sorted = undefined;
    if (previous === undefined) this.#size += 1;
    return previous;
  }
}
