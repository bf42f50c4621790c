import type { KubeObject } from './objects.js';
import { dictsAt, timestamp } from './objects.js';
import { DEFINITIONS } from './registry.js';
import { CLEANUP, resourcesOf } from './resources/definitions.js';
import type { Api } from './rest/api.js';
import { draftOf } from './rest/change.js';
import { deleteObject } from './rest/delete.js';
import { systemRequest } from './rest/system-request.js';
import { updateObject } from './rest/write.js';

const OPTIONS = {
  uid: undefined,
  resourceVersion: undefined,
  graceSeconds: undefined,
  propagation: undefined,
  dryRun: false,
};

/** A definition that is deleted takes its objects along, and goes when the last of them has let go. */
export function followDefinitions(api: Api): () => void {
  let stopped = false;
  const storages = new Map<string, string>();
  const later = (work: () => void): void => {
    queueMicrotask(() => {
      if (!stopped) work();
    });
  };
  const unsubscribe = api.storage.subscribe((resource, { type, entry }) => {
    if (resource === DEFINITIONS) {
      const storage = resourcesOf(entry.object)[0]?.storage;
      if (storage === undefined) return;
      if (type === 'DELETED') storages.delete(storage);
      else if (entry.object.metadata.deletionTimestamp !== undefined) {
        storages.set(storage, entry.object.metadata.name);
        later(() => cleanUp(api, entry.object.metadata.name));
      }
      return;
    }
    const definition = type === 'DELETED' ? storages.get(resource) : undefined;
    if (definition !== undefined) later(() => cleanUp(api, definition));
  });
  for (const { object } of api.storage.collection(DEFINITIONS).list()) {
    if (object.metadata.deletionTimestamp === undefined) continue;
    const storage = resourcesOf(object)[0]?.storage;
    if (storage !== undefined) storages.set(storage, object.metadata.name);
    later(() => cleanUp(api, object.metadata.name));
  }
  return () => {
    stopped = true;
    unsubscribe();
  };
}

function cleanUp(api: Api, name: string): void {
  const definition = api.storage.get(DEFINITIONS, '', name);
  if (
    definition?.metadata.deletionTimestamp === undefined ||
    definition.metadata.finalizers?.includes(CLEANUP) !== true
  )
    return;
  const [resource] = resourcesOf(definition);
  const entries = resource === undefined ? [] : api.storage.collection(resource.storage).list();
  for (const { object } of entries) {
    if (object.metadata.deletionTimestamp !== undefined) continue;
    deleteObject(api, systemRequest(api, 'delete', object), object, OPTIONS);
  }
  const left = resource === undefined ? 0 : api.storage.collection(resource.storage).size;
  if (left === 0) release(api, definition.metadata.name);
  else markTerminating(api, definition, left);
}

function release(api: Api, name: string): void {
  const live = api.storage.get(DEFINITIONS, '', name);
  if (live === undefined) return;
  const draft = draftOf(live);
  draft.metadata.finalizers = live.metadata.finalizers?.filter((finalizer) => finalizer !== CLEANUP);
  if (draft.metadata.finalizers?.length === 0) delete draft.metadata.finalizers;
  updateObject(api, systemRequest(api, 'update', live), { live, draft });
}

function markTerminating(api: Api, definition: KubeObject, left: number): void {
  const conditions = dictsAt(definition, 'status', 'conditions');
  if (conditions.some(({ type }) => type === 'Terminating')) return;
  const draft = draftOf(definition);
  const message = `CustomResource deletion is in progress: ${left} object${left === 1 ? '' : 's'} left`;
  const condition = {
    type: 'Terminating',
    status: 'True',
    reason: 'InstanceDeletionInProgress',
    message,
    lastTransitionTime: timestamp(api.now()),
  };
  draft.status = { ...(definition.status as object), conditions: [...conditions, condition] };
  const request = { ...systemRequest(api, 'update', definition), subresource: 'status' };
  updateObject(api, request, { live: definition, draft });
}
