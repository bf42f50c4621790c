import { type FieldError, forbiddenField, invalidField, requiredField } from '../field-errors.js';
import {
  type Dict,
  type DraftObject,
  dictAt,
  dictsAt,
  isDict,
  type KubeObject,
  sameJson,
  stringAt,
  stringsAt,
  timestamp,
} from '../objects.js';
import { modelSchema } from '../schema/models.js';
import type { Schema } from '../schema/schema.js';
import { structuralErrors } from '../schema/structural.js';
import { fill, isEmpty, objectIn, objectsIn } from './drafts.js';
import { type PrinterColumn, type Resource, type ScalePaths, type Strategy, storageOf } from './resource.js';

/** Taken by a definition when it is deleted, and held until its objects are gone. */
export const CLEANUP = 'customresourcecleanup.apiextensions.k8s.io';

function fillDefinition(draft: DraftObject): void {
  const spec = objectIn(draft, 'spec');
  const names = objectIn(spec, 'names');
  const kind = stringAt(names, 'kind') ?? '';
  fill(names, { singular: kind.toLowerCase(), listKind: `${kind}List` });
  fill(objectIn(spec, 'conversion'), { strategy: 'None' });
  for (const version of objectsIn(spec, 'versions')) fill(version, { served: false, storage: false });
}

/** Established at once: there is one server, and it serves the kind from the next request on. */
function establish(draft: DraftObject): void {
  const now = timestamp(new Date());
  const stored = dictsAt(draft, 'spec', 'versions').filter(({ storage }) => storage === true);
  const condition = (type: string, reason: string, message: string): Dict => ({
    type,
    status: 'True',
    lastTransitionTime: now,
    reason,
    message,
  });
  draft.status = {
    acceptedNames: dictAt(draft, 'spec', 'names'),
    storedVersions: stored.map(({ name }) => name),
    conditions: [
      condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
      condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
    ],
  };
}

function reaccept(draft: DraftObject, live: KubeObject): void {
  const stored = stringsAt(live, 'status', 'storedVersions');
  const storage = dictsAt(draft, 'spec', 'versions').find((version) => version.storage === true);
  const name = stringAt(storage, 'name') ?? '';
  const status = { ...dictAt(live, 'status'), acceptedNames: dictAt(draft, 'spec', 'names') };
  draft.status = stored.includes(name) ? status : { ...status, storedVersions: [...stored, name] };
}

function definitionErrors(draft: DraftObject, live: KubeObject | undefined): readonly FieldError[] {
  const group = stringAt(draft, 'spec', 'group') ?? '';
  const plural = stringAt(draft, 'spec', 'names', 'plural') ?? '';
  const errors: FieldError[] = [];
  if (group === '') errors.push(requiredField('spec.group'));
  if (draft.metadata.name !== `${plural}.${group}`) {
    errors.push(invalidField('metadata.name', draft.metadata.name, `must be spec.names.plural+"."+spec.group`));
  }
  const versions = dictsAt(draft, 'spec', 'versions');
  if (versions.filter(({ storage }) => storage === true).length !== 1) {
    errors.push(invalidField('spec.versions', versions, 'must have exactly one version marked as storage version'));
  }
  versions.forEach((version, index) => {
    const path = `spec.versions[${index}].schema.openAPIV3Schema`;
    const schema = dictAt(version, 'schema', 'openAPIV3Schema');
    if (schema === undefined) errors.push(requiredField(path, 'schemas are required'));
    else errors.push(...structuralErrors(schema as Schema, path));
  });
  if (live !== undefined) errors.push(...fixedErrors(draft, live));
  return errors;
}

function fixedErrors(draft: DraftObject, live: KubeObject): readonly FieldError[] {
  const fixed = [['group'], ['scope'], ['names', 'kind'], ['names', 'plural']];
  return fixed.flatMap((path) => {
    const before = stringAt(live, 'spec', ...path);
    const after = stringAt(draft, 'spec', ...path);
    return before === after ? [] : [invalidField(`spec.${path.join('.')}`, after, 'field is immutable')];
  });
}

export const customResourceDefinitions: Strategy = {
  generation: true,
  defaults: fillDefinition,
  prepareCreate: establish,
  prepareUpdate: reaccept,
  validate: definitionErrors,
  deletionFinalizer: CLEANUP,
};

/** Fields that every object has, whatever its definition says of them. */
const ENVELOPE: Schema = { type: 'string' };

function rootSchema(schema: Schema): Schema {
  return {
    ...schema,
    type: 'object',
    properties: { ...schema.properties, apiVersion: ENVELOPE, kind: ENVELOPE, metadata: modelSchema('V1ObjectMeta') },
  };
}

const DEFAULT_COLUMNS: readonly PrinterColumn[] = [
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
];

const customStrategy = (hasStatus: boolean): Strategy => ({
  generation: true,
  prepareCreate(draft) {
    if (hasStatus) delete draft.status;
  },
  validate(draft, live) {
    const group = draft.apiVersion.split('/')[0];
    const same = live === undefined || sameJson(live.apiVersion.split('/')[0], group);
    return same ? [] : [forbiddenField('apiVersion', 'the group of an object is fixed')];
  },
});

/** The kinds that a definition serves: one for each served version, the storage version first. */
export function resourcesOf(definition: KubeObject): readonly Resource[] {
  const spec = dictAt(definition, 'spec');
  const names = dictAt(spec, 'names');
  const group = stringAt(spec, 'group') ?? '';
  const plural = stringAt(names, 'plural') ?? '';
  const versions = dictsAt(spec, 'versions').filter(({ served }) => served === true);
  return versions
    .toSorted((left, right) => Number(right.storage === true) - Number(left.storage === true))
    .map((version): Resource => {
      const columns = dictsAt(version, 'additionalPrinterColumns') as unknown as readonly PrinterColumn[];
      const status = isDict(dictAt(version, 'subresources')?.status);
      const scale = dictAt(version, 'subresources', 'scale') as unknown as ScalePaths | undefined;
      return {
        group,
        version: stringAt(version, 'name') ?? '',
        kind: stringAt(names, 'kind') ?? '',
        listKind: stringAt(names, 'listKind') ?? '',
        plural,
        singular: stringAt(names, 'singular') ?? '',
        shortNames: stringsAt(names, 'shortNames'),
        categories: stringsAt(names, 'categories'),
        namespaced: stringAt(spec, 'scope') === 'Namespaced',
        storage: storageOf(group, plural),
        schema: rootSchema((dictAt(version, 'schema', 'openAPIV3Schema') ?? {}) as Schema),
        status,
        scale,
        others: [],
        strategy: customStrategy(status),
        columns: isEmpty(columns) ? DEFAULT_COLUMNS : columns,
        virtual: false,
      };
    });
}
