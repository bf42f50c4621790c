import type { K8sObject } from '../../charts/manifests/object.js';
import { isRecord } from '../../operator/clients/json.js';
import {
  type KubeClient,
  KubeError,
  type LiveObject,
  type ObjectRef,
  type Resource,
} from '../../operator/clients/kube.js';

type Calls = 'get' | 'list' | 'create' | 'apply' | 'mergePatch' | 'delete';

const merge = (target: unknown, patch: unknown): unknown => {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = merge(result[name], value);
  }
  return result;
};

/** Maps field by field, lists whole. Real servers know which lists are maps; nothing here depends on that. */
const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  isRecord(value)
    ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [`f:${name}`, fieldsOf(inner)]))
    : {};

const conflict = (message: string): KubeError => new KubeError({ status: 409, reason: 'Conflict', message });

/**
 * The few promises of an API server that leader election, events and no-op detection rest on: versions, preconditions,
 * names that are taken, fields owned by who applied them. For tests that own the clock or count calls; semantics are
 * tested on the real server.
 */
export class KubeMemory implements Pick<KubeClient, Calls> {
  readonly objects = new Map<string, LiveObject>();
  /** `verb Kind name` of every call that was not a read. */
  readonly writes: string[] = [];
  reads = 0;
  /** Called before each call; throw to fail it. */
  before: (verb: Calls, name: string) => void | Promise<void> = () => undefined;
  /** What the server does to an object that it stores. */
  normalise: (object: K8sObject) => K8sObject = (object) => object;
  #version = 0;

  async get<T extends LiveObject>(ref: ObjectRef): Promise<T | undefined> {
    await this.before('get', ref.name);
    this.reads += 1;
    return this.objects.get(this.#key(ref)) as T | undefined;
  }

  async list<T extends LiveObject>(resource: Resource, options: { readonly namespace?: string } = {}) {
    await this.before('list', resource.plural);
    this.reads += 1;
    const items = [...this.objects.values()].filter(
      ({ kind, metadata }) =>
        kind === resource.kind && (options.namespace === undefined || metadata.namespace === options.namespace),
    );
    return { items: items as unknown as readonly T[], resourceVersion: String(this.#version) };
  }

  async create<T extends LiveObject>(resource: Resource, object: K8sObject): Promise<T> {
    await this.#write('create', resource, object.metadata.name);
    const ref = this.#refOf(resource, object);
    if (this.objects.has(this.#key(ref))) {
      throw new KubeError({ status: 409, reason: 'AlreadyExists', message: `${object.metadata.name} already exists` });
    }
    return this.#store(ref, { ...object }, undefined) as T;
  }

  async apply<T extends LiveObject>(resource: Resource, object: K8sObject): Promise<T> {
    await this.#write('apply', resource, object.metadata.name);
    const ref = this.#refOf(resource, object);
    const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = object;
    const { name: _name, namespace: _namespace, ...ownMetadata } = metadata;
    const fieldsV1 = fieldsOf({ metadata: ownMetadata, ...rest });
    const managedFields = [{ manager: 'us', operation: 'Apply', fieldsV1 }];
    const stored = this.normalise(object);
    return this.#store(ref, { ...stored, metadata: { ...stored.metadata, managedFields } as never }, undefined) as T;
  }

  async mergePatch<T extends LiveObject>(ref: ObjectRef, patch: unknown): Promise<T> {
    await this.#write('patch', ref.resource, ref.name);
    const live = this.#need(ref);
    const wanted = isRecord(patch) && isRecord(patch.metadata) ? patch.metadata.resourceVersion : undefined;
    if (wanted !== undefined && wanted !== live.metadata.resourceVersion) throw conflict(`${ref.name} was modified`);
    return this.#store(ref, merge(live, patch) as K8sObject, live) as T;
  }

  async delete(
    ref: ObjectRef,
    preconditions: { readonly uid?: string; readonly resourceVersion?: string } = {},
  ): Promise<void> {
    await this.#write('delete', ref.resource, ref.name);
    const { uid, resourceVersion } = this.#need(ref).metadata;
    if ((preconditions.uid ?? uid) !== uid || (preconditions.resourceVersion ?? resourceVersion) !== resourceVersion) {
      throw conflict(`${ref.name}: precondition failed`);
    }
    this.objects.delete(this.#key(ref));
  }

  async #write(verb: Calls | 'patch', { kind }: Resource, name: string): Promise<void> {
    await this.before(verb === 'patch' ? 'mergePatch' : verb, name);
    this.writes.push(`${verb} ${kind} ${name}`);
  }

  #need(ref: ObjectRef): LiveObject {
    const live = this.objects.get(this.#key(ref));
    if (live === undefined) throw new KubeError({ status: 404, reason: 'NotFound', message: `${ref.name} not found` });
    return live;
  }

  #store(ref: ObjectRef, object: K8sObject, previous: LiveObject | undefined): LiveObject {
    this.#version += 1;
    const known = previous ?? this.objects.get(this.#key(ref));
    const metadata = {
      ...object.metadata,
      uid: known?.metadata.uid ?? `uid-${this.#version}`,
      resourceVersion: String(this.#version),
    };
    const stored: LiveObject = { ...object, metadata };
    this.objects.set(this.#key(ref), stored);
    return stored;
  }

  #refOf(resource: Resource, { metadata: { name, namespace } }: K8sObject): ObjectRef {
    return { resource, name, ...(namespace === undefined ? {} : { namespace }) };
  }

  #key({ resource, name, namespace = '' }: ObjectRef): string {
    return `${resource.kind}/${namespace}/${name}`;
  }
}
