import type { KubeObject } from '../api-server/objects.js';

export interface ObjectKey {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

export const keyOf = (resource: string, { metadata }: KubeObject): string =>
  `${resource} ${metadata.namespace ?? ''} ${metadata.name}`;

export function parseKey(key: string): ObjectKey {
  const [resource = '', namespace = '', name = ''] = key.split(' ');
  return { resource, namespace, name };
}

/** Who depends on whom, by the owner's uid: a name may come back, a uid doesn't. */
export class DependentIndex {
  readonly #dependents = new Map<string, Set<string>>();
  /** Owners whose deletion waits, by uid. */
  readonly #owners = new Map<string, string>();

  add(owner: string, key: string): void {
    const known = this.#dependents.get(owner);
    if (known === undefined) this.#dependents.set(owner, new Set([key]));
    else known.add(key);
  }

  remove(owner: string, key: string): void {
    const known = this.#dependents.get(owner);
    known?.delete(key);
    if (known?.size === 0) this.#dependents.delete(owner);
  }

  dependentsOf(owner: string): readonly string[] {
    return [...(this.#dependents.get(owner) ?? [])];
  }

  markOwner(uid: string, key: string): void {
    this.#owners.set(uid, key);
  }

  ownerKey(uid: string): string | undefined {
    return this.#owners.get(uid);
  }

  forgetOwner(uid: string): void {
    this.#owners.delete(uid);
  }
}
