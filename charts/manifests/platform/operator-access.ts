import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding, Subject } from 'kubernetes-types/rbac/v1.js';
import { OPERATOR, OPERATOR_NAMESPACE } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { buildClusterMeta, buildPlatformMeta, OPERATOR_ROLE } from './labels.js';
import { OPERATOR_LOCAL_RULES, OPERATOR_RULES } from './operator-rights.js';

const RBAC = 'rbac.authorization.k8s.io';
const API = `${RBAC}/v1` as const;

const SUBJECT: Subject = { kind: 'ServiceAccount', name: OPERATOR.serviceAccount, namespace: OPERATOR_NAMESPACE };

export const buildOperatorAccess = (): readonly K8sObject[] => [
  {
    apiVersion: API,
    kind: 'ClusterRole',
    metadata: buildClusterMeta(OPERATOR_ROLE),
    rules: [...OPERATOR_RULES],
  } satisfies Wire<ClusterRole>,
  {
    apiVersion: API,
    kind: 'ClusterRoleBinding',
    metadata: buildClusterMeta(OPERATOR_ROLE),
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: OPERATOR_ROLE },
    subjects: [SUBJECT],
  } satisfies Wire<ClusterRoleBinding>,
  {
    apiVersion: API,
    kind: 'Role',
    metadata: buildPlatformMeta(OPERATOR_ROLE),
    rules: [...OPERATOR_LOCAL_RULES],
  } satisfies Wire<Role>,
  {
    apiVersion: API,
    kind: 'RoleBinding',
    metadata: buildPlatformMeta(OPERATOR_ROLE),
    roleRef: { apiGroup: RBAC, kind: 'Role', name: OPERATOR_ROLE },
    subjects: [SUBJECT],
  } satisfies Wire<RoleBinding>,
];
