import { KubernetesClusterNodePool } from '@cdktf/provider-azurerm/lib/kubernetes-cluster-node-pool/index.js';
import type { Construct } from 'constructs';
import { buildTags, type Tags } from '../support/tags.js';
import { type ClusterOutput, POOL_LABEL, type Pool } from './contract.js';

export interface AzurePool {
  readonly tags: Tags;
  readonly zone: string;
  readonly cluster: ClusterOutput;
  /** Without the zone, which is put behind it: Azure takes 12 characters in all. */
  readonly name: string;
  readonly pool: Pool;
  readonly mode: 'System' | 'User';
  readonly subnet: string;
  readonly taints: Readonly<Record<string, string>>;
}

export function buildAzurePool(unit: Construct, config: AzurePool): KubernetesClusterNodePool {
  const { tags, zone, cluster, name, pool, mode, subnet, taints } = config;
  const critical = mode === 'System' ? { CriticalAddonsOnly: 'true' } : {};
  const nodeTaints = Object.entries({ ...critical, ...taints }).map(([key, value]) => `${key}=${value}:NoSchedule`);
  return new KubernetesClusterNodePool(unit, `pool_${name}_${zone}`, {
    name: `${name}${zone}`,
    kubernetesClusterId: cluster.id,
    mode,
    zones: [zone],
    vnetSubnetId: subnet,
    osType: 'Linux',
    temporaryNameForRotation: `${name.slice(0, 8)}${zone}tmp`,
    ...(nodeTaints.length === 0 ? {} : { nodeTaints }),
    ...nodeSettings(pool, cluster.version, name),
    tags: buildTags('azure', tags, 'cluster'),
    dependsOn: [...cluster.nodes.ready],
    // The autoscaler's.
    lifecycle: { ignoreChanges: ['node_count'] },
  });
}

/** Encrypted on the machine too, which the subscription must have switched on: the bootstrap says how. */
export const nodeSettings = ({ instance, minPerZone, maxPerZone, diskGb }: Pool, version: string, label: string) => ({
  vmSize: instance,
  orchestratorVersion: version,
  osSku: 'AzureLinux',
  osDiskType: 'Managed',
  osDiskSizeGb: diskGb,
  hostEncryptionEnabled: true,
  nodePublicIpEnabled: false,
  // Pods have addresses of the overlay, so more of them cost no subnet; said, because the default depends on the plugin.
  maxPods: 110,
  autoScalingEnabled: true,
  minCount: minPerZone,
  maxCount: maxPerZone,
  nodeLabels: { [POOL_LABEL]: label },
  upgradeSettings: { maxSurge: '33%' },
});
