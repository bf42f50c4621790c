import { StorageBucket, type StorageBucketConfig } from '@cdktf/provider-google/lib/storage-bucket/index.js';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { STORAGE_LOG_WRITERS } from '../support/agents.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { BucketOutput, ResolvedBucket } from './contract.js';
import { buildGcpLifecycleRules } from './gcp-lifecycle.js';

type GcpBucket = ResolvedBucket<GcpSite>;

export function buildGcpBucket(unit: Construct, config: GcpBucket): BucketOutput {
  const { site, lock } = config;
  const bucket = new StorageBucket(unit, 'bucket', {
    project: site.projectId,
    name: checkName('gcp', 'bucket', config.name),
    location: site.region,
    storageClass: 'STANDARD',
    uniformBucketLevelAccess: true,
    publicAccessPrevention: 'enforced',
    forceDestroy: false,
    ...encryption(config),
    ...retention(config),
    ...(config.logsTo === undefined ? {} : { logging: { logBucket: config.logsTo, logObjectPrefix: config.name } }),
    lifecycleRule: buildGcpLifecycleRules(config),
    labels: buildTags('gcp', config.tags, config.purpose),
    lifecycle: GUARDED,
  });
  bucket.overrideLogicalId(unit.node.id);
  if (config.purpose === 'accessLogs') admitLogs(unit, bucket);
  return {
    name: bucket.name,
    region: site.region,
    endpoint: '',
    lockDays: lock.floorDays,
    id: bucket.id,
    grantOn: bucket.name,
    logTarget: bucket.name,
    address: addressOf(bucket),
    ready: [bucket],
  };
}

function encryption({ key }: GcpBucket): Pick<StorageBucketConfig, 'encryption' | 'dependsOn'> {
  if (key === undefined) return {};
  return { encryption: { defaultKmsKeyName: key.id }, dependsOn: [...key.ready] };
}

type Retention = Pick<
  StorageBucketConfig,
  'retentionPolicy' | 'enableObjectRetention' | 'versioning' | 'softDeletePolicy'
>;

/**
 * A retention policy forbids overwriting and deleting altogether, so a locked bucket needs no versions; Google's
 * pages disagree on whether it may have them. The bucket's lock is one irreversible period for all, hence the floor;
 * each object carries its tenant's own date.
 */
function retention({ lock, traits, lifecycle }: GcpBucket): Retention {
  // Google keeps deleted objects for 7 days unless told otherwise: an erased key would come back.
  const softDeleteDays = traits.versioned && lock.mode === 'None' ? Math.max(7, lifecycle.noncurrentDays) : 0;
  const softDeletePolicy = { retentionDurationSeconds: softDeleteDays * 86_400 };
  if (lock.mode === 'None') return { versioning: { enabled: traits.versioned }, softDeletePolicy };
  return {
    retentionPolicy: { retentionPeriod: lock.floorDays * 86_400, isLocked: lock.mode === 'Compliance' },
    // Only at creation.
    enableObjectRetention: true,
    versioning: { enabled: false },
    softDeletePolicy,
  };
}

function admitLogs(unit: Construct, bucket: StorageBucket): void {
  new StorageBucketIamMember(unit, 'log_delivery', {
    bucket: bucket.name,
    role: 'roles/storage.objectCreator',
    member: STORAGE_LOG_WRITERS,
  });
}
