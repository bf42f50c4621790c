import type { Kind } from './kind.js';
import { memoryBackup } from './memory-backup.js';
import { memoryBinding } from './memory-binding.js';
import { memoryHold } from './memory-hold.js';
import { memoryPlane } from './memory-plane.js';
import { memoryRestore } from './memory-restore.js';
import { memoryTenant } from './memory-tenant.js';
import { memoryTenantClass } from './memory-tenant-class.js';

/** Every kind of `memplane.dev/v1alpha1`. */
export const KINDS: readonly Kind[] = [
  memoryTenant,
  memoryPlane,
  memoryTenantClass,
  memoryHold,
  memoryBinding,
  memoryBackup,
  memoryRestore,
];
