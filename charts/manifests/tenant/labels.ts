import { FIELD_MANAGER, TENANT_ID_LABEL, TENANT_LABEL } from '../names.js';
import type { ObjectMeta } from '../object.js';
import type { TenantOptions } from './options.js';

type Labels = Readonly<Record<string, string>>;
type Named = Pick<TenantOptions, 'name' | 'namespace' | 'tenantId'>;

const PART = 'memplane';

/** What tells one part of one tenant from all others; never changes, because a Deployment's selector cannot. */
export const buildSelectorLabels = ({ name }: Pick<TenantOptions, 'name'>, component: string): Labels => ({
  'app.kubernetes.io/name': PART,
  'app.kubernetes.io/instance': name,
  'app.kubernetes.io/component': component,
});

export const buildTenantLabels = (options: Pick<TenantOptions, 'name' | 'tenantId'>, component: string): Labels => ({
  ...buildSelectorLabels(options, component),
  'app.kubernetes.io/part-of': PART,
  'app.kubernetes.io/managed-by': FIELD_MANAGER,
  [TENANT_LABEL]: options.name,
  [TENANT_ID_LABEL]: options.tenantId,
});

/** Azure gives an identity to pods that ask for one. */
export const buildIdentityLabels = ({ kms }: Pick<TenantOptions, 'kms'>): Labels =>
  kms.provider === 'azure' ? AZURE_IDENTITY_LABELS : {};

export const AZURE_IDENTITY_LABELS: Labels = { 'azure.workload.identity/use': 'true' };

/** Name, namespace and labels of an object that lives in the tenant's namespace. */
export const buildTenantMeta = (options: Named, name: string, component: string): ObjectMeta => ({
  name,
  namespace: options.namespace,
  labels: buildTenantLabels(options, component),
});

/** The parts of a tenant, as `app.kubernetes.io/component` has them. */
export const COMPONENTS = {
  tenant: 'tenant',
  memory: 'memory',
  archive: 'archive',
  access: 'access',
  network: 'network',
} as const;
