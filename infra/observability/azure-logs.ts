import { LogAnalyticsCluster } from '@cdktf/provider-azurerm/lib/log-analytics-cluster/index.js';
import { LogAnalyticsClusterCustomerManagedKey } from '@cdktf/provider-azurerm/lib/log-analytics-cluster-customer-managed-key/index.js';
import { LogAnalyticsLinkedService } from '@cdktf/provider-azurerm/lib/log-analytics-linked-service/index.js';
import { LogAnalyticsWorkspace } from '@cdktf/provider-azurerm/lib/log-analytics-workspace/index.js';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment/index.js';
import type { Construct } from 'constructs';
import { GUARDED } from '../support/guard.js';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedObservability } from './contract.js';

type AzureObservability = ResolvedObservability<AzureSite>;

/** What Azure itself keeps interactively, at most; the rest goes to its archive. */
const LONGEST = 730;

/** GB a day: the least that is sold. */
const LEAST = 100;

export function buildLogs(unit: Construct, config: AzureObservability): LogAnalyticsWorkspace {
  const { site, name, tags, logDays } = config;
  const workspace = new LogAnalyticsWorkspace(unit, 'logs', {
    resourceGroupName: site.resourceGroup,
    name: `${name}-logs`,
    location: site.region,
    sku: 'PerGB2018',
    retentionInDays: Math.max(30, Math.min(logDays, LONGEST)),
    // Entra only: the workspace's keys would lie in the state.
    localAuthenticationEnabled: false,
    internetIngestionEnabled: false,
    internetQueryEnabled: true,
    tags: buildTags('azure', tags, 'ops'),
    // Azure gives it another one when it is linked to a cluster.
    ...(config.dedicated === true ? { lifecycle: { ignoreChanges: ['sku'] } } : {}),
  });
  if (config.dedicated === true) dedicate(unit, config, workspace);
  return workspace;
}

/** The only way in which Azure takes a key of ours for logs. */
function dedicate(unit: Construct, config: AzureObservability, workspace: LogAnalyticsWorkspace): void {
  const { site, name, tags, key } = config;
  const cluster = new LogAnalyticsCluster(unit, 'logs_cluster', {
    resourceGroupName: site.resourceGroup,
    name: `${name}-logs`,
    location: site.region,
    sizeGb: LEAST,
    identity: { type: 'SystemAssigned' },
    tags: buildTags('azure', tags, 'ops'),
    lifecycle: GUARDED,
    dependsOn: [...key.ready],
  });
  const mayWrap = new RoleAssignment(unit, 'logs_may_wrap', {
    scope: key.grantOn,
    roleDefinitionName: 'Key Vault Crypto Service Encryption User',
    principalId: cluster.identity.principalId,
    principalType: 'ServicePrincipal',
  });
  const encrypted = new LogAnalyticsClusterCustomerManagedKey(unit, 'logs_key', {
    logAnalyticsClusterId: cluster.id,
    keyVaultKeyId: key.id,
    lifecycle: GUARDED,
    dependsOn: [mayWrap],
  });
  // Only then: what is written before lies under a key of Azure's.
  new LogAnalyticsLinkedService(unit, 'logs_link', {
    resourceGroupName: site.resourceGroup,
    workspaceId: workspace.id,
    writeAccessId: cluster.id,
    dependsOn: [encrypted],
  });
}
