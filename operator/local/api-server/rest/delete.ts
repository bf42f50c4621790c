import { Entry } from '../entry.js';
import { badRequest, conflict } from '../errors.js';
import { type Dict, dictAt, isDict, type KubeObject, numberAt, stringAt, stringsAt, timestamp } from '../objects.js';
import { PENDING_OWNER_FINALIZERS } from '../owner-finalizers.js';
import type { Resource } from '../resources/resource.js';
import type { Api } from './api.js';
import { decodeBody } from './decode.js';
import { encodeList, encodeOne, negotiate } from './encoding.js';
import { readEntry, selectEntries, selectionOf } from './read.js';
import { type Answer, isDryRun, type ResourceRequest } from './request.js';
import { isReleased } from './write.js';

export interface DeleteOptions {
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
  readonly graceSeconds: number | undefined;
  readonly propagation: string | undefined;
  readonly dryRun: boolean;
}

export function deleteOptionsOf(request: ResourceRequest): DeleteOptions {
  const { query } = request;
  const body = request.body.length === 0 ? {} : decodeBody(request);
  if (!isDict(body)) throw badRequest('DeleteOptions must be an object');
  const grace = query.get('gracePeriodSeconds');
  const propagation = query.get('propagationPolicy') ?? stringAt(body, 'propagationPolicy');
  if (propagation !== undefined && !['Orphan', 'Background', 'Foreground'].includes(propagation)) {
    throw badRequest(
      `DeleteOptions propagationPolicy: Unsupported value: "${propagation}": supported values: "Foreground", "Background", "Orphan"`,
    );
  }
  const orphan = query.get('orphanDependents') ?? body.orphanDependents;
  const legacy =
    orphan === 'true' || orphan === true
      ? 'Orphan'
      : orphan === undefined || orphan === null
        ? undefined
        : 'Background';
  return {
    uid: stringAt(body, 'preconditions', 'uid'),
    resourceVersion: stringAt(body, 'preconditions', 'resourceVersion'),
    graceSeconds: grace === null ? numberAt(body, 'gracePeriodSeconds') : Number(grace),
    propagation: propagation ?? legacy,
    dryRun: isDryRun(request) || stringsAt(body, 'dryRun').includes('All'),
  };
}

/** Deletions word their preconditions by the kind, where updates do by the resource. */
function checkPreconditions(resource: Resource, live: KubeObject, options: DeleteOptions): void {
  const { name, uid, resourceVersion } = live.metadata;
  const subject = { group: resource.group, resource: resource.kind, name };
  if (options.uid !== undefined && options.uid !== uid) {
    throw conflict(
      subject,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
    );
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion) {
    throw conflict(
      subject,
      `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
    );
  }
}

/** The finalizers with which an object waits for what depends on it, by the policy that was asked for. */
function finalizersFor(live: KubeObject, resource: Resource, options: DeleteOptions): readonly string[] {
  const policy = options.propagation ?? resource.strategy.defaultPropagation;
  const own = resource.strategy.deletionFinalizer;
  const before = live.metadata.finalizers ?? [];
  const first = own !== undefined && live.metadata.deletionTimestamp === undefined && !before.includes(own);
  const finalizers = first ? [...before, own] : before;
  const { foreground, orphan } = PENDING_OWNER_FINALIZERS;
  if (policy === undefined) return finalizers;
  const others = finalizers.filter((finalizer) => finalizer !== foreground && finalizer !== orphan);
  if (policy === 'Foreground') return [...others, foreground];
  return policy === 'Orphan' ? [...others, orphan] : others;
}

const DEFAULT_GRACE_SECONDS = 30;

/** A pod that runs somewhere is given its time; whoever runs it deletes it for good with a grace of 0. */
function graceOf(live: KubeObject, resource: Resource, options: DeleteOptions): number {
  if (resource.storage !== '/pods') return 0;
  const phase = stringAt(live, 'status', 'phase');
  if ((stringAt(live, 'spec', 'nodeName') ?? '') === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  return Math.max(
    0,
    options.graceSeconds ?? numberAt(live, 'spec', 'terminationGracePeriodSeconds') ?? DEFAULT_GRACE_SECONDS,
  );
}

function marked(api: Api, live: KubeObject, finalizers: readonly string[], grace: number): KubeObject {
  const { metadata } = live;
  const { finalizers: _old, ...kept } = metadata;
  const again = metadata.deletionTimestamp !== undefined;
  const shorter = again && grace < (metadata.deletionGracePeriodSeconds ?? 0);
  const end = timestamp(new Date(api.now().getTime() + grace * 1000));
  return {
    ...live,
    metadata: {
      ...kept,
      ...(again || metadata.generation === undefined ? {} : { generation: metadata.generation + 1 }),
      deletionTimestamp: again && !shorter ? (metadata.deletionTimestamp ?? end) : end,
      deletionGracePeriodSeconds: again && !shorter ? (metadata.deletionGracePeriodSeconds ?? 0) : grace,
      ...(finalizers.length === 0 ? {} : { finalizers }),
    },
  };
}

const terminating = (object: KubeObject): KubeObject => ({
  ...object,
  status: { ...dictAt(object, 'status'), phase: 'Terminating' },
});

export interface Deletion {
  readonly entry: Entry;
  readonly gone: boolean;
}

/** Deletes, or marks for deletion what still has finalizers, a namespace's content, or a process to end. */
export function deleteObject(api: Api, request: ResourceRequest, live: KubeObject, options: DeleteOptions): Deletion {
  const { resource } = request;
  checkPreconditions(resource, live, options);
  api.admission.validate(request, 'DELETE', undefined, live);
  const finalizers = finalizersFor(live, resource, options);
  const object = marked(api, live, finalizers, graceOf(live, resource, options));
  const ended = resource.storage === '/namespaces' ? terminating(object) : object;
  const gone = isReleased(ended, resource);
  if (options.dryRun) return { entry: new Entry(ended, api.storage.revision), gone };
  if (gone)
    return {
      entry: api.storage.remove(resource.storage, live.metadata.deletionTimestamp === undefined ? live : ended),
      gone,
    };
  if (live.metadata.deletionTimestamp !== undefined && sameMark(live, ended)) {
    return { entry: new Entry(live, Number(live.metadata.resourceVersion)), gone };
  }
  return { entry: api.storage.put(resource.storage, ended), gone };
}

function sameMark(live: KubeObject, ended: KubeObject): boolean {
  const [before, after] = [live.metadata, ended.metadata];
  return (
    before.deletionTimestamp === after.deletionTimestamp &&
    before.deletionGracePeriodSeconds === after.deletionGracePeriodSeconds &&
    (before.finalizers ?? []).join() === (after.finalizers ?? []).join()
  );
}

const success = ({ resource }: ResourceRequest, { name, uid }: KubeObject['metadata']): Dict => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: { name, ...(resource.group === '' ? {} : { group: resource.group }), kind: resource.plural, uid },
});

export function deleteOne(api: Api, request: ResourceRequest): Answer {
  const live = readEntry(api, request).object;
  const { entry, gone } = deleteObject(api, request, live, deleteOptionsOf(request));
  const asStatus = gone && request.resource.strategy.answersDeleted !== true;
  return {
    status: 200,
    json: asStatus ? JSON.stringify(success(request, live.metadata)) : encodeOne(request, entry, 'json'),
  };
}

export function deleteMany(api: Api, request: ResourceRequest): Answer {
  const options = deleteOptionsOf(request);
  const entries = selectEntries(api, request, selectionOf(request));
  const deleted = entries.map(({ object }) => {
    const one: ResourceRequest = { ...request, name: object.metadata.name, namespace: object.metadata.namespace ?? '' };
    return deleteObject(api, one, object, options).entry;
  });
  const metadata = { resourceVersion: String(api.storage.revision) };
  return { status: 200, json: encodeList(request, negotiate(request), deleted, metadata) };
}
