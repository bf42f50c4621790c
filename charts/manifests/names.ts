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
export const PORTS = { memory: 8283, knowledge: 8080 } as const;

export const tenantNamespace = (tenant: string): string => `mem-${tenant}`;
