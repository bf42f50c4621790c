import type { KubernetesCluster } from '@cdktf/provider-azurerm/lib/kubernetes-cluster/index.js';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment/index.js';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity/index.js';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedCluster } from './contract.js';

type AzureCluster = ResolvedCluster<AzureSite>;

export interface ClusterIdentities {
  readonly cluster: UserAssignedIdentity;
  /** Of every node: it pulls images. */
  readonly kubelet: UserAssignedIdentity;
  readonly ready: readonly ITerraformDependable[];
}

/** Made before the cluster, because it needs its rights from its first minute. */
export function buildIdentities(unit: Construct, config: AzureCluster): ClusterIdentities {
  const { site, network, key, keyStore, images } = config;
  const cluster = buildIdentity(unit, config, 'control-plane');
  const kubelet = buildIdentity(unit, config, 'kubelet');
  const group = `/subscriptions/${site.subscriptionId}/resourceGroups/${site.resourceGroup}`;
  const grants = [
    ['uses_network', network.id, 'Network Contributor', cluster],
    ['gives_kubelet', kubelet.id, 'Managed Identity Operator', cluster],
    ['uses_disks', group, 'Reader', cluster],
    ['uses_key', key.grantOn, 'Key Vault Crypto User', cluster],
    // It makes its own private connection to the vault.
    ['links_vault', keyStore, 'Key Vault Contributor', cluster],
    ['pulls', images.id, 'AcrPull', kubelet],
  ] as const;
  return {
    cluster,
    kubelet,
    ready: grants.map(
      ([id, scope, roleDefinitionName, { principalId }]) =>
        new RoleAssignment(unit, id, { scope, roleDefinitionName, principalId, principalType: 'ServicePrincipal' }),
    ),
  };
}

function buildIdentity(unit: Construct, { site, name, tags }: AzureCluster, id: string): UserAssignedIdentity {
  return new UserAssignedIdentity(unit, id.replace('-', '_'), {
    name: `${name}-${id}`,
    resourceGroupName: site.resourceGroup,
    location: site.region,
    tags: buildTags('azure', tags, 'cluster'),
  });
}

/** `deploy` applies the charts; break-glass repairs; compliance looks, and sees no Secret. */
export function admitPeople(unit: Construct, { site }: AzureCluster, { id: scope }: KubernetesCluster): void {
  const people = {
    deploy: [site.deployPrincipalId, 'Azure Kubernetes Service RBAC Cluster Admin'],
    break_glass: [site.breakGlassGroupId, 'Azure Kubernetes Service RBAC Cluster Admin'],
    compliance: [site.complianceGroupId, 'Azure Kubernetes Service RBAC Reader'],
  } as const;
  for (const [id, [principalId, roleDefinitionName]] of Object.entries(people)) {
    new RoleAssignment(unit, `rights_${id}`, { scope, roleDefinitionName, principalId });
  }
}
