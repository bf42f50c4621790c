import type { K8sObject } from '../../charts/manifests/object.js';
import type { DeletePreconditions, ObjectRef, Resource } from './kube.js';
import type { Caller, Verb } from './kube-caller.js';
import { objectPath, type Query, withQuery } from './kube-paths.js';
import { isStatus } from './kube-read.js';

export interface Target {
  readonly verb: Verb;
  /** For metrics. */
  readonly resource: string;
  readonly path: string;
}

const writing = (fieldManager: string): Query => ({ fieldManager, fieldValidation: 'Strict' });

/** The builder's own bytes: nothing between `JSON.stringify` and the socket renames or drops a field. */
export const postObject = async <T>(
  caller: Caller,
  fieldManager: string,
  { verb, resource, path }: Target,
  body: K8sObject,
  signal?: AbortSignal,
): Promise<T> => {
  const request = {
    method: 'POST',
    path: withQuery(path, writing(fieldManager)),
    contentType: 'application/json',
    body: JSON.stringify(body),
  } as const;
  return await caller.call<T>({ verb, resource, request, repeatable: 'create' }, signal);
};

export const applyObject = async <T>(
  caller: Caller,
  fieldManager: string,
  resource: Resource,
  object: K8sObject,
  dryRun: boolean,
  signal?: AbortSignal,
): Promise<T> => {
  const { name, namespace } = object.metadata;
  const path = objectPath({ resource, name, ...(namespace === undefined ? {} : { namespace }) });
  const query = { ...writing(fieldManager), force: true, dryRun: dryRun ? 'All' : undefined };
  const request = {
    method: 'PATCH',
    path: withQuery(path, query),
    // JSON is YAML.
    contentType: 'application/apply-patch+yaml',
    body: JSON.stringify(object),
  } as const;
  return await caller.call<T>({ verb: 'apply', resource: resource.plural, request, repeatable: 'safe' }, signal);
};

export const mergePatchObject = async <T>(
  caller: Caller,
  fieldManager: string,
  ref: ObjectRef,
  patch: unknown,
  subresource: string | undefined,
  signal?: AbortSignal,
): Promise<T> => {
  const { plural } = ref.resource;
  const request = {
    method: 'PATCH',
    path: withQuery(objectPath(ref, subresource), writing(fieldManager)),
    contentType: 'application/merge-patch+json',
    body: JSON.stringify(patch),
  } as const;
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
  return await caller.call<T>({ verb: 'patch', resource, request, repeatable: 'safe' }, signal);
};

export const deleteObject = async (
  caller: Caller,
  ref: ObjectRef,
  { uid, resourceVersion, propagationPolicy, gracePeriodSeconds }: DeletePreconditions = {},
  signal?: AbortSignal,
): Promise<void> => {
  const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
  const options = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy, gracePeriodSeconds };
  const request = {
    method: 'DELETE',
    path: objectPath(ref),
    contentType: 'application/json',
    body: JSON.stringify(options),
  } as const;
  try {
    await caller.call({ verb: 'delete', resource: ref.resource.plural, request, repeatable: 'safe' }, signal);
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
};
