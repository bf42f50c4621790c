import { ProjectIamCustomRole } from '@cdktf/provider-google/lib/project-iam-custom-role/index.js';
import type { Construct } from 'constructs';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import type { RolesConfig } from './contract.js';

const FOLDERS = ['create', 'delete', 'get', 'list', 'getIamPolicy', 'setIamPolicy'].map(
  (verb) => `storage.managedFolders.${verb}`,
);

/**
 * The whole of what may be granted. The first three the operator has itself; the others it gives to the service
 * accounts of a tenant, on that tenant's managed folder. `cryptoKeyEncrypterDecrypter`, on its key, is Google's own.
 */
export const GCP_ROLES = {
  tenantKeyAdmin: [
    ...['create', 'get', 'list', 'update', 'getIamPolicy', 'setIamPolicy'].map((verb) => `cloudkms.cryptoKeys.${verb}`),
    ...['get', 'list', 'destroy'].map((verb) => `cloudkms.cryptoKeyVersions.${verb}`),
  ],
  keyringAdmin: [...['create', 'delete', 'get', 'list'].map((verb) => `storage.objects.${verb}`), ...FOLDERS],
  folderAdmin: FOLDERS,
  reaper: ['storage.objects.delete', 'storage.objects.list'],
  // Cloud Storage counts an overwrite as a deletion, so whoever swaps a keyring can also delete it.
  keyringUse: ['storage.objects.create', 'storage.objects.delete', 'storage.objects.get'],
  artifactsUse: ['create', 'delete', 'get', 'list', 'update'].map((verb) => `storage.objects.${verb}`),
  backupAppend: ['storage.objects.create', 'storage.objects.setRetention'],
  backupRead: ['storage.objects.get', 'storage.objects.list'],
  // Records of one zone; neither makes nor ends a zone.
  recordKeeper: [
    ...['create', 'get', 'list'].map((verb) => `dns.changes.${verb}`),
    'dns.managedZones.get',
    ...['create', 'delete', 'get', 'list', 'update'].map((verb) => `dns.resourceRecordSets.${verb}`),
  ],
  // No delete, no update, no overrideUnlockedRetention.
  auditAppend: ['storage.objects.create', 'storage.objects.get', 'storage.objects.setRetention'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type GcpRole = keyof typeof GCP_ROLES;

export function buildGcpRoles(unit: Construct, { site, ids }: RolesConfig<GcpSite>): void {
  for (const [role, permissions] of Object.entries(GCP_ROLES)) {
    const roleId = ids[role] ?? '';
    new ProjectIamCustomRole(unit, role, {
      project: site.projectId,
      roleId: checkName('gcp', 'role', roleId.slice(roleId.lastIndexOf('/') + 1)),
      title: `memplane ${role}`,
      permissions: [...permissions],
    });
  }
}
