import {
  KubernetesCluster,
  type KubernetesClusterConfig,
} from '@cdktf/provider-azurerm/lib/kubernetes-cluster/index.js';
import { ManagementLock } from '@cdktf/provider-azurerm/lib/management-lock/index.js';
import type { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { admitPeople, buildIdentities, type ClusterIdentities } from './azure-access.js';
import { buildDisks } from './azure-disks.js';
import { buildAzurePool, nodeSettings } from './azure-pool.js';
import type { ClusterOutput, ResolvedCluster } from './contract.js';

type AzureCluster = ResolvedCluster<AzureSite>;

export function buildAzureCluster(unit: Construct, config: AzureCluster): ClusterOutput {
  const { tags, zones, network, pools } = config;
  const disks = buildDisks(unit, config);
  const identities = buildIdentities(unit, config);
  const cluster = buildControlPlane(unit, config, identities, disks.id);
  new ManagementLock(unit, 'lock', {
    name: `${config.name}-keep`,
    scope: cluster.id,
    lockLevel: 'CanNotDelete',
    notes: 'memplane: volumes of the vector store hang on it',
  });
  admitPeople(unit, config, cluster);
  const output: ClusterOutput = {
    name: cluster.name,
    endpoint: `https://${cluster.privateFqdn}`,
    issuer: cluster.oidcIssuerUrl,
    id: cluster.id,
    federation: cluster.oidcIssuerUrl,
    issuerHost: '',
    version: config.version,
    nodes: { identity: identities.kubelet.principalId, groups: [], diskEncryption: disks.id, ready: [] },
    address: addressOf(cluster),
  };
  // A subnet takes one NAT, so a zone has its subnet and its pools; the first system pool is the cluster's own.
  zones.forEach((zone, index) => {
    const at = { tags, zone, cluster: output, subnet: network.nodeSubnets[index] ?? '', taints: {} };
    if (index > 0) buildAzurePool(unit, { ...at, name: 'system', pool: pools.system, mode: 'System' });
    buildAzurePool(unit, { ...at, name: 'services', pool: pools.services, mode: 'User' });
  });
  return output;
}

function buildControlPlane(
  unit: Construct,
  config: AzureCluster,
  { cluster: self, kubelet, ready }: ClusterIdentities,
  diskEncryptionSetId: string,
): KubernetesCluster {
  const { site, name, tags, key } = config;
  const cluster = new KubernetesCluster(unit, 'cluster', {
    name: checkName('azure', 'cluster', name),
    resourceGroupName: site.resourceGroup,
    location: site.region,
    dnsPrefix: name,
    kubernetesVersion: config.version,
    // With an agreement on availability; the free tier has none.
    skuTier: 'Standard',
    automaticUpgradeChannel: 'patch',
    nodeOsUpgradeChannel: 'NodeImage',
    ...access(config),
    identity: { type: 'UserAssigned', identityIds: [self.id] },
    kubeletIdentity: idsOf(kubelet),
    // Pinned by its nature: a rotated key is taken over by an apply.
    keyManagementService: { keyVaultKeyId: key.pinnedId, keyVaultNetworkAccess: 'Private' },
    diskEncryptionSetId,
    oidcIssuerEnabled: true,
    workloadIdentityEnabled: true,
    azurePolicyEnabled: true,
    ...(config.managedMetrics ? { monitorMetrics: {} } : {}),
    imageCleanerEnabled: true,
    imageCleanerIntervalHours: 48,
    networkProfile: networkOf(config),
    defaultNodePool: firstPool(config),
    tags: buildTags('azure', tags, 'cluster'),
    dependsOn: [...ready, ...key.ready],
    lifecycle: { ...GUARDED, ignoreChanges: ['default_node_pool[0].node_count'] },
  });
  cluster.overrideLogicalId('aks');
  return cluster;
}

const idsOf = (one: UserAssignedIdentity) => ({
  clientId: one.clientId,
  objectId: one.principalId,
  userAssignedIdentityId: one.id,
});

type Settings = Partial<KubernetesClusterConfig>;

/** In a subnet of ours, from where it also reaches the vault of its key. */
function access({ site, network, publicEndpoint, apiSourceCidrs }: AzureCluster): Settings {
  return {
    privateClusterEnabled: !publicEndpoint,
    ...(publicEndpoint ? {} : { privateClusterPublicFqdnEnabled: false, privateDnsZoneId: 'System' }),
    apiServerAccessProfile: {
      virtualNetworkIntegrationEnabled: true,
      subnetId: network.controlPlane,
      ...(publicEndpoint ? { authorizedIpRanges: [...apiSourceCidrs] } : {}),
    },
    // Neither passwords of the cluster's own nor commands from the portal: people are Entra's.
    localAccountDisabled: true,
    runCommandEnabled: false,
    roleBasedAccessControlEnabled: true,
    azureActiveDirectoryRoleBasedAccessControl: {
      azureRbacEnabled: true,
      adminGroupObjectIds: [site.adminGroupId],
      tenantId: site.entraTenantId,
    },
  };
}

const networkOf = ({ podCidr, serviceCidr }: AzureCluster): NonNullable<Settings['networkProfile']> => ({
  networkPlugin: 'azure',
  networkPluginMode: 'overlay',
  networkDataPlane: 'cilium',
  networkPolicy: 'cilium',
  loadBalancerSku: 'standard',
  outboundType: 'userAssignedNATGateway',
  podCidr,
  serviceCidr,
  // The tenth address of the range, as everywhere in Kubernetes.
  dnsServiceIp: serviceCidr.replace(/\.\d+\/\d+$/, '.10'),
});

/** The cluster's own, in the first zone; those of the others are made beside it. */
const firstPool = ({
  tags,
  zones,
  network,
  pools,
  version,
}: AzureCluster): KubernetesClusterConfig['defaultNodePool'] => ({
  name: `system${zones[0] ?? ''}`,
  type: 'VirtualMachineScaleSets',
  zones: zones.slice(0, 1),
  vnetSubnetId: network.nodeSubnets[0] ?? '',
  onlyCriticalAddonsEnabled: true,
  temporaryNameForRotation: 'systemtmp',
  ...nodeSettings(pools.system, version, 'system'),
  tags: buildTags('azure', tags, 'cluster'),
});
