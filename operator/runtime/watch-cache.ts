import type { LiveObject } from '../clients/kube.js';
import { deepFreeze } from './freeze.js';
import { keyOf } from './key.js';

export type Change<T> =
  | { readonly type: 'upsert'; readonly key: string; readonly object: T; readonly previous: T | undefined }
  | { readonly type: 'delete'; readonly key: string; readonly object: T };

/** Deletions remembered to recognise late events of the dead; a thousand covers any burst that a stream may reorder. */
const TOMBSTONES = 1000;
const DECIMAL = /^[0-9]+$/;

/** Whether version `a` is older than `b`. Versions that are no numbers can't be compared, so: no. */
const isOlder = (a: string, b: string): boolean =>
  DECIMAL.test(a) && DECIMAL.test(b) && (a.length === b.length ? a < b : a.length < b.length);

const notNewer = (a: string, b: string): boolean => a === b || isOlder(a, b);

/** The last known state of every object of a kind. Entries are frozen; a change replaces them. */
export class WatchCache<T extends LiveObject> {
  readonly #objects = new Map<string, T>();
  /** uid → the version of its deletion. */
  readonly #tombstones = new Map<string, string>();
  readonly #indexed = new Map<string, Set<string>>();
  readonly #trim: (object: T) => T;
  readonly #indexOf: ((object: T) => string | undefined) | undefined;

  constructor(trim: (object: T) => T, indexOf?: (object: T) => string | undefined) {
    this.#trim = trim;
    this.#indexOf = indexOf;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys();
  }

  withIndex(value: string): readonly T[] {
    return [...(this.#indexed.get(value) ?? [])].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** undefined when the event says nothing new: a duplicate, or one that was overtaken. */
  upsert(object: T): Change<T> | undefined {
    const key = keyOf(object);
    const previous = this.#objects.get(key);
    const { uid, resourceVersion } = object.metadata;
    // Versions grow across all objects of a kind, so this also stops an earlier namesake.
    if (previous !== undefined && notNewer(resourceVersion, previous.metadata.resourceVersion)) return undefined;
    const buried = this.#tombstones.get(uid);
    if (buried !== undefined && notNewer(resourceVersion, buried)) return undefined;
    return this.#put(key, object, previous);
  }

  delete(object: T): Change<T> | undefined {
    const key = keyOf(object);
    const { uid, resourceVersion } = object.metadata;
    this.#bury(uid, resourceVersion);
    const previous = this.#objects.get(key);
    // A namesake that came after the dead one stays.
    if (previous === undefined || previous.metadata.uid !== uid) return undefined;
    // Left the selector and came back, told in the wrong order.
    if (isOlder(resourceVersion, previous.metadata.resourceVersion)) return undefined;
    this.#drop(key, previous);
    return { type: 'delete', key, object: deepFreeze(this.#trim(object)) };
  }

  /** A list is the whole truth: what it does not hold is gone, even if no event ever said so. */
  replace(items: readonly T[]): readonly Change<T>[] {
    const changes: Change<T>[] = [];
    const present = new Set<string>();
    this.#tombstones.clear();
    for (const item of items) {
      const key = keyOf(item);
      present.add(key);
      const previous = this.#objects.get(key);
      const same =
        previous?.metadata.uid === item.metadata.uid &&
        previous.metadata.resourceVersion === item.metadata.resourceVersion;
      if (!same) changes.push(this.#put(key, item, previous));
    }
    for (const [key, object] of this.#objects) {
      if (present.has(key)) continue;
      this.#drop(key, object);
      changes.push({ type: 'delete', key, object });
    }
    return changes;
  }

  #put(key: string, object: T, previous: T | undefined): Change<T> {
    const kept = deepFreeze(this.#trim(object));
    if (previous !== undefined) this.#unindex(key, previous);
    this.#objects.set(key, kept);
    const value = this.#indexOf?.(kept);
    if (value !== undefined) {
      const keys = this.#indexed.get(value);
      if (keys === undefined) this.#indexed.set(value, new Set([key]));
      else keys.add(key);
    }
    return { type: 'upsert', key, object: kept, previous };
  }

  #drop(key: string, object: T): void {
    this.#objects.delete(key);
    this.#unindex(key, object);
  }

  #unindex(key: string, object: T): void {
    const value = this.#indexOf?.(object);
    if (value === undefined) return;
    const keys = this.#indexed.get(value);
    keys?.delete(key);
    if (keys?.size === 0) this.#indexed.delete(value);
  }

  #bury(uid: string, resourceVersion: string): void {
    this.#tombstones.set(uid, resourceVersion);
    if (this.#tombstones.size <= TOMBSTONES) return;
    for (const oldest of this.#tombstones.keys()) {
      this.#tombstones.delete(oldest);
      break;
    }
  }
}
