import { randomBytes, randomUUID } from 'node:crypto';
import type { ManagerId } from '../apply/managers.js';
import { managerName, sameOwnership } from '../apply/managers.js';
import { trackUpdate } from '../apply/ownership.js';
import { validateRules } from '../cel/rules.js';
import { Entry } from '../entry.js';
import { alreadyExists, invalid } from '../errors.js';
import { guardEscalation } from '../escalation.js';
import type { FieldError } from '../field-errors.js';
import { invalidField } from '../field-errors.js';
import { metadataErrors } from '../metadata.js';
import { apiVersionOf, type DraftObject, type KubeObject, sameJson, stringsAt, timestamp } from '../objects.js';
import { isCustom, type Resource } from '../resources/resource.js';
import { ROOT, validateSchema } from '../schema/validate.js';
import type { Api } from './api.js';
import { isDryRun, type ResourceRequest } from './request.js';
import { changesGeneration, confine, scopeOf } from './scope.js';
import { subjectOf } from './subject.js';
import { view } from './view.js';

/** Key order is Go's for built-in kinds: apiVersion and kind first, so that lists can cut them off. */
function seal(draft: DraftObject, resource: Resource): KubeObject {
  const { apiVersion: _version, kind: _kind, metadata, ...fields } = draft;
  return {
    apiVersion: apiVersionOf(resource.group, resource.version),
    kind: resource.kind,
    metadata: metadata as KubeObject['metadata'],
    ...fields,
  };
}

export function writerOf(request: ResourceRequest, operation: ManagerId['operation']): ManagerId {
  const { resource, subresource, query, userAgent } = request;
  return {
    manager: managerName(query.get('fieldManager'), userAgent),
    operation,
    apiVersion: apiVersionOf(resource.group, resource.version),
    subresource,
  };
}

const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;
const GENERATED_LENGTH = 63;

function generateName(base: string): string {
  const suffix = [...randomBytes(SUFFIX_LENGTH)].map((byte) => SUFFIX[byte % SUFFIX.length]).join('');
  return base.slice(0, GENERATED_LENGTH - SUFFIX_LENGTH) + suffix;
}

/** Everything a new object goes through. `owned` is set when apply has already said who owns what. */
export function createObject(api: Api, request: ResourceRequest, draft: DraftObject, owned = false): Entry {
  const { resource } = request;
  const now = timestamp(api.now());
  prepareMetadata(request, draft, now);
  api.admission.checkNamespace(request, draft);
  resource.strategy.defaults?.(draft);
  resource.strategy.prepareCreate?.(draft);
  if (resource.strategy.generation === true) draft.metadata.generation = 1;
  if (!owned) {
    const scope = scopeOf(resource, '');
    draft.metadata.managedFields = trackUpdate(
      undefined,
      draft,
      resource.schema,
      writerOf(request, 'Update'),
      scope,
      now,
    );
  }
  refuseInvalid(resource, draft, undefined);
  guardEscalation(api, request, draft, undefined);
  const object = seal(draft, resource);
  api.admission.validate(request, 'CREATE', object, undefined);
  const { name, namespace = '' } = object.metadata;
  if (api.storage.get(resource.storage, namespace, name) !== undefined) throw alreadyExists(subjectOf(resource, name));
  if (isDryRun(request)) return new Entry(object, api.storage.revision);
  return api.storage.put(resource.storage, object);
}

function prepareMetadata({ resource, namespace }: ResourceRequest, draft: DraftObject, now: string): void {
  const { metadata } = draft;
  if ((metadata.name ?? '') === '' && (metadata.generateName ?? '') !== '') {
    metadata.name = generateName(metadata.generateName ?? '');
  }
  if (resource.namespaced) metadata.namespace = namespace;
  else delete metadata.namespace;
  metadata.uid = randomUUID();
  metadata.creationTimestamp = now;
  for (const field of ['resourceVersion', 'generation', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    delete metadata[field];
  }
  if (metadata.managedFields?.length === 0) delete metadata.managedFields;
}

export interface Update {
  readonly live: KubeObject;
  readonly draft: DraftObject;
  /** Set when apply has already said who owns what. */
  readonly owned?: boolean;
  /** Who owns the change, where that is not what the request's subresource says. */
  readonly writer?: ManagerId;
}

/** Everything a changed object goes through. What changes nothing is answered with the live object, version and all. */
export function updateObject(api: Api, request: ResourceRequest, update: Update): Entry {
  const { live, draft, owned = false, writer = writerOf(request, 'Update') } = update;
  const { resource, subresource } = request;
  const now = timestamp(api.now());
  const scope = scopeOf(resource, subresource);
  confine(draft, live, scope);
  keepServerFields(draft, live);
  resource.strategy.defaults?.(draft);
  if (subresource === '') resource.strategy.prepareUpdate?.(draft, live);
  const unchanged = sameButOwnership(draft, live);
  if (!owned) {
    draft.metadata.managedFields =
      unchanged && draft.metadata.managedFields === undefined
        ? live.metadata.managedFields
        : trackUpdate(live, draft, resource.schema, writer, scope, now);
  }
  dropEmptyOwnership(draft);
  if (!unchanged) refuseInvalid(resource, draft, live);
  if (changesGeneration(draft, live, resource)) draft.metadata.generation = (live.metadata.generation ?? 0) + 1;
  if (!unchanged) guardEscalation(api, request, draft, live);
  const object = seal(draft, resource);
  api.admission.validate(request, 'UPDATE', object, live);
  if (unchanged && sameOwnership(live.metadata.managedFields, draft.metadata.managedFields)) {
    return new Entry(live, Number(live.metadata.resourceVersion));
  }
  if (isDryRun(request)) return new Entry(object, api.storage.revision);
  return store(api, resource, object);
}

function dropEmptyOwnership(draft: DraftObject): void {
  if (draft.metadata.managedFields?.length === 0) delete draft.metadata.managedFields;
}

/** An object whose deletion waited for its last finalizer goes with it. */
function store(api: Api, resource: Resource, object: KubeObject): Entry {
  const stored = api.storage.get(resource.storage, object.metadata.namespace ?? '', object.metadata.name);
  if (stored === undefined) return api.storage.put(resource.storage, object);
  return isReleased(object, resource)
    ? api.storage.remove(resource.storage, object)
    : api.storage.put(resource.storage, object);
}

export function isReleased(object: KubeObject, resource: Resource): boolean {
  const { deletionTimestamp, finalizers = [], deletionGracePeriodSeconds = 0 } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0) return false;
  if (resource.storage === '/namespaces') return stringsAt(object, 'spec', 'finalizers').length === 0;
  return resource.storage !== '/pods' || deletionGracePeriodSeconds === 0;
}

const SERVER_FIELDS = [
  'name',
  'namespace',
  'generateName',
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
] as const;

function keepServerFields(draft: DraftObject, live: KubeObject): void {
  const kept = Object.fromEntries(
    SERVER_FIELDS.filter((field) => live.metadata[field] !== undefined).map((field) => [field, live.metadata[field]]),
  );
  for (const field of SERVER_FIELDS) delete draft.metadata[field];
  Object.assign(draft.metadata, kept);
}

function sameButOwnership(draft: DraftObject, live: KubeObject): boolean {
  for (const field of new Set([...Object.keys(draft), ...Object.keys(live)])) {
    if (field === 'metadata' || field === 'apiVersion' || field === 'kind') continue;
    if (!sameJson(draft[field], live[field])) return false;
  }
  const { managedFields: _mine, ...mine } = draft.metadata;
  const { managedFields: _theirs, ...theirs } = live.metadata;
  return sameJson(mine, theirs);
}

function refuseInvalid(resource: Resource, draft: DraftObject, live: KubeObject | undefined): void {
  const errors = [...metadataErrors(draft, live, resource), ...schemaErrors(resource, draft, live)];
  errors.push(...(resource.strategy.validate?.(draft, live) ?? []));
  if (errors.length === 0) return;
  throw invalid({ group: resource.group, kind: resource.kind, name: draft.metadata.name ?? '' }, errors);
}

const BLOCKING: ReadonlySet<string> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const UNCHECKED =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';

function schemaErrors(resource: Resource, draft: DraftObject, live: KubeObject | undefined): readonly FieldError[] {
  const custom = isCustom(resource);
  const value = custom ? { ...draft, metadata: {} } : draft;
  const old = live === undefined || !custom ? live : { ...live, metadata: {} };
  const errors = validateSchema(value, resource.schema, '', old);
  if (!custom) return errors;
  if (errors.some(({ reason }) => BLOCKING.has(reason))) return [...errors, invalidField(ROOT, 'null', UNCHECKED)];
  return [
    ...errors,
    ...validateRules(nameOnly(draft), resource.schema, '', live === undefined ? undefined : nameOnly(live)),
  ];
}

/** Rules see an object's name, and nothing else of its metadata. */
function nameOnly(object: DraftObject | KubeObject): unknown {
  const { name, generateName } = object.metadata;
  return { ...object, metadata: { name, ...(generateName === undefined ? {} : { generateName }) } };
}

/** The live object as this version of its kind shows it. */
export function liveObject(api: Api, resource: Resource, namespace: string, name: string): KubeObject | undefined {
  const entry = api.storage.collection(resource.storage).get(namespace, name);
  return entry === undefined ? undefined : view(resource, entry).object;
}
