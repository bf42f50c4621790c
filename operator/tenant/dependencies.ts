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
import type { TenantObjects } from './objects.js';

/** What the pipeline asks of the mirror of a kind. */
export interface View<T> {
  get(key: string): T | undefined;
  list(): readonly T[];
}

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
