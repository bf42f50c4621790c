import type {
  MemoryHold,
  MemoryPlane,
  MemoryTenant,
  MemoryTenantClass,
  MemoryTenantStatus,
} from '../api/v1alpha1/types.js';
import type { KubeClient } from '../clients/kube.js';
import type { PlaneStores } from '../plane/stores.js';
import type { Log } from '../runtime/log.js';
import type { View } from '../runtime/view.js';
import type { TenantObjects } from './objects.js';

export interface TenantDependencies {
  readonly kube: KubeClient;
  readonly tenants: View<MemoryTenant>;
  readonly planes: View<MemoryPlane>;
  readonly classes: View<MemoryTenantClass>;
  readonly holds: View<MemoryHold>;
  readonly stores: PlaneStores;
  readonly objects: TenantObjects;
  readonly log: Log;
  now(): Date;
  /** One patch, skipped when nothing changed. */
  patchStatus(tenant: MemoryTenant, status: MemoryTenantStatus): Promise<void>;
}
