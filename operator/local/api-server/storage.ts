import { Collection } from './collection.js';
import { Entry } from './entry.js';
import type { Journal } from './journal.js';
import type { KubeObject } from './objects.js';
import type { Change } from './watch-cache.js';

export interface StorageOptions {
  /** Changes that a resource keeps for watchers who come back. */
  readonly windowSize: number;
  readonly journal: Journal | undefined;
}

export type ChangeListener = (resource: string, change: Change) => void;

/**
 * All objects, by resource (`apps/deployments`; `/pods` for the core group). Every write takes the next revision and is
 * told to the listeners before the writer goes on: there is no moment in which a watcher knows less than a reader.
 */
export class Storage {
  readonly #collections = new Map<string, Collection>();
  readonly #listeners = new Set<ChangeListener>();
  readonly #options: StorageOptions;
  #revision: number;
  #compacted: number;

  constructor(options: StorageOptions) {
    this.#options = options;
    this.#revision = options.journal?.restored.revision ?? 1;
    this.#compacted = this.#revision;
    for (const { resource, object, revision } of options.journal?.restored.objects ?? []) {
      this.collection(resource).restore(new Entry(object, revision));
    }
    options.journal?.attach(() => this.#everything());
  }

  get revision(): number {
    return this.#revision;
  }

  collection(resource: string): Collection {
    let collection = this.#collections.get(resource);
    if (collection === undefined) {
      collection = new Collection(this.#options.windowSize, this.#compacted);
      this.#collections.set(resource, collection);
    }
    return collection;
  }

  get(resource: string, namespace: string, name: string): KubeObject | undefined {
    return this.#collections.get(resource)?.get(namespace, name)?.object;
  }

  /** Stores the object under the next revision and answers it as stored. */
  put(resource: string, object: KubeObject): Entry {
    const entry = this.#entry(object);
    const change = this.collection(resource).put(entry);
    this.#options.journal?.put(resource, entry);
    this.#tell(resource, change);
    return entry;
  }

  /** Removes the object; its last version carries the revision of its end. */
  remove(resource: string, object: KubeObject): Entry {
    const entry = this.#entry(object);
    const change = this.collection(resource).remove(entry);
    this.#options.journal?.remove(resource, entry);
    this.#tell(resource, change);
    return entry;
  }

  #entry(object: KubeObject): Entry {
    this.#revision += 1;
    this.#options.journal?.reserve(this.#revision);
    const metadata = { ...object.metadata, resourceVersion: String(this.#revision) };
    return new Entry({ ...object, metadata }, this.#revision);
  }

  #tell(resource: string, change: Change): void {
    for (const listener of this.#listeners) listener(resource, change);
  }

  subscribe(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets every change up to now: whoever watches from before must list again. */
  compact(): void {
    this.#compacted = this.#revision;
    for (const collection of this.#collections.values()) collection.changes.compact(this.#revision);
  }

  resources(): readonly string[] {
    return [...this.#collections.keys()];
  }

  *#everything(): Generator<{ readonly resource: string; readonly entry: Entry }> {
    for (const [resource, collection] of this.#collections) {
      for (const entry of collection.list()) yield { resource, entry };
    }
  }
}
