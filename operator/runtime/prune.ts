import { isRecord } from '../clients/json.js';
import { type KubeClient, KubeError, type LiveObject, type ObjectRef, type Resource } from '../clients/kube.js';
import { nameOf } from './key.js';

/** Kinds that hold keys or data. A label on the wrong object must never cost them, so they are named or kept. */
const KEPT_KINDS = new Set(['Namespace', 'PersistentVolumeClaim', 'PersistentVolume', 'Secret']);

export interface PruneScope {
  /** Kinds to look through. */
  readonly resources: readonly Resource[];
  /** Of namespaced kinds. Cluster-scoped kinds are looked through by label alone. */
  readonly namespace: string;
  /** All of these, with these values, or it is not ours. At least one. */
  readonly labels: Readonly<Record<string, string>>;
  /** Kept kinds that may go after all. @default none */
  readonly alsoKinds?: readonly string[] | undefined;
  /** Objects of this controller are ours in spite of their owner reference. @default none */
  readonly ownerUid?: string | undefined;
}

export interface PruneOptions {
  readonly client: Pick<KubeClient, 'list' | 'delete'>;
  /** What a cache knows of a kind; undefined: ask the server. @default ask the server */
  readonly cached?:
    | ((resource: Resource, namespace: string | undefined) => readonly LiveObject[] | undefined)
    | undefined;
}

const refOf = (resource: Resource, { metadata: { name, namespace } }: LiveObject): ObjectRef => ({
  resource,
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

const identity = ({ resource: { apiVersion, kind }, name, namespace = '' }: ObjectRef): string =>
  `${apiVersion}/${kind}/${namespace}/${name}`;

const hasLabels = (object: LiveObject, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(labels).every(([name, value]) => object.metadata.labels?.[name] === value);

/** Another controller made it from our template (an EndpointSlice has its Service's labels) and removes it itself. */
const hasOtherController = (object: LiveObject, ownerUid: string | undefined): boolean =>
  (object.metadata.ownerReferences ?? []).some(
    (owner: unknown) => isRecord(owner) && owner.controller === true && owner.uid !== ownerUid,
  );

/** Which of the objects found are ours and no longer wanted. Pure. */
export const planPrune = (
  found: readonly { readonly ref: ObjectRef; readonly object: LiveObject }[],
  desired: readonly ObjectRef[],
  { labels, alsoKinds = [], ownerUid }: Pick<PruneScope, 'labels' | 'alsoKinds' | 'ownerUid'>,
): readonly { readonly ref: ObjectRef; readonly object: LiveObject }[] => {
  if (Object.keys(labels).length === 0) throw new TypeError('pruning needs at least one label: without, all is ours');
  const wanted = new Set(desired.map(identity));
  return found.filter(
    ({ ref, object }) =>
      !wanted.has(identity(ref)) &&
      (!KEPT_KINDS.has(ref.resource.kind) || alsoKinds.includes(ref.resource.kind)) &&
      object.metadata.deletionTimestamp === undefined &&
      hasLabels(object, labels) &&
      !hasOtherController(object, ownerUid),
  );
};

const selectorOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

const findAll = async (
  { client, cached }: PruneOptions,
  { resources, namespace, labels }: PruneScope,
  signal: AbortSignal | undefined,
): Promise<{ readonly ref: ObjectRef; readonly object: LiveObject }[]> => {
  const perKind = resources.map(async (resource) => {
    const within = resource.namespaced ? namespace : undefined;
    const known = cached?.(resource, within);
    const options = { labelSelector: selectorOf(labels), ...(within === undefined ? {} : { namespace: within }) };
    const objects = known ?? (await client.list(resource, options, signal)).items;
    return objects.map((object) => ({ ref: refOf(resource, object), object }));
  });
  return (await Promise.all(perKind)).flat();
};

/**
 * Deletes what carries all our labels and is no longer desired, each by uid and version: had anybody replaced or
 * changed it since we looked, the server refuses, and the next reconcile looks again. Returns what it deleted.
 */
export const prune = async (
  options: PruneOptions,
  scope: PruneScope,
  desired: readonly ObjectRef[],
  signal?: AbortSignal,
): Promise<readonly ObjectRef[]> => {
  const found = await findAll(options, scope, signal);
  const deleted: ObjectRef[] = [];
  for (const { ref, object } of planPrune(found, desired, scope)) {
    const { uid, resourceVersion } = object.metadata;
    try {
      await options.client.delete(ref, { uid, resourceVersion, propagationPolicy: 'Background' }, signal);
    } catch (cause) {
      if (!(cause instanceof KubeError) || cause.reason !== 'Conflict') throw cause;
      const message = `pruning ${nameOf(ref)}: it changed since it was read; it is looked at again`;
      throw new KubeError({ status: cause.status, reason: cause.reason, message, cause });
    }
    deleted.push(ref);
  }
  return deleted;
};
