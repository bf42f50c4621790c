import { serviceAccountUser } from '../api-server/authentication.js';
import { type Dict, dictAt, type KubeObject, stringAt, stringsAt, timestamp } from '../api-server/objects.js';
import type { Resource } from '../api-server/resources/resource.js';
import type { Api } from '../api-server/rest/api.js';
import { draftOf } from '../api-server/rest/change.js';
import { deleteObject } from '../api-server/rest/delete.js';
import { systemRequest } from '../api-server/rest/system-request.js';
import { updateObject } from '../api-server/rest/write.js';
import { type CoreController, CoreQueue } from './core-queue.js';

const NAMESPACES = '/namespaces';
const USER = serviceAccountUser({ namespace: 'kube-system', name: 'namespace-controller', uid: '' });
const OPTIONS = {
  uid: undefined,
  resourceVersion: undefined,
  graceSeconds: undefined,
  propagation: 'Background',
  dryRun: false,
};

/** One resource per kind that lives in namespaces, whatever its versions. */
function namespacedKinds(api: Api): readonly Resource[] {
  const kinds = new Map<string, Resource>();
  for (const resource of api.registry.all()) {
    if (resource.namespaced && !resource.virtual && !kinds.has(resource.storage)) kinds.set(resource.storage, resource);
  }
  return [...kinds.values()];
}

interface Leftover {
  readonly resource: Resource;
  readonly object: KubeObject;
}

function contentOf(api: Api, namespace: string): readonly Leftover[] {
  return namespacedKinds(api).flatMap((resource) =>
    api.storage
      .collection(resource.storage)
      .list(namespace)
      .map(({ object }) => ({ resource, object })),
  );
}

/** Empties a namespace that is being deleted, says what is still in it, and lets it go when nothing is. */
function terminate(api: Api, name: string): void {
  const namespace = api.storage.get(NAMESPACES, '', name);
  if (namespace?.metadata.deletionTimestamp === undefined) return;
  for (const { object } of contentOf(api, name)) {
    if (object.metadata.deletionTimestamp !== undefined) continue;
    deleteObject(api, systemRequest(api, 'delete', object, USER), object, OPTIONS);
  }
  const left = contentOf(api, name);
  const live = api.storage.get(NAMESPACES, '', name);
  if (live === undefined) return;
  if (left.length > 0) reportContent(api, live, left);
  else finalize(api, live);
}

function finalize(api: Api, live: KubeObject): void {
  const finalizers = stringsAt(live, 'spec', 'finalizers');
  const kept = finalizers.filter((finalizer) => finalizer !== 'kubernetes');
  if (kept.length === finalizers.length) return;
  const draft = draftOf(live);
  draft.spec = kept.length === 0 ? {} : { finalizers: kept };
  const request = { ...systemRequest(api, 'update', live, USER), subresource: 'finalize' };
  updateObject(api, request, { live, draft });
}

function condition(now: string, type: string, found: boolean, reason: string, message: string): Dict {
  return { type, status: found ? 'True' : 'False', lastTransitionTime: now, reason, message };
}

function counts(texts: readonly string[], describe: (text: string, count: number) => string): string {
  const numbers = new Map<string, number>();
  for (const text of texts) numbers.set(text, (numbers.get(text) ?? 0) + 1);
  return [...numbers].map(([text, count]) => describe(text, count)).join(', ');
}

/** Why a namespace is still there, in its conditions: people look there first. */
function reportContent(api: Api, live: KubeObject, left: readonly Leftover[]): void {
  const now = timestamp(api.now());
  const kinds = left.map(({ resource }) => `${resource.plural}.${resource.group}`);
  const finalizers = left.flatMap(({ object }) => object.metadata.finalizers ?? []);
  const remaining = `Some resources are remaining: ${counts(kinds, (kind, count) => `${kind} has ${count} resource instances`)}`;
  const held = `Some content in the namespace has finalizers remaining: ${counts(finalizers, (name, count) => `${name} in ${count} resource instances`)}`;
  const conditions = [
    condition(now, 'NamespaceContentRemaining', true, 'SomeResourcesRemain', remaining),
    finalizers.length === 0
      ? condition(
          now,
          'NamespaceFinalizersRemaining',
          false,
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        )
      : condition(now, 'NamespaceFinalizersRemaining', true, 'SomeFinalizersRemain', held),
  ];
  if (sameMessages(live, conditions)) return;
  const draft = draftOf(live);
  draft.status = { ...dictAt(live, 'status'), conditions };
  const request = { ...systemRequest(api, 'update', live, USER), subresource: 'status' };
  updateObject(api, request, { live, draft });
}

function sameMessages(live: KubeObject, conditions: readonly Dict[]): boolean {
  const before = dictAt(live, 'status')?.conditions;
  if (!Array.isArray(before) || before.length !== conditions.length) return false;
  return conditions.every((wanted, index) => stringAt(before[index], 'message') === stringAt(wanted, 'message'));
}

export function startNamespaceController(api: Api, onError: (cause: unknown) => void): CoreController {
  const queue = new CoreQueue((name) => terminate(api, name), onError);
  const isTerminating = (name: string): boolean =>
    api.storage.get(NAMESPACES, '', name)?.metadata.deletionTimestamp !== undefined;
  const unsubscribe = api.storage.subscribe((resource, { type, entry }) => {
    const { name, namespace } = entry.object.metadata;
    if (resource === NAMESPACES && type !== 'DELETED' && entry.object.metadata.deletionTimestamp !== undefined)
      queue.add(name);
    if (namespace !== undefined && type === 'DELETED' && isTerminating(namespace)) queue.add(namespace);
  });
  for (const { object } of api.storage.collection(NAMESPACES).list()) {
    if (object.metadata.deletionTimestamp !== undefined) queue.add(object.metadata.name);
  }
  return {
    stop() {
      unsubscribe();
      queue.stop();
    },
  };
}
