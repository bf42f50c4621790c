/** The names that users and other parts rely on. One home, so that no two builders can disagree. */
export const FIELD_MANAGER = 'memplane-operator';
export const FINALIZER = 'memplane.dev/teardown';
export const IN_USE_FINALIZER = 'memplane.dev/in-use';
export const API_GROUP = 'memplane.dev';
export const API_VERSION = 'memplane.dev/v1alpha1';
export const TENANT_LABEL = 'memplane.dev/tenant';
export const TENANT_ID_LABEL = 'memplane.dev/tenant-id';
export const DEFAULT_CLASS_ANNOTATION = 'memplane.dev/is-default-class';
/** Where the operator, the plane's secrets and the witness live. */
export const OPERATOR_NAMESPACE = 'memplane-system';
/** Where stores run that the cloud does not. */
export const DATA_NAMESPACE = 'memplane-data';
/** The one class of volumes: encrypted with the plane's key. `memoryctl plane from-outputs` writes it. */
export const STORAGE_CLASS = 'memplane-encrypted';

export const DEPLOYMENTS = { memory: 'memory', knowledge: 'knowledge', sync: 'sync', worker: 'worker' } as const;
export const SERVICE_ACCOUNTS = { memory: 'memory', backup: 'backup', restore: 'restore', audit: 'audit' } as const;
export const SECRETS = {
  adminKey: 'memory-admin-key',
  database: 'memory-database',
  vectors: 'memory-vectors',
  cache: 'memory-cache',
  keys: 'memory-keys',
} as const;
export const CONFIG_MAP = 'memory-config';
export const QUOTA = 'tenant';
export const PORTS = { memory: 8283, knowledge: 8080, operator: 8080 } as const;

/** Beside the fixed names, what has one object a peer or a tenant. */
export const ROUTE = 'memory';
export const ROUTE_TLS_SECRET = 'memory-tls';
export const LIMIT_RANGE = 'tenant';
export const DEFAULT_DENY = 'default-deny';
/** Role and RoleBinding of `access.admins`, in the tenant's namespace. */
export const TENANT_ADMIN = 'tenant-admin';

/** Every namespace of a tenant, and no other, begins so: the operator's own boundary is drawn by it. */
export const TENANT_NAMESPACE_PREFIX = 'mem-';
export const tenantNamespace = (tenant: string): string => `${TENANT_NAMESPACE_PREFIX}${tenant}`;
export const TENANT_CLUSTER_ROLE_PREFIX = 'memplane-tenant-';
/** ClusterRole and ClusterRoleBinding of `access.admins`: who may edit this one MemoryTenant. */
export const tenantAdminClusterRole = (tenant: string): string => `${TENANT_CLUSTER_ROLE_PREFIX}${tenant}`;

export const OPERATOR = {
  deployment: 'memplane-operator',
  serviceAccount: 'operator',
  lease: 'memplane-operator',
} as const;
export const OPERATOR_USER = `system:serviceaccount:${OPERATOR_NAMESPACE}:${OPERATOR.serviceAccount}`;

/** What the API server itself puts on every namespace; the only label that names one and cannot be forged. */
export const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name';
