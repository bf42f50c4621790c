import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member/index.js';
import type { Construct } from 'constructs';
import { buildGcpPool } from '../cluster/gcp-pool.js';
import { workload } from '../support/agents.js';
import type { GcpSite } from '../support/site.js';
import { ACCOUNT, FOLDER, outputOf, POOL, type QdrantOutput, type ResolvedQdrant, spread, TAINT } from './contract.js';

/** One pool over the zones that have nodes of it: Google counts by zone. */
export function buildGcpQdrant(unit: Construct, config: ResolvedQdrant<GcpSite>): QdrantOutput {
  const { site, tags, cluster, namespace, backups, roles } = config;
  const counts = spread(config.nodes, config.zones);
  const zones = config.zones.filter((_, index) => (counts[index] ?? 0) > 0);
  const least = Math.min(...counts.filter((count) => count > 0));
  const pool = {
    instance: config.instance,
    minPerZone: least,
    maxPerZone: Math.max(...counts) + 1,
    diskGb: config.nodeDiskGb,
  };
  buildGcpPool(unit, { site, tags, zones, cluster, name: POOL, pool, taints: TAINT });
  for (const role of ['backupAppend', 'backupRead'] as const) {
    new StorageBucketIamMember(unit, `snapshots_${role === 'backupAppend' ? 'append' : 'read'}`, {
      bucket: backups.grantOn,
      role: roles[role] ?? '',
      member: workload(site, namespace, ACCOUNT),
      condition: {
        title: 'own snapshots only',
        expression: `resource.name.startsWith("projects/_/buckets/${backups.grantOn}/objects/${FOLDER}/")`,
      },
    });
  }
  const parameters = { type: 'pd-ssd', 'disk-encryption-kms-key': cluster.nodes.diskEncryption };
  return outputOf('pd.csi.storage.gke.io', parameters, {});
}
