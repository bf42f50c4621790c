import type { PolicyRule } from 'kubernetes-types/rbac/v1.js';
import { API_GROUP, OPERATOR, SECRETS } from '../names.js';
import { TENANT_ADMIN_RULES, TENANT_EDIT_VERBS } from '../tenant/admin-access.js';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'patch'];

/** Kinds that a tenant has in its namespace and that come and go with its spec. */
const TENANT_KINDS: readonly (readonly [group: string, resources: readonly string[]])[] = [
  ['', ['configmaps', 'services']],
  ['apps', ['deployments']],
  ['autoscaling', ['horizontalpodautoscalers']],
  ['policy', ['poddisruptionbudgets']],
  ['networking.k8s.io', ['ingresses', 'networkpolicies']],
  ['gateway.networking.k8s.io', ['httproutes']],
  ['rbac.authorization.k8s.io', ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings']],
];

/**
 * All rights of the operator in the cluster, and why. No wildcard, no `escalate`, `bind`, `impersonate` or `exec`, no
 * list of Secrets. What of this is cluster-wide only because RBAC knows no patterns, the admission policy
 * `memplane-operator-boundary` narrows to namespaces of tenants.
 */
export const OPERATOR_RULES: readonly PolicyRule[] = [
  { apiGroups: [API_GROUP], resources: ['memorytenants', 'memoryplanes'], verbs: [...READ, 'patch'] },
  { apiGroups: [API_GROUP], resources: ['memorytenantclasses', 'memoryholds'], verbs: READ },
  {
    apiGroups: [API_GROUP],
    resources: ['memorytenants/status', 'memoryplanes/status'],
    verbs: ['get', 'patch'],
  },
  { apiGroups: [''], resources: ['namespaces'], verbs: [...READ, ...WRITE, 'delete'] },
  // Go with their namespace, never before it.
  { apiGroups: [''], resources: ['serviceaccounts', 'resourcequotas', 'limitranges'], verbs: [...READ, ...WRITE] },
  ...TENANT_KINDS.map(([group, resources]) => ({
    apiGroups: [group],
    resources: [...resources],
    verbs: [...READ, ...WRITE, 'delete'],
  })),
  // One by one and by name: whoever takes the operator over still cannot read other Secrets, nor list any.
  {
    apiGroups: [''],
    resources: ['secrets'],
    resourceNames: Object.values(SECRETS),
    verbs: ['get', ...WRITE, 'delete'],
  },
  // Scheduled work is started, and by its name asked how it ended; its Job goes by its own time to live.
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'create'] },
  { apiGroups: [''], resources: ['events'], verbs: WRITE },
  // Held to be granted: the API server lets nobody grant what he does not hold.
  ...TENANT_ADMIN_RULES,
  { apiGroups: [API_GROUP], resources: ['memorytenants'], verbs: [...TENANT_EDIT_VERBS] },
];

/** In its own namespace: the plane's credentials, whose names the plane chooses, and the lease of the leader. */
export const OPERATOR_LOCAL_RULES: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['secrets'], verbs: ['get'] },
  // A Lease that does not exist yet has no name that RBAC could compare.
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    resourceNames: [OPERATOR.lease],
    verbs: ['get', 'patch'],
  },
];
