import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from 'kubernetes-types/rbac/v1.js';
import { API_GROUP, SECRETS, TENANT_ADMIN, tenantAdminClusterRole } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { buildTenantLabels, buildTenantMeta, COMPONENTS } from './labels.js';
import type { TenantOptions } from './options.js';

const RBAC = 'rbac.authorization.k8s.io';
const API = `${RBAC}/v1` as const;
const READ = ['get', 'list', 'watch'];

/**
 * What `access.admins` may do in the namespace: backups and restores, looking at pods and their logs, and the one
 * bootstrap key. No exec, no ephemeral containers, no other Secret: each would give them the tenant's keys. The
 * operator holds each of these rights itself (`platform/operator-rbac.ts`), or the API server would not let it grant them.
 */
export const TENANT_ADMIN_RULES: readonly PolicyRule[] = [
  {
    apiGroups: [API_GROUP],
    resources: ['memorybackups', 'memoryrestores'],
    verbs: [...READ, 'create', 'delete'],
  },
  { apiGroups: [''], resources: ['pods', 'events'], verbs: READ },
  { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  { apiGroups: [''], resources: ['secrets'], resourceNames: [SECRETS.adminKey], verbs: ['get'] },
];

/** What they may do with their MemoryTenant; creating and deleting it is for the platform. */
export const TENANT_EDIT_VERBS: readonly string[] = ['get', 'update', 'patch'];

export const buildAdminRole = (o: TenantOptions): K8sObject =>
  ({
    apiVersion: API,
    kind: 'Role',
    metadata: buildTenantMeta(o, TENANT_ADMIN, COMPONENTS.access),
    rules: [...TENANT_ADMIN_RULES],
  }) satisfies Wire<Role>;

export const buildAdminRoleBinding = (o: TenantOptions): K8sObject | undefined =>
  o.admins.length === 0
    ? undefined
    : ({
        apiVersion: API,
        kind: 'RoleBinding',
        metadata: buildTenantMeta(o, TENANT_ADMIN, COMPONENTS.access),
        roleRef: { apiGroup: RBAC, kind: 'Role', name: TENANT_ADMIN },
        subjects: o.admins.map(buildSubject),
      } satisfies Wire<RoleBinding>);

export const buildAdminClusterRole = (o: TenantOptions): K8sObject =>
  ({
    apiVersion: API,
    kind: 'ClusterRole',
    metadata: clusterMeta(o),
    rules: [
      {
        apiGroups: [API_GROUP],
        resources: ['memorytenants'],
        resourceNames: [o.name],
        verbs: [...TENANT_EDIT_VERBS],
      },
    ],
  }) satisfies Wire<ClusterRole>;

export const buildAdminClusterRoleBinding = (o: TenantOptions): K8sObject | undefined =>
  o.admins.length === 0
    ? undefined
    : ({
        apiVersion: API,
        kind: 'ClusterRoleBinding',
        metadata: clusterMeta(o),
        roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: tenantAdminClusterRole(o.name) },
        subjects: o.admins.map(buildSubject),
      } satisfies Wire<ClusterRoleBinding>);

const clusterMeta = (o: TenantOptions) => ({
  name: tenantAdminClusterRole(o.name),
  labels: buildTenantLabels(o, COMPONENTS.access),
});

/** Accounts are named by namespace, people and groups by API group; the API server refuses the other way round. */
function buildSubject({ kind, name, namespace }: TenantOptions['admins'][number]): Subject {
  return kind === 'ServiceAccount'
    ? { kind, name, ...(namespace === undefined ? {} : { namespace }) }
    : { kind, name, apiGroup: RBAC };
}
