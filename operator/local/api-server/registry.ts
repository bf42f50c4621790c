import { apiVersionOf, type KubeObject } from './objects.js';
import { resourcesOf } from './resources/definitions.js';
import { type Resource, storageOf } from './resources/resource.js';
import type { Storage } from './storage.js';

export const DEFINITIONS = storageOf('apiextensions.k8s.io', 'customresourcedefinitions');

/** Which kinds there are, by URL and by name. Custom kinds come and go with their definitions. */
export class Registry {
  readonly #builtin: readonly Resource[];
  readonly #byPath = new Map<string, Resource>();
  readonly #custom = new Map<string, readonly Resource[]>();
  readonly #terminating = new Set<string>();
  #generation = 0;

  constructor(builtin: readonly Resource[]) {
    this.#builtin = builtin;
    for (const resource of builtin) this.#byPath.set(pathOf(resource), resource);
  }

  /** Takes the definitions that are stored, and follows them from here. */
  follow(storage: Storage): void {
    for (const { object } of storage.collection(DEFINITIONS).list()) this.#define(object);
    storage.subscribe((resource, { type, entry }) => {
      if (resource !== DEFINITIONS) return;
      if (type === 'DELETED') this.#forget(entry.object);
      else this.#define(entry.object);
    });
  }

  #define(definition: KubeObject): void {
    this.#forget(definition);
    const resources = resourcesOf(definition);
    this.#custom.set(definition.metadata.name, resources);
    for (const resource of resources) this.#byPath.set(pathOf(resource), resource);
    const storage = resources[0]?.storage;
    if (definition.metadata.deletionTimestamp !== undefined && storage !== undefined) this.#terminating.add(storage);
  }

  #forget(definition: KubeObject): void {
    this.#generation += 1;
    for (const resource of this.#custom.get(definition.metadata.name) ?? []) {
      this.#byPath.delete(pathOf(resource));
      this.#terminating.delete(resource.storage);
    }
    this.#custom.delete(definition.metadata.name);
  }

  /** Counts up when kinds change: whoever derives something from them may keep it until then. */
  get generation(): number {
    return this.#generation;
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#byPath.get(`${group}/${version}/${plural}`);
  }

  all(): readonly Resource[] {
    return [...this.#builtin, ...[...this.#custom.values()].flat()];
  }

  findKind(apiVersion: string, kind: string): Resource | undefined {
    return this.all().find(
      (resource) => resource.kind === kind && apiVersionOf(resource.group, resource.version) === apiVersion,
    );
  }

  isTerminating(resource: Resource): boolean {
    return this.#terminating.has(resource.storage);
  }
}

const pathOf = ({ group, version, plural }: Resource): string => `${group}/${version}/${plural}`;
