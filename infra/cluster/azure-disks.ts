import { DiskEncryptionSet } from '@cdktf/provider-azurerm/lib/disk-encryption-set/index.js';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment/index.js';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity/index.js';
import type { Construct } from 'constructs';
import { GUARDED } from '../support/guard.js';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedCluster } from './contract.js';

/** Nodes' and volumes' disks: by Azure's key and by ours, of which it follows the rotation. */
export function buildDisks(
  unit: Construct,
  { site, name, tags, diskKey }: ResolvedCluster<AzureSite>,
): DiskEncryptionSet {
  const place = { resourceGroupName: site.resourceGroup, location: site.region };
  const identity = new UserAssignedIdentity(unit, 'disks_identity', {
    ...place,
    name: `${name}-disks`,
    tags: buildTags('azure', tags, 'disk'),
  });
  const mayWrap = new RoleAssignment(unit, 'disks_may_wrap', {
    scope: diskKey.grantOn,
    roleDefinitionName: 'Key Vault Crypto Service Encryption User',
    principalId: identity.principalId,
  });
  return new DiskEncryptionSet(unit, 'disks', {
    ...place,
    name: `${name}-disks`,
    encryptionType: 'EncryptionAtRestWithPlatformAndCustomerKeys',
    keyVaultKeyId: diskKey.id,
    autoKeyRotationEnabled: true,
    identity: { type: 'UserAssigned', identityIds: [identity.id] },
    tags: buildTags('azure', tags, 'disk'),
    dependsOn: [mayWrap, ...diskKey.ready],
    lifecycle: GUARDED,
  });
}
