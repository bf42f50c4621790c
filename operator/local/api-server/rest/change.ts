import { ApiError, badRequest, conflict, invalid, MODIFIED, methodNotAllowed, notFound } from '../errors.js';
import type { DraftObject } from '../objects.js';
import { cloneJson, type KubeObject, type MutableDict } from '../objects.js';
import { isCustom, type Resource } from '../resources/resource.js';
import type { Api } from './api.js';
import { decodeBody, decodeObject } from './decode.js';
import { encodeOne } from './encoding.js';
import type { Answer, ResourceRequest } from './request.js';
import { subjectOf } from './subject.js';
import { createObject, liveObject, updateObject } from './write.js';

export function createOne(api: Api, request: ResourceRequest): Answer {
  const { resource, namespace } = request;
  if (request.name !== '') throw methodNotAllowed();
  if (api.registry.isTerminating(resource)) {
    throw new ApiError(405, 'MethodNotAllowed', 'create not allowed while custom resource definition is terminating');
  }
  const draft = decodeObject(request, decodeBody(request));
  const own = draft.metadata.namespace ?? '';
  if (resource.namespaced && own !== '' && own !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  return { status: 201, json: encodeOne(request, createObject(api, request, draft)) };
}

/** The live object of a write; throws NotFound. */
export function liveOf(api: Api, { resource, namespace, name }: ResourceRequest): KubeObject {
  const live = liveObject(api, resource, resource.namespaced ? namespace : '', name);
  if (live === undefined) throw notFound(subjectOf(resource, name));
  return live;
}

export function replaceOne(api: Api, request: ResourceRequest): Answer {
  const { resource, namespace, name } = request;
  const draft = decodeObject(request, decodeBody(request));
  const { metadata } = draft;
  if ((metadata.name ?? '') === '') metadata.name = name;
  if (metadata.name !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  if (resource.namespaced && (metadata.namespace ?? namespace) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  const live = liveOf(api, request);
  if (isCustom(resource) && (metadata.resourceVersion ?? '') === '') {
    throw invalid({ group: resource.group, kind: resource.kind, name }, [
      {
        reason: 'FieldValueInvalid',
        field: 'metadata.resourceVersion',
        message: 'Invalid value: 0x0: must be specified for an update',
      },
    ]);
  }
  checkVersion(resource, draft, live);
  return { status: 200, json: encodeOne(request, updateObject(api, request, { live, draft })) };
}

/** A draft that names a version or a uid is meant for exactly that one. */
export function checkVersion(resource: Resource, draft: DraftObject | MutableDict, live: KubeObject): void {
  const { resourceVersion = '', uid = '' } = draft.metadata as DraftObject['metadata'];
  const subject = subjectOf(resource, live.metadata.name);
  if (uid !== '' && uid !== live.metadata.uid) {
    throw conflict(
      subject,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${live.metadata.uid}`,
    );
  }
  if (resourceVersion !== '' && resourceVersion !== '0' && resourceVersion !== live.metadata.resourceVersion) {
    throw conflict(subject, MODIFIED);
  }
}

export const draftOf = (live: KubeObject): DraftObject => cloneJson(live) as unknown as DraftObject;
