import type { API_VERSION } from '../../../charts/manifests/names.js';
import type { LiveObject } from '../../clients/kube.js';
import type { Stored } from './schema/field.js';
import type { memoryBackupSpec, memoryBackupStatus } from './schema/memory-backup.js';
import type { memoryBindingSpec, memoryBindingStatus } from './schema/memory-binding.js';
import type { memoryHoldSpec, memoryHoldStatus } from './schema/memory-hold.js';
import type { memoryPlaneSpec, memoryPlaneStatus } from './schema/memory-plane.js';
import type { memoryRestoreSpec, memoryRestoreStatus } from './schema/memory-restore.js';
import type { memoryTenantSpec } from './schema/memory-tenant.js';
import type { memoryTenantClassSpec } from './schema/memory-tenant-class.js';
import type { memoryTenantStatus } from './schema/tenant/status.js';

/** As stored: what has a constant default is always there, everything else may be undefined. */
interface Resource<Kind extends string, Spec, Status> extends LiveObject {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: Kind;
  readonly spec: Spec;
  readonly status?: Status | undefined;
}

export type MemoryTenantSpec = Stored<typeof memoryTenantSpec>;
export type MemoryTenantStatus = Stored<typeof memoryTenantStatus>;
export type MemoryTenant = Resource<'MemoryTenant', MemoryTenantSpec, MemoryTenantStatus>;

export type MemoryPlaneSpec = Stored<typeof memoryPlaneSpec>;
export type MemoryPlaneStatus = Stored<typeof memoryPlaneStatus>;
export type MemoryPlane = Resource<'MemoryPlane', MemoryPlaneSpec, MemoryPlaneStatus>;

export type MemoryTenantClassSpec = Stored<typeof memoryTenantClassSpec>;
export type MemoryTenantClass = Resource<'MemoryTenantClass', MemoryTenantClassSpec, undefined>;

export type MemoryHoldSpec = Stored<typeof memoryHoldSpec>;
export type MemoryHoldStatus = Stored<typeof memoryHoldStatus>;
export type MemoryHold = Resource<'MemoryHold', MemoryHoldSpec, MemoryHoldStatus>;

export type MemoryBindingSpec = Stored<typeof memoryBindingSpec>;
export type MemoryBindingStatus = Stored<typeof memoryBindingStatus>;
export type MemoryBinding = Resource<'MemoryBinding', MemoryBindingSpec, MemoryBindingStatus>;

export type MemoryBackupSpec = Stored<typeof memoryBackupSpec>;
export type MemoryBackupStatus = Stored<typeof memoryBackupStatus>;
export type MemoryBackup = Resource<'MemoryBackup', MemoryBackupSpec, MemoryBackupStatus>;

export type MemoryRestoreSpec = Stored<typeof memoryRestoreSpec>;
export type MemoryRestoreStatus = Stored<typeof memoryRestoreStatus>;
export type MemoryRestore = Resource<'MemoryRestore', MemoryRestoreSpec, MemoryRestoreStatus>;

export type Condition = NonNullable<MemoryTenantStatus['conditions']>[number];
export type ConditionStatus = Condition['status'];
