import {
  duplicateField,
  type FieldError,
  forbiddenField,
  invalidField,
  requiredField,
  unsupportedField,
} from '../field-errors.js';
import {
  type Dict,
  type DraftObject,
  dictAt,
  dictsAt,
  type KubeObject,
  sameJson,
  stringAt,
  valueAt,
} from '../objects.js';

/** What a pod's spec must have beyond its required fields; `restart` narrows the restart policy, as jobs do. */
export function podSpecErrors(
  spec: Dict | undefined,
  path: string,
  restart?: readonly string[],
): readonly FieldError[] {
  if (spec === undefined) return [];
  const errors: FieldError[] = [];
  const policy = stringAt(spec, 'restartPolicy');
  if (restart !== undefined && (policy === undefined || !restart.includes(policy))) {
    errors.push(unsupportedField(`${path}.restartPolicy`, policy ?? '', restart));
  }
  if (dictsAt(spec, 'containers').length === 0) errors.push(requiredField(`${path}.containers`));
  const volumes = new Set(dictsAt(spec, 'volumes').map((volume) => stringAt(volume, 'name')));
  for (const list of ['initContainers', 'containers']) {
    const names = new Set<string>();
    dictsAt(spec, list).forEach((container, index) => {
      errors.push(...containerErrors(container, `${path}.${list}[${index}]`, names, volumes));
    });
  }
  return errors;
}

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

function containerErrors(
  container: Dict,
  path: string,
  names: Set<string>,
  volumes: ReadonlySet<string | undefined>,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const name = stringAt(container, 'name') ?? '';
  if (name !== '' && (!LABEL.test(name) || name.length > 63)) {
    errors.push(
      invalidField(
        `${path}.name`,
        name,
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
      ),
    );
  }
  if (names.has(name)) errors.push(duplicateField(`${path}.name`, name));
  names.add(name);
  if ((stringAt(container, 'image') ?? '') === '') errors.push(requiredField(`${path}.image`));
  dictsAt(container, 'volumeMounts').forEach((mount, index) => {
    const volume = stringAt(mount, 'name') ?? '';
    if (volumes.has(volume)) return;
    errors.push({
      reason: 'FieldValueNotFound',
      field: `${path}.volumeMounts[${index}].name`,
      message: `Not found: ${JSON.stringify(volume)}`,
    });
  });
  return errors;
}

export function podErrors(draft: DraftObject, live: KubeObject | undefined): readonly FieldError[] {
  const errors = podSpecErrors(dictAt(draft, 'spec'), 'spec');
  if (live === undefined || sameJson(fixedSpec(draft), fixedSpec(live))) return errors;
  return [
    ...errors,
    forbiddenField(
      'spec',
      'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    ),
  ];
}

/** A pod's spec without what may change: images, deadline, tolerations, and the node that binding fills in. */
function fixedSpec(pod: DraftObject | KubeObject): unknown {
  const {
    activeDeadlineSeconds: _deadline,
    tolerations: _tolerations,
    nodeName: _node,
    schedulingGates: _gates,
    ...spec
  } = dictAt(pod, 'spec') ?? {};
  const withoutImage = (container: Dict): Dict => ({ ...container, image: '' });
  return {
    ...spec,
    containers: dictsAt(spec, 'containers').map(withoutImage),
    initContainers: dictsAt(spec, 'initContainers').map(withoutImage),
    nodeName: valueAt(pod, 'spec', 'nodeName') === undefined ? '' : '',
  };
}
