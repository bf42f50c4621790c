import { type FieldError, invalidField, requiredField } from '../field-errors.js';
import { type DraftObject, dictAt, isDict, type KubeObject, sameJson, stringAt, valueAt } from '../objects.js';
import { fill, isEmpty, objectIn, objectsIn } from './drafts.js';
import { fillPodSpec, fillRequests } from './pod-defaults.js';
import { podErrors } from './pod-validation.js';
import type { Strategy } from './resource.js';
import { immutable } from './workloads.js';

export const namespaces: Strategy = {
  nameForm: 'label',
  defaults(draft) {
    const labels = { ...draft.metadata.labels, 'kubernetes.io/metadata.name': draft.metadata.name ?? '' };
    if (!sameJson(labels, draft.metadata.labels)) draft.metadata.labels = labels;
  },
  prepareCreate(draft) {
    const finalizers = valueAt(draft, 'spec', 'finalizers');
    const own = Array.isArray(finalizers) ? finalizers.filter((entry) => entry !== 'kubernetes') : [];
    draft.spec = { finalizers: [...own, 'kubernetes'] };
    draft.status = { phase: 'Active' };
  },
  prepareUpdate(draft, live) {
    draft.spec = live.spec;
    draft.status = live.status;
  },
};

export const pods: Strategy = {
  answersDeleted: true,
  defaults(draft) {
    const spec = objectIn(draft, 'spec');
    fillPodSpec(spec);
    fillRequests(spec);
    fill(spec, { enableServiceLinks: true });
  },
  prepareCreate(draft) {
    const spec = objectIn(draft, 'spec');
    fill(spec, { serviceAccountName: 'default', serviceAccount: 'default' });
    draft.status = { phase: 'Pending', qosClass: qosClass(draft) };
  },
  validate: podErrors,
};

function qosClass(draft: DraftObject): string {
  const containers = objectsIn(objectIn(draft, 'spec'), 'containers');
  const resources = containers.map((container) => ({
    limits: dictAt(container, 'resources', 'limits') ?? {},
    requests: dictAt(container, 'resources', 'requests') ?? {},
  }));
  if (resources.every(({ limits, requests }) => isEmpty(limits) && isEmpty(requests))) return 'BestEffort';
  const guaranteed = resources.every(
    ({ limits, requests }) => limits.cpu !== undefined && limits.memory !== undefined && sameJson(limits, requests),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

const DATA_KEY = /^[-._a-zA-Z0-9]+$/;

function dataErrors(draft: DraftObject, live: KubeObject | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['data', 'binaryData']) {
    for (const key of Object.keys(dictAt(draft, field) ?? {})) {
      if (DATA_KEY.test(key)) continue;
      errors.push(
        invalidField(
          `${field}[${key}]`,
          key,
          "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
        ),
      );
    }
  }
  const fixed = live?.immutable === true;
  if (fixed && draft.immutable !== true) errors.push(unsealed('immutable'));
  if (fixed && !sameJson(live.data, draft.data)) errors.push(unsealed('data'));
  if (fixed && !sameJson(live.binaryData, draft.binaryData)) errors.push(unsealed('binaryData'));
  return errors;
}

const unsealed = (field: string): FieldError => ({
  reason: 'FieldValueForbidden',
  field,
  message: 'Forbidden: field is immutable when `immutable` is set',
});

export const configMaps: Strategy = { validate: dataErrors };

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export const secrets: Strategy = {
  defaults(draft) {
    fill(draft, { type: 'Opaque' });
    const plain = draft.stringData;
    if (!isDict(plain)) return;
    const encoded = Object.entries(plain).map(([key, value]) => [key, Buffer.from(String(value)).toString('base64')]);
    draft.data = { ...(isDict(draft.data) ? draft.data : {}), ...Object.fromEntries(encoded) };
    delete draft.stringData;
  },
  validate(draft, live) {
    const errors = [...dataErrors(draft, live)];
    for (const [key, value] of Object.entries(dictAt(draft, 'data') ?? {})) {
      if (!BASE64.test(String(value))) errors.push(invalidField(`data[${key}]`, '<omitted>', 'illegal base64 data'));
    }
    if (live !== undefined && live.type !== draft.type) errors.push(immutable('type', draft.type));
    return errors;
  },
};

export const serviceAccounts: Strategy = { answersDeleted: true };

export const persistentVolumeClaims: Strategy = {
  answersDeleted: true,
  defaults(draft) {
    fill(objectIn(draft, 'spec'), { volumeMode: 'Filesystem' });
  },
  prepareCreate(draft) {
    draft.status = { phase: 'Pending' };
  },
  validate(draft) {
    const errors: FieldError[] = [];
    if (isEmpty(valueAt(draft, 'spec', 'accessModes'))) {
      errors.push(requiredField('spec.accessModes', 'at least 1 access mode is required'));
    }
    if (dictAt(draft, 'spec', 'resources', 'requests')?.storage === undefined) {
      errors.push(requiredField('spec.resources[storage]'));
    }
    return errors;
  },
};

export const resourceQuotas: Strategy = {
  answersDeleted: true,
  prepareCreate(draft) {
    draft.status = {};
  },
};

/** A container's default limit is its maximum, its default request that limit, unless the range says otherwise. */
export const limitRanges: Strategy = {
  defaults(draft) {
    for (const item of objectsIn(objectIn(draft, 'spec'), 'limits')) {
      if (item.type !== 'Container') continue;
      if (isDict(item.max)) fill(objectIn(item, 'default'), { ...item.max });
      if (isDict(item.default)) fill(objectIn(item, 'defaultRequest'), { ...item.default });
      if (isDict(item.min)) fill(objectIn(item, 'defaultRequest'), { ...item.min });
    }
  },
};

export const events: Strategy = {
  nameForm: 'path-segment',
  validate(draft) {
    const namespace = stringAt(draft, 'involvedObject', 'namespace') ?? '';
    if (namespace === '' || namespace === draft.metadata.namespace) return [];
    return [invalidField('involvedObject.namespace', namespace, 'does not match event.namespace')];
  },
};

export const nodes: Strategy = {
  prepareCreate(draft) {
    draft.status ??= {};
  },
};

export const endpointSlices: Strategy = {
  generation: true,
  defaults(draft) {
    for (const port of objectsIn(draft, 'ports')) fill(port, { name: '', protocol: 'TCP' });
  },
};

export const plain: Strategy = {};
