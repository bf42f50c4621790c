import { ApiError, type StatusCause } from '../errors.js';
import { type DraftObject, isDict, type KubeObject, type MutableDict } from '../objects.js';
import type { Schema } from '../schema/schema.js';
import { changedFields, compareFields, isSame } from './compare.js';
import {
  difference,
  EMPTY,
  type FieldSet,
  intersection,
  isEmptySet,
  pathsOf,
  union,
  withNamedParents,
} from './field-set.js';
import { decodeManagers, encodeManagers, type Manager, type ManagerId, type Managers, managerKey } from './managers.js';
import { mergeConfig, withoutFields } from './merge.js';
import { fieldsOf } from './object-set.js';
import { describePath } from './path-element.js';

/** Fields nobody owns: they are the server's, or name the object. */
const UNOWNED_META = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'generation',
  'managedFields',
  'resourceVersion',
];

/** Which of the top fields this write may touch: `status` is its subresource's alone, and that one touches nothing else. */
export type Scope = (field: string) => boolean;

export function ownable(object: DraftObject | KubeObject, scope: Scope): MutableDict {
  const fields: MutableDict = {};
  for (const [name, value] of Object.entries(object)) {
    if (name === 'apiVersion' || name === 'kind' || !scope(name)) continue;
    fields[name] = value;
  }
  if (isDict(fields.metadata)) {
    const metadata: MutableDict = { ...fields.metadata };
    for (const name of UNOWNED_META) delete metadata[name];
    fields.metadata = metadata;
  }
  return fields;
}

/** Before there is an object there is its metadata: nobody owns that as such. */
const nothing = (scope: Scope): MutableDict => (scope('metadata') ? { metadata: {} } : {});

/** What somebody claims by sending it. */
export function claimsOf(fields: MutableDict, schema: Schema): FieldSet {
  const { metadata, ...rest } = fields;
  return fieldsOf(isDict(metadata) && Object.keys(metadata).length > 0 ? fields : rest, schema);
}

/** Who owns what after an ordinary write (create, update, patch): the writer gets what it changed, the others lose it. */
export function trackUpdate(
  live: KubeObject | undefined,
  draft: DraftObject,
  schema: Schema,
  writer: ManagerId,
  scope: Scope,
  now: string,
): DraftObject['metadata']['managedFields'] {
  const before = live === undefined ? nothing(scope) : ownable(live, scope);
  const comparison = compareFields(before, ownable(draft, scope), schema);
  const sent = draft.metadata.managedFields;
  const managers = new Map(decodeManagers(sent ?? live?.metadata.managedFields));
  if (isSame(comparison)) return encodeManagers(managers);
  const changed = changedFields(comparison);
  const gone = union(changed, comparison.removed);
  for (const [key, manager] of managers) managers.set(key, { ...manager, fields: difference(manager.fields, gone) });
  const own = decodeManagers(sent ?? live?.metadata.managedFields).get(managerKey(writer))?.fields ?? EMPTY;
  const fields = union(difference(own, comparison.removed), changed);
  managers.set(managerKey(writer), { ...writer, fields, time: now });
  return encodeManagers(managers);
}

export interface ApplyRequest {
  readonly live: KubeObject | undefined;
  readonly config: DraftObject;
  readonly schema: Schema;
  readonly applier: ManagerId;
  readonly scope: Scope;
  readonly force: boolean;
  /** Fields that are taken over without a conflict, as long as there is no other. */
  readonly takeover: FieldSet;
  readonly now: string;
}

/** Server-side apply: the merged object, with the applier's claim on exactly what it sent. */
export function applyConfig(request: ApplyRequest): DraftObject {
  const { live, config, schema, applier, scope } = request;
  const managers = new Map(decodeManagers(live?.metadata.managedFields));
  const key = managerKey(applier);
  const last = managers.get(key)?.fields ?? EMPTY;
  const wanted = ownable(config, scope);
  const claimed = claimsOf(wanted, schema);
  const before = live === undefined ? nothing(scope) : ownable(live, scope);
  const others = [...managers].filter(([other]) => other !== key).map(([, manager]) => manager);
  const merged = mergeConfig(before, wanted, schema);
  const result = dropAbandoned(merged, schema, last, claimed, others);
  const comparison = compareFields(before, result, schema);
  const changed = changedFields(comparison);
  if (!request.force) refuseConflicts(others, difference(changed, request.takeover));
  for (const manager of others) {
    const fields = difference(manager.fields, union(changed, comparison.removed));
    managers.set(managerKey(manager), { ...manager, fields });
  }
  managers.set(key, { ...applier, fields: claimed, time: request.now });
  return assemble(request, result, managers);
}

/** What the applier owned, no longer sends, and nobody else owns, goes. */
function dropAbandoned(
  merged: unknown,
  schema: Schema,
  last: FieldSet,
  claimed: FieldSet,
  others: readonly Manager[],
): unknown {
  if (isEmptySet(last)) return merged;
  const owned = others.reduce((all, manager) => union(all, manager.fields), claimed);
  const mine = withNamedParents(last, schema);
  const pruned = withoutFields(merged, mine, schema);
  const everything = withNamedParents(fieldsOf(merged, schema), schema);
  const kept = withNamedParents(fieldsOf(pruned, schema), schema);
  const gone = difference(difference(everything, kept), withNamedParents(owned, schema));
  return withoutFields(merged, intersection(gone, mine), schema);
}

/** The live object with the merged fields put in; what this write may not touch stays. */
function assemble(request: ApplyRequest, result: unknown, managers: Managers): DraftObject {
  const { live, config, scope } = request;
  const fields = isDict(result) ? result : {};
  const serverMeta: MutableDict = {};
  for (const name of UNOWNED_META) {
    const value = (live ?? config).metadata[name as keyof DraftObject['metadata']];
    if (value !== undefined) serverMeta[name] = value;
  }
  const object: DraftObject = { apiVersion: config.apiVersion, kind: config.kind, metadata: {} };
  for (const [name, value] of Object.entries(live ?? {})) {
    if (name !== 'metadata' && !scope(name)) object[name] = value;
  }
  const { apiVersion, kind } = config;
  Object.assign(object, fields, { apiVersion, kind });
  object.metadata = {
    ...metadataOf(request, fields.metadata),
    ...serverMeta,
    managedFields: encodeManagers(managers),
  };
  return object;
}

const metadataOf = (request: ApplyRequest, metadata: unknown): DraftObject['metadata'] => {
  if (request.scope('metadata')) return isDict(metadata) ? metadata : {};
  return request.live?.metadata ?? {};
};

function refuseConflicts(others: readonly Manager[], changed: FieldSet): void {
  const conflicts = others
    .toSorted((left, right) => (managerKey(left) < managerKey(right) ? -1 : 1))
    .map((manager) => ({
      name: describeManager(manager),
      paths: [...pathsOf(intersection(manager.fields, changed))].map(describePath),
    }))
    .filter(({ paths }) => paths.length > 0);
  const causes: readonly StatusCause[] = conflicts.flatMap(({ name, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field })),
  );
  const [first] = conflicts;
  if (first === undefined) return;
  const text =
    causes.length === 1
      ? `conflict with ${first.name}: ${first.paths[0]}`
      : conflicts.map(({ name, paths }) => `conflicts with ${name}:\n- ${paths.join('\n- ')}`).join('\n');
  const count = causes.length === 1 ? '1 conflict' : `${causes.length} conflicts`;
  throw new ApiError(409, 'Conflict', `Apply failed with ${count}: ${text}`, { causes });
}

function describeManager({ manager, operation, apiVersion, subresource, time }: Manager): string {
  const through = subresource === '' ? '' : ` with subresource "${subresource}"`;
  if (operation === 'Apply') return `"${manager}"${through}`;
  return `"${manager}"${through} using ${apiVersion}${time === undefined ? '' : ` at ${time}`}`;
}
