import { ProjectIamCustomRole } from '@cdktf/provider-google/lib/project-iam-custom-role/index.js';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member/index.js';
import { StorageTransferJob } from '@cdktf/provider-google/lib/storage-transfer-job/index.js';
import { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { transferAgent } from '../support/agents.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import type { ReplicationConfig, ReplicationOutput } from './contract.js';

type GcpReplication = ReplicationConfig<GcpSite>;

/**
 * Roles of our own, because the predefined ones that allow a notification on a bucket also allow rewriting its
 * permissions. `buckets.update` is what a notification needs. Nothing may delete.
 */
const PERMISSIONS = {
  source: ['storage.buckets.get', 'storage.buckets.update', 'storage.objects.get', 'storage.objects.list'],
  destination: ['storage.buckets.get', 'storage.objects.create', 'storage.objects.get', 'storage.objects.list'],
} as const;

/** Event-driven copy by Storage Transfer; its project-wide permissions on Pub/Sub are in the baseline unit. */
export function buildGcpReplication(unit: Construct, config: GcpReplication): ReplicationOutput {
  const { site, source, destination } = config;
  const grants = [grant(unit, config, 'source'), grant(unit, config, 'destination')];
  const job = new StorageTransferJob(unit, 'replication', {
    project: site.projectId,
    description: `memplane: ${config.name}`,
    status: 'ENABLED',
    replicationSpec: {
      gcsDataSource: { bucketName: source.name },
      gcsDataSink: { bucketName: destination.name },
      transferOptions: {
        // The destination is locked: an overwrite would be refused, and a name never changes its content.
        overwriteWhen: 'NEVER',
        metadataOptions: { kmsKey: 'KMS_KEY_DESTINATION_BUCKET_DEFAULT' },
      },
    },
    dependsOn: [...grants, ...source.ready, ...destination.ready],
    lifecycle: GUARDED,
  });
  return { address: addressOf(job) };
}

function grant(unit: Construct, config: GcpReplication, side: keyof typeof PERMISSIONS): StorageBucketIamMember {
  const scope = new Construct(unit, side);
  const role = new ProjectIamCustomRole(scope, 'role', {
    project: config.site.projectId,
    roleId: checkName('gcp', 'role', `${config.name}${side === 'source' ? 'Source' : 'Destination'}`),
    title: `memplane replication, ${side}`,
    permissions: [...PERMISSIONS[side]],
  });
  const member = transferAgent(config.site);
  return new StorageBucketIamMember(scope, 'grant', { bucket: config[side].name, role: role.name, member });
}
