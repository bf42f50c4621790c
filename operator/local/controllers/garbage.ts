import { serviceAccountUser } from '../api-server/authentication.js';
import { type KubeObject, type OwnerReference, splitApiVersion } from '../api-server/objects.js';
import { PENDING_OWNER_FINALIZERS } from '../api-server/owner-finalizers.js';
import type { Api } from '../api-server/rest/api.js';
import { draftOf } from '../api-server/rest/change.js';
import { deleteObject } from '../api-server/rest/delete.js';
import { systemRequest } from '../api-server/rest/system-request.js';
import { updateObject } from '../api-server/rest/write.js';
import type { Change } from '../api-server/watch-cache.js';
import { type CoreController, CoreQueue } from './core-queue.js';
import { DependentIndex, keyOf, parseKey } from './dependent-index.js';

const USER = serviceAccountUser({ namespace: 'kube-system', name: 'generic-garbage-collector', uid: '' });
const { foreground, orphan } = PENDING_OWNER_FINALIZERS;

const ownersOf = (object: KubeObject | undefined): readonly OwnerReference[] => object?.metadata.ownerReferences ?? [];

const waits = (object: KubeObject, finalizer: string): boolean =>
  object.metadata.deletionTimestamp !== undefined && object.metadata.finalizers?.includes(finalizer) === true;

type OwnerState = 'solid' | 'waiting' | 'gone';

/**
 * Deletes what nobody owns any more. An object goes when all its owners are gone; an owner deleted in the foreground
 * waits for those that block it, an orphaning one first cuts its dependents loose.
 */
class GarbageCollector {
  readonly #api: Api;
  readonly #index = new DependentIndex();
  readonly #queue;

  constructor(api: Api, onError: (cause: unknown) => void) {
    this.#api = api;
    this.#queue = new CoreQueue((key) => this.#look(key), onError);
  }

  start(): () => void {
    const { storage } = this.#api;
    for (const resource of storage.resources()) {
      for (const { object } of storage.collection(resource).list()) this.#note(resource, object, undefined);
    }
    const unsubscribe = storage.subscribe((resource, change) => this.#follow(resource, change));
    return () => {
      unsubscribe();
      this.#queue.stop();
    };
  }

  #follow(resource: string, { type, entry, previous }: Change): void {
    if (type !== 'DELETED') {
      this.#note(resource, entry.object, previous?.object);
      return;
    }
    const { uid } = entry.object.metadata;
    const key = keyOf(resource, entry.object);
    for (const owner of ownersOf(previous?.object ?? entry.object)) {
      this.#index.remove(owner.uid, key);
      this.#lookAtOwner(owner.uid);
    }
    this.#index.forgetOwner(uid);
    for (const dependent of this.#index.dependentsOf(uid)) this.#queue.add(dependent);
  }

  #note(resource: string, object: KubeObject, previous: KubeObject | undefined): void {
    const owners = ownersOf(object);
    const key = keyOf(resource, object);
    const pending = waits(object, foreground) || waits(object, orphan);
    if (pending) this.#index.markOwner(object.metadata.uid, key);
    if (owners.length === 0 && ownersOf(previous).length === 0) {
      if (pending) this.#queue.add(key);
      return;
    }
    for (const owner of ownersOf(previous)) {
      if (!owners.some(({ uid }) => uid === owner.uid)) {
        this.#index.remove(owner.uid, key);
        this.#lookAtOwner(owner.uid);
      }
    }
    for (const owner of owners) this.#index.add(owner.uid, key);
    if (pending || owners !== ownersOf(previous)) this.#queue.add(key);
  }

  #lookAtOwner(uid: string): void {
    const owner = this.#index.ownerKey(uid);
    if (owner !== undefined) this.#queue.add(owner);
  }

  #find(key: string): KubeObject | undefined {
    const { resource, namespace, name } = parseKey(key);
    return this.#api.storage.get(resource, namespace, name);
  }

  #look(key: string): void {
    const object = this.#find(key);
    if (object === undefined) return;
    if (waits(object, orphan)) this.#orphan(object);
    else if (waits(object, foreground)) this.#waitForBlockers(object);
    const now = this.#find(key);
    if (now !== undefined && now.metadata.deletionTimestamp === undefined) this.#collect(now);
  }

  #orphan(owner: KubeObject): void {
    for (const key of this.#index.dependentsOf(owner.metadata.uid)) {
      const dependent = this.#find(key);
      if (dependent !== undefined) this.#dropOwners(dependent, new Set([owner.metadata.uid]));
    }
    this.#release(owner, orphan);
  }

  #waitForBlockers(owner: KubeObject): void {
    const blockers = this.#index
      .dependentsOf(owner.metadata.uid)
      .filter((key) =>
        ownersOf(this.#find(key)).some(
          ({ uid, blockOwnerDeletion }) => uid === owner.metadata.uid && blockOwnerDeletion === true,
        ),
      );
    for (const key of this.#index.dependentsOf(owner.metadata.uid)) this.#queue.add(key);
    if (blockers.length === 0) this.#release(owner, foreground);
  }

  #release(owner: KubeObject, finalizer: string): void {
    const draft = draftOf(owner);
    const kept = owner.metadata.finalizers?.filter((entry) => entry !== finalizer) ?? [];
    if (kept.length === 0) delete draft.metadata.finalizers;
    else draft.metadata.finalizers = kept;
    updateObject(this.#api, systemRequest(this.#api, 'update', owner, USER), { live: owner, draft });
  }

  #stateOf(owner: OwnerReference, dependent: KubeObject): OwnerState {
    const { group } = splitApiVersion(owner.apiVersion);
    const kind = this.#api.registry.all().find((one) => one.group === group && one.kind === owner.kind);
    // An owner of a kind that isn't served, or in no namespace that the reference could mean, can't be judged.
    if (kind === undefined) return 'solid';
    const { namespace } = dependent.metadata;
    if (kind.namespaced && namespace === undefined) return 'solid';
    const found = this.#api.storage.get(kind.storage, kind.namespaced ? (namespace ?? '') : '', owner.name);
    if (found === undefined || found.metadata.uid !== owner.uid) return 'gone';
    return waits(found, foreground) ? 'waiting' : 'solid';
  }

  #collect(object: KubeObject): void {
    const states = ownersOf(object).map((owner) => ({ owner, state: this.#stateOf(owner, object) }));
    const lost = states.filter(({ state }) => state !== 'solid');
    if (lost.length === 0) return;
    if (lost.length < states.length) {
      this.#dropOwners(object, new Set(lost.map(({ owner }) => owner.uid)));
      return;
    }
    const blocked = this.#index.dependentsOf(object.metadata.uid).length > 0;
    const inForeground = states.some(({ state }) => state === 'waiting') && blocked;
    const held = object.metadata.finalizers?.includes(orphan) === true ? 'Orphan' : 'Background';
    deleteObject(this.#api, systemRequest(this.#api, 'delete', object, USER), object, {
      uid: object.metadata.uid,
      resourceVersion: undefined,
      graceSeconds: undefined,
      propagation: inForeground ? 'Foreground' : held,
      dryRun: false,
    });
  }

  #dropOwners(object: KubeObject, uids: ReadonlySet<string>): void {
    const draft = draftOf(object);
    const kept = ownersOf(object).filter(({ uid }) => !uids.has(uid));
    if (kept.length === 0) delete draft.metadata.ownerReferences;
    else draft.metadata.ownerReferences = kept;
    updateObject(this.#api, systemRequest(this.#api, 'update', object, USER), { live: object, draft });
  }
}

export function startGarbageCollector(api: Api, onError: (cause: unknown) => void): CoreController {
  const collector = new GarbageCollector(api, onError);
  return { stop: collector.start() };
}
