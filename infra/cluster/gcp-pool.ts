import { ContainerNodePool } from '@cdktf/provider-google/lib/container-node-pool/index.js';
import type { Construct } from 'constructs';
import type { GcpSite } from '../support/site.js';
import { buildTags, type Tags } from '../support/tags.js';
import { type ClusterOutput, POOL_LABEL, type Pool } from './contract.js';

export interface GcpPool {
  readonly site: GcpSite;
  readonly tags: Tags;
  readonly zones: readonly string[];
  readonly cluster: ClusterOutput;
  readonly name: string;
  readonly pool: Pool;
  readonly taints: Readonly<Record<string, string>>;
}

/** Google counts by zone already. */
export function buildGcpPool(unit: Construct, config: GcpPool): ContainerNodePool {
  const { site, tags, zones, cluster, name, pool, taints } = config;
  const { identity, diskEncryption, ready } = cluster.nodes;
  return new ContainerNodePool(unit, `pool_${name}`, {
    project: site.projectId,
    location: site.region,
    nodeLocations: [...zones],
    cluster: cluster.id,
    name,
    initialNodeCount: pool.minPerZone,
    autoscaling: { minNodeCount: pool.minPerZone, maxNodeCount: pool.maxPerZone, locationPolicy: 'BALANCED' },
    management: { autoRepair: true, autoUpgrade: true },
    upgradeSettings: { strategy: 'SURGE', maxSurge: 1, maxUnavailable: 0 },
    networkConfig: { enablePrivateNodes: true },
    nodeConfig: nodeConfig(pool, diskEncryption, identity, taints, name, buildTags('gcp', tags, 'cluster')),
    dependsOn: [...ready],
    // The autoscaler's, and only at birth.
    lifecycle: { ignoreChanges: ['initial_node_count'] },
  });
}

export const nodeConfig = (
  pool: Pool,
  bootDiskKmsKey: string,
  serviceAccount: string,
  taints: Readonly<Record<string, string>>,
  label: string,
  resourceLabels: Record<string, string>,
) => ({
  machineType: pool.instance,
  imageType: 'COS_CONTAINERD',
  diskType: 'pd-balanced',
  diskSizeGb: pool.diskGb,
  bootDiskKmsKey,
  serviceAccount,
  // What it may do is what its account may.
  oauthScopes: ['https://www.googleapis.com/auth/cloud-platform'],
  labels: { [POOL_LABEL]: label },
  taint: Object.entries(taints).map(([key, value]) => ({ key, value, effect: 'NO_SCHEDULE' })),
  metadata: { 'disable-legacy-endpoints': 'true' },
  // No pod reaches the node's own identity.
  workloadMetadataConfig: { mode: 'GKE_METADATA' },
  shieldedInstanceConfig: { enableSecureBoot: true, enableIntegrityMonitoring: true },
  // A string in the binding, because Google tells "not said" from "no".
  kubeletConfig: { insecureKubeletReadonlyPortEnabled: 'FALSE' },
  resourceLabels,
});
