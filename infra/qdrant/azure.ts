import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment/index.js';
import type { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity/index.js';
import type { Construct } from 'constructs';
import { buildAzurePool } from '../cluster/azure-pool.js';
import { withinFolder } from '../identity/azure-conditions.js';
import { buildWorkloadIdentity } from '../identity/azure-workload.js';
import type { AzureSite } from '../support/site.js';
import { ACCOUNT, FOLDER, outputOf, POOL, type QdrantOutput, type ResolvedQdrant, spread, TAINT } from './contract.js';

type AzureQdrant = ResolvedQdrant<AzureSite>;

/** A pool a zone: a volume stays in its zone, so a pod's new node must stand there too. */
export function buildAzureQdrant(unit: Construct, config: AzureQdrant): QdrantOutput {
  const { tags, cluster, zones, nodeSubnets } = config;
  spread(config.nodes, zones).forEach((count, index) => {
    if (count === 0) return;
    const pool = { instance: config.instance, minPerZone: count, maxPerZone: count + 1, diskGb: config.nodeDiskGb };
    const place = { zone: zones[index] ?? '', subnet: nodeSubnets[index] ?? '' };
    buildAzurePool(unit, { ...place, tags, cluster, name: POOL, pool, mode: 'User', taints: TAINT });
  });
  // Not PremiumV2: its disks take no encryption set together with a host cache.
  const parameters = { skuName: 'Premium_LRS', diskEncryptionSetID: cluster.nodes.diskEncryption };
  const { clientId } = buildIdentity(unit, config);
  return outputOf('disk.csi.azure.com', parameters, { 'azure.workload.identity/client-id': clientId });
}

function buildIdentity(unit: Construct, config: AzureQdrant): UserAssignedIdentity {
  const { backups, roles } = config;
  const ids = { identity: 'identity', credential: 'credential' };
  const identity = buildWorkloadIdentity(unit, ids, { ...config, account: ACCOUNT });
  for (const role of ['backupAppend', 'backupRead'] as const) {
    new RoleAssignment(unit, `snapshots_${role === 'backupAppend' ? 'append' : 'read'}`, {
      scope: backups.grantOn,
      roleDefinitionId: roles[role] ?? '',
      principalId: identity.principalId,
      principalType: 'ServicePrincipal',
      condition: withinFolder(FOLDER),
      conditionVersion: '2.0',
    });
  }
  return identity;
}
