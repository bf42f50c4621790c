import { compileExpression } from '../admission-expressions.js';
import { summaryOf } from '../cel/rules.js';
import { type FieldError, invalidField, requiredField, unsupportedField } from '../field-errors.js';
import {
  type DraftObject,
  dictAt,
  dictsAt,
  isDict,
  numberAt,
  sameJson,
  stringAt,
  stringsAt,
  valueAt,
} from '../objects.js';
import { fill, isEmpty, objectIn, objectsIn, optionalIn } from './drafts.js';
import type { Strategy } from './resource.js';

export const horizontalPodAutoscalers: Strategy = {
  defaults(draft) {
    const spec = objectIn(draft, 'spec');
    fill(spec, { minReplicas: 1 });
    if (isEmpty(spec.metrics)) {
      const target = { type: 'Utilization', averageUtilization: 80 };
      spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
    }
  },
  prepareCreate(draft) {
    draft.status = { desiredReplicas: 0, currentMetrics: null, currentReplicas: 0 };
    draft.status = { desiredReplicas: 0 };
  },
  validate(draft) {
    const min = numberAt(draft, 'spec', 'minReplicas') ?? 1;
    const max = numberAt(draft, 'spec', 'maxReplicas') ?? 0;
    if (max < 1) return [invalidField('spec.maxReplicas', max, 'must be greater than 0')];
    return min > max ? [invalidField('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`')] : [];
  },
};

export const podDisruptionBudgets: Strategy = {
  generation: true,
  prepareCreate(draft) {
    draft.status = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 };
  },
  validate(draft) {
    const spec = dictAt(draft, 'spec') ?? {};
    if (spec.minAvailable === undefined || spec.maxUnavailable === undefined) return [];
    return [invalidField('spec', spec, 'minAvailable and maxUnavailable cannot be both set')];
  },
};

function fillPeers(draft: DraftObject): void {
  const spec = objectIn(draft, 'spec');
  if (isEmpty(spec.policyTypes)) spec.policyTypes = isEmpty(spec.egress) ? ['Ingress'] : ['Ingress', 'Egress'];
  for (const rule of [...objectsIn(spec, 'ingress'), ...objectsIn(spec, 'egress')]) {
    for (const port of objectsIn(rule, 'ports')) fill(port, { protocol: 'TCP' });
  }
}

export const networkPolicies: Strategy = { generation: true, defaults: fillPeers };

export const ingresses: Strategy = {
  generation: true,
  prepareCreate(draft) {
    draft.status = { loadBalancer: {} };
  },
  validate(draft) {
    const spec = dictAt(draft, 'spec') ?? {};
    if (!isEmpty(spec.rules) || isDict(spec.defaultBackend)) return [];
    return [invalidField('spec', spec, 'either `defaultBackend` or `rules` must be specified')];
  },
};

const RBAC = 'rbac.authorization.k8s.io';

export const roles: Strategy = {
  nameForm: 'path-segment',
  defaults(draft) {
    if (draft.rules === undefined) draft.rules = [];
  },
  validate(draft) {
    return dictsAt(draft, 'rules').flatMap((rule, index) => {
      const path = `rules[${index}]`;
      const errors: FieldError[] = [];
      if (stringsAt(rule, 'verbs').length === 0) {
        errors.push(requiredField(`${path}.verbs`, 'verbs must contain at least one value'));
      }
      if (stringsAt(rule, 'nonResourceURLs').length > 0) return errors;
      if (stringsAt(rule, 'apiGroups').length === 0) {
        errors.push(requiredField(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
      }
      if (stringsAt(rule, 'resources').length === 0) {
        errors.push(requiredField(`${path}.resources`, 'resource rules must supply at least one resource'));
      }
      return errors;
    });
  },
};

export const roleBindings: Strategy = {
  nameForm: 'path-segment',
  defaults(draft) {
    const roleRef = optionalIn(draft, 'roleRef');
    if (roleRef !== undefined) fill(roleRef, { apiGroup: RBAC });
    for (const subject of objectsIn(draft, 'subjects')) {
      if (subject.kind === 'User' || subject.kind === 'Group') fill(subject, { apiGroup: RBAC });
    }
  },
  validate(draft, live) {
    const errors: FieldError[] = [];
    const kind = stringAt(draft, 'roleRef', 'kind') ?? '';
    if (kind !== 'Role' && kind !== 'ClusterRole') {
      errors.push(unsupportedField('roleRef.kind', kind, ['ClusterRole', 'Role']));
    }
    dictsAt(draft, 'subjects').forEach((subject, index) => {
      if (subject.kind === 'ServiceAccount' && (stringAt(subject, 'namespace') ?? '') === '') {
        errors.push(requiredField(`subjects[${index}].namespace`));
      }
    });
    if (live !== undefined && !sameJson(live.roleRef, draft.roleRef)) {
      errors.push(invalidField('roleRef', draft.roleRef, 'cannot change roleRef'));
    }
    return errors;
  },
};

function fillMatch(parent: DraftObject | undefined, field: string): void {
  const match = parent === undefined ? undefined : optionalIn(objectIn(parent, 'spec'), field);
  if (match === undefined) return;
  fill(match, { matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {} });
  for (const rule of objectsIn(match, 'resourceRules')) fill(rule, { scope: '*' });
}

function expressionErrors(draft: DraftObject): readonly FieldError[] {
  const spec = dictAt(draft, 'spec');
  const lists = [
    { field: 'variables', key: 'expression' },
    { field: 'matchConditions', key: 'expression' },
    { field: 'validations', key: 'expression' },
    { field: 'validations', key: 'messageExpression' },
  ];
  return lists.flatMap(({ field, key }) =>
    dictsAt(spec, field).flatMap((entry, index) => {
      const expression = stringAt(entry, key);
      if (expression === undefined) return [];
      try {
        compileExpression(expression);
        return [];
      } catch (cause) {
        return [invalidField(`spec.${field}[${index}].${key}`, expression, `compilation failed: ${summaryOf(cause)}`)];
      }
    }),
  );
}

export const validatingAdmissionPolicies: Strategy = {
  generation: true,
  defaults(draft) {
    fill(objectIn(draft, 'spec'), { failurePolicy: 'Fail' });
    fillMatch(draft, 'matchConstraints');
  },
  prepareCreate(draft) {
    draft.status = {};
  },
  validate(draft) {
    const errors = [...expressionErrors(draft)];
    if (isEmpty(valueAt(draft, 'spec', 'validations')) && isEmpty(valueAt(draft, 'spec', 'auditAnnotations'))) {
      errors.push(requiredField('spec.validations', 'validations or auditAnnotations must contain at least one item'));
    }
    if (isEmpty(valueAt(draft, 'spec', 'matchConstraints', 'resourceRules'))) {
      errors.push(requiredField('spec.matchConstraints.resourceRules'));
    }
    return errors;
  },
};

export const validatingAdmissionPolicyBindings: Strategy = {
  generation: true,
  defaults(draft) {
    fillMatch(draft, 'matchResources');
  },
  validate(draft) {
    const errors: FieldError[] = [];
    if ((stringAt(draft, 'spec', 'policyName') ?? '') === '') errors.push(requiredField('spec.policyName'));
    if (stringsAt(draft, 'spec', 'validationActions').length === 0)
      errors.push(requiredField('spec.validationActions'));
    return errors;
  },
};

export const storageClasses: Strategy = {
  defaults(draft) {
    fill(draft, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' });
  },
};

export const priorityClasses: Strategy = {
  generation: true,
  defaults(draft) {
    fill(draft, { preemptionPolicy: 'PreemptLowerPriority' });
  },
};
