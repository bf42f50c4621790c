import { EMPTY } from '../apply/field-set.js';
import { KUBECTL, takeoverFields, withLastApplied } from '../apply/last-applied.js';
import { applyConfig } from '../apply/ownership.js';
import { ApiError, badRequest, conflict, invalid, MODIFIED, unsupportedMediaType } from '../errors.js';
import { invalidField } from '../field-errors.js';
import {
  apiVersionOf,
  type DraftObject,
  isMutableDict,
  type KubeObject,
  type MutableDict,
  timestamp,
} from '../objects.js';
import { applyJsonPatch } from '../patch/json-patch.js';
import { applyMergePatch } from '../patch/merge-patch.js';
import { applyStrategicPatch } from '../patch/strategic-merge.js';
import { isCustom } from '../resources/resource.js';
import type { Api } from './api.js';
import { undeclaredField } from './apply-typing.js';
import { checkVersion, liveOf } from './change.js';
import { conform, decodeBody, parseJson } from './decode.js';
import { encodeOne } from './encoding.js';
import type { Answer, ResourceRequest } from './request.js';
import { scopeOf } from './scope.js';
import { subjectOf } from './subject.js';
import { createObject, liveObject, updateObject, writerOf } from './write.js';

export const PATCH_TYPES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const;

export function patchOne(api: Api, request: ResourceRequest): Answer {
  const type = request.contentType.split(';')[0]?.trim() ?? '';
  if (type === 'application/apply-patch+yaml') return applyOne(api, request);
  const live = liveOf(api, request);
  const patched = applyPatch(request, live, type);
  if (!isMutableDict(patched)) throw badRequest('the patch leaves no object');
  return {
    status: 200,
    json: encodeOne(request, updateObject(api, request, { live, draft: patchedDraft(request, patched, live) })),
  };
}

/** The patched object of any patch but apply, by media type. */
export function applyPatch(request: ResourceRequest, live: unknown, type: string): unknown {
  const { resource, body } = request;
  switch (type) {
    case 'application/json-patch+json':
      return applyJsonPatch(live, parseJson(body));
    case 'application/merge-patch+json':
      return applyMergePatch(live, parseJson(body));
    case 'application/strategic-merge-patch+json':
      if (!isCustom(resource)) return applyStrategicPatch(live, parseJson(body), resource.schema);
      break;
    default:
  }
  const accepted = PATCH_TYPES.filter((known) => !(isCustom(resource) && known.includes('strategic')));
  throw unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

/** A patch that names a version means that version; a name it changes is refused. */
function patchedDraft(request: ResourceRequest, patched: MutableDict, live: KubeObject): DraftObject {
  const draft = conform(request, patched);
  const { resource } = request;
  if (draft.metadata.name !== live.metadata.name) {
    throw badRequest(
      `the name of the object (${draft.metadata.name}) does not match the name on the URL (${live.metadata.name})`,
    );
  }
  if (draft.apiVersion !== live.apiVersion || draft.kind !== live.kind) {
    throw badRequest(`a patch can't change apiVersion or kind of ${resource.plural} "${live.metadata.name}"`);
  }
  const { uid } = draft.metadata;
  if (uid !== undefined && uid !== live.metadata.uid) {
    throw invalid({ group: resource.group, kind: resource.kind, name: live.metadata.name }, [
      invalidField('metadata.uid', uid, 'field is immutable'),
    ]);
  }
  checkVersion(resource, draft, live);
  return draft;
}

function applyOne(api: Api, request: ResourceRequest): Answer {
  const { resource, namespace, name, query, subresource } = request;
  if ((query.get('fieldManager') ?? '') === '') {
    throw invalid({ group: 'meta.k8s.io', kind: 'PatchOptions', name: '' }, [
      { reason: 'FieldValueRequired', field: 'fieldManager', message: 'Required value: is required for apply patch' },
    ]);
  }
  const config = decodeConfig(request);
  const live = liveObject(api, resource, resource.namespaced ? namespace : '', name);
  if (live === undefined && subresource !== '') liveOf(api, request);
  checkConfig(request, config, live);
  const applied = merge(api, request, config, live);
  if (live === undefined) return { status: 201, json: encodeOne(request, createObject(api, request, applied, true)) };
  return { status: 200, json: encodeOne(request, updateObject(api, request, { live, draft: applied, owned: true })) };
}

function merge(api: Api, request: ResourceRequest, config: DraftObject, live: KubeObject | undefined): DraftObject {
  const { resource, subresource, query } = request;
  const applier = writerOf(request, 'Apply');
  const scope = scopeOf(resource, subresource);
  const fromKubectl = applier.manager === KUBECTL;
  const merged = applyConfig({
    live,
    config,
    schema: resource.schema,
    applier,
    scope,
    force: query.get('force') === 'true' || query.get('force') === '1',
    takeover: fromKubectl ? takeoverFields(live, resource.schema, scope) : EMPTY,
    now: timestamp(api.now()),
  });
  if (fromKubectl) withLastApplied(merged, config);
  if (live === undefined) merged.metadata.name = request.name;
  return conform(request, merged, 'keep');
}

function decodeConfig(request: ResourceRequest): DraftObject {
  const { resource } = request;
  const value = decodeBody(request);
  if (!isMutableDict(value)) throw badRequest('an apply patch is an object with apiVersion and kind');
  const expected = apiVersionOf(resource.group, resource.version);
  if (value.apiVersion !== expected || value.kind !== resource.kind) {
    throw badRequest(
      `invalid object type: ${String(value.apiVersion ?? '/')}, Kind=${String(value.kind ?? '')} where ${expected}, Kind=${resource.kind} is expected`,
    );
  }
  const config = { ...value } as DraftObject;
  config.metadata = { ...(isMutableDict(value.metadata) ? value.metadata : {}) };
  return config;
}

function checkConfig(request: ResourceRequest, config: DraftObject, live: KubeObject | undefined): void {
  const { resource, name, namespace } = request;
  const { metadata } = config;
  if (metadata.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil');
  if ((metadata.name ?? name) !== name) {
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${name})`);
  }
  if (resource.namespaced && (metadata.namespace ?? namespace) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  refuseUntyped(request, config);
  if (live !== undefined) checkVersion(resource, config, live);
  else if ((metadata.uid ?? '') !== '') {
    throw conflict(
      subjectOf(resource, name),
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: `,
    );
  } else if ((metadata.resourceVersion ?? '') !== '') throw conflict(subjectOf(resource, name), MODIFIED);
}

/** Apply must know the type of every field it is to own: an unknown one fails, and not as a matter of validation. */
function refuseUntyped(request: ResourceRequest, config: DraftObject): void {
  const { resource, name } = request;
  const problem = undeclaredField(config, resource.schema);
  if (problem === undefined) return;
  const group = resource.group;
  const version = apiVersionOf(group, resource.version);
  const gvk = group === '' ? `/${resource.version}` : version;
  const key = `${config.metadata.namespace ?? ''}/${config.metadata.name ?? name}`;
  throw new ApiError(
    500,
    '',
    `failed to create typed patch object (${key}; ${gvk}, Kind=${resource.kind}): ${problem}`,
  );
}
