import { API_VERSION } from '../../../charts/manifests/names.js';
import type { Resource } from '../../clients/kube.js';
import type { Kind } from './schema/kind.js';
import { memoryBackup } from './schema/memory-backup.js';
import { memoryBinding } from './schema/memory-binding.js';
import { memoryHold } from './schema/memory-hold.js';
import { memoryPlane } from './schema/memory-plane.js';
import { memoryRestore } from './schema/memory-restore.js';
import { memoryTenant } from './schema/memory-tenant.js';
import { memoryTenantClass } from './schema/memory-tenant-class.js';

const resourceOf = ({ kind, plural, scope }: Kind): Resource => ({
  apiVersion: API_VERSION,
  kind,
  plural,
  namespaced: scope === 'Namespaced',
});

export const MEMORY_TENANTS = resourceOf(memoryTenant);
export const MEMORY_PLANES = resourceOf(memoryPlane);
export const MEMORY_TENANT_CLASSES = resourceOf(memoryTenantClass);
export const MEMORY_HOLDS = resourceOf(memoryHold);
export const MEMORY_BINDINGS = resourceOf(memoryBinding);
export const MEMORY_BACKUPS = resourceOf(memoryBackup);
export const MEMORY_RESTORES = resourceOf(memoryRestore);

/** For `createResourceLookup`. */
export const OWN_RESOURCES: readonly Resource[] = [
  MEMORY_TENANTS,
  MEMORY_PLANES,
  MEMORY_TENANT_CLASSES,
  MEMORY_HOLDS,
  MEMORY_BINDINGS,
  MEMORY_BACKUPS,
  MEMORY_RESTORES,
];
