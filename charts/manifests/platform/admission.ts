import {
  API_GROUP,
  DATA_NAMESPACE,
  OPERATOR_USER,
  STORAGE_CLASS,
  TENANT_CLUSTER_ROLE_PREFIX,
  TENANT_LABEL,
  TENANT_NAMESPACE_PREFIX,
} from '../names.js';
import type { K8sObject } from '../object.js';
import { type AdmissionPolicy, type AdmissionRule, buildAdmissionPolicy } from './admission-policy.js';

const tenants = (operations: readonly string[]): AdmissionRule => ({
  apiGroups: [API_GROUP],
  apiVersions: ['v1alpha1'],
  resources: ['memorytenants'],
  operations: [...operations],
});

/** The flag is there so that one typed name, or one wrong prune of a pipeline, does not end a tenant. */
const PREVENT_DELETION: AdmissionPolicy = {
  name: 'memplane-prevent-deletion',
  rules: [tenants(['DELETE'])],
  conditions: [],
  validation: {
    expression:
      '!has(oldObject.spec) || !has(oldObject.spec.preventDeletion) || oldObject.spec.preventDeletion == false',
    messageExpression:
      "'MemoryTenant ' + oldObject.metadata.name + ' is protected: spec.preventDeletion is true; set it to false, then delete again'",
    message: 'the MemoryTenant is protected: spec.preventDeletion is true; set it to false, then delete again',
    reason: 'Forbidden',
  },
};

const ERASES = (variable: string): string =>
  `has(${variable}.spec) && has(${variable}.spec.deletionPolicy) && ${variable}.spec.deletionPolicy == 'Erase'`;

/** Editing a tenant is one right, deciding that its data will be destroyed is another. */
const ERASE_RIGHT: AdmissionPolicy = {
  name: 'memplane-erase-right',
  rules: [tenants(['CREATE', 'UPDATE'])],
  conditions: [
    { name: 'erase-is-asked-for', expression: ERASES('object') },
    { name: 'erase-is-new', expression: `oldObject == null || !(${ERASES('oldObject')})` },
  ],
  validation: {
    expression: `authorizer.group('${API_GROUP}').resource('memorytenants').name(object.metadata.name).check('erase').allowed()`,
    messageExpression:
      "'spec.deletionPolicy is Erase and ' + request.userInfo.username + ' lacks the verb \"erase\" on MemoryTenant ' + object.metadata.name + '; use Retain or Archive, or ask the platform team for that right'",
    message:
      'spec.deletionPolicy is Erase, which needs the verb "erase" on the MemoryTenant; use Retain or Archive, or ask the platform team for that right',
    reason: 'Forbidden',
  },
};

const TENANT_OF = (variable: string): string => `${variable}.metadata.labels['${TENANT_LABEL}']`;
const HAS_TENANT = (variable: string): string =>
  `has(${variable}.metadata.labels) && '${TENANT_LABEL}' in ${variable}.metadata.labels`;

/** Deleting the namespace skips teardown: keys and data of a tenant would be left behind, or lost. */
const NAMESPACE_GUARD: AdmissionPolicy = {
  name: 'memplane-namespace-guard',
  // Taking the label away would open the door that the label closes.
  rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['namespaces'], operations: ['UPDATE', 'DELETE'] }],
  conditions: [
    { name: 'is-a-tenants', expression: HAS_TENANT('oldObject') },
    { name: 'is-not-the-operator', expression: `request.userInfo.username != '${OPERATOR_USER}'` },
  ],
  validation: {
    expression: `request.operation == 'UPDATE' && ${HAS_TENANT('object')} && ${TENANT_OF('object')} == ${TENANT_OF('oldObject')}`,
    messageExpression: `'Namespace ' + oldObject.metadata.name + ' and its label ${TENANT_LABEL} belong to MemoryTenant ' + ${TENANT_OF('oldObject')} + '; delete the MemoryTenant, and the operator removes the namespace in order'`,
    message: `the namespace and its label ${TENANT_LABEL} belong to a MemoryTenant; delete that, and the operator removes the namespace in order`,
    reason: 'Forbidden',
  },
};

const rule = (group: string, version: string, resources: readonly string[]): AdmissionRule => ({
  apiGroups: [group],
  apiVersions: [version],
  resources: [...resources],
  operations: ['CREATE', 'UPDATE', 'DELETE'],
});

/** RBAC cannot say "in namespaces that begin so": whoever takes the operator over stays within those of tenants. */
const OPERATOR_BOUNDARY: AdmissionPolicy = {
  name: 'memplane-operator-boundary',
  rules: [
    rule('', 'v1', [
      'namespaces',
      'configmaps',
      'services',
      'serviceaccounts',
      'secrets',
      'resourcequotas',
      'limitranges',
    ]),
    rule('apps', 'v1', ['deployments']),
    rule('batch', 'v1', ['jobs']),
    rule('autoscaling', 'v2', ['horizontalpodautoscalers']),
    rule('policy', 'v1', ['poddisruptionbudgets']),
    rule('networking.k8s.io', 'v1', ['ingresses', 'networkpolicies']),
    rule('gateway.networking.k8s.io', 'v1', ['httproutes']),
    rule('rbac.authorization.k8s.io', 'v1', ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']),
  ],
  conditions: [{ name: 'is-the-operator', expression: `request.userInfo.username == '${OPERATOR_USER}'` }],
  validation: {
    expression: `request.resource.resource in ['clusterroles', 'clusterrolebindings'] ? request.name.startsWith('${TENANT_CLUSTER_ROLE_PREFIX}') : (request.resource.resource == 'namespaces' ? request.name : request.namespace).startsWith('${TENANT_NAMESPACE_PREFIX}')`,
    message: `the operator writes only in namespaces that begin with ${TENANT_NAMESPACE_PREFIX}, and only cluster roles that begin with ${TENANT_CLUSTER_ROLE_PREFIX}; if this was the operator itself, report it as a bug, and look who uses its account`,
    reason: 'Forbidden',
  },
};

/**
 * Vectors and whatever else a store keeps on a volume lie under the plane's key. Created only: a claim that is there keeps
 * its class for ever, and its finalizers must go on being written.
 */
const ENCRYPTED_VOLUMES: AdmissionPolicy = {
  name: 'memplane-encrypted-volumes',
  rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['persistentvolumeclaims'], operations: ['CREATE'] }],
  conditions: [
    {
      name: 'is-ours',
      expression: `request.namespace == '${DATA_NAMESPACE}' || request.namespace.startsWith('${TENANT_NAMESPACE_PREFIX}')`,
    },
  ],
  validation: {
    expression: `has(object.spec.storageClassName) && object.spec.storageClassName == '${STORAGE_CLASS}'`,
    messageExpression: `'PersistentVolumeClaim ' + object.metadata.name + ' would not be encrypted with the key of the plane: set spec.storageClassName to ${STORAGE_CLASS}'`,
    message: `the volume would not be encrypted with the key of the plane: set spec.storageClassName to ${STORAGE_CLASS}`,
    reason: 'Forbidden',
  },
};

export const ADMISSION_POLICIES: readonly AdmissionPolicy[] = [
  PREVENT_DELETION,
  ERASE_RIGHT,
  NAMESPACE_GUARD,
  OPERATOR_BOUNDARY,
  ENCRYPTED_VOLUMES,
];

/** What the schema cannot say because it depends on who asks, or on a deletion. */
export const buildAdmission = (): readonly K8sObject[] => ADMISSION_POLICIES.flatMap(buildAdmissionPolicy);
