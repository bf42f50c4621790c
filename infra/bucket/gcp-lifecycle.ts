import type { StorageBucketLifecycleRule } from '@cdktf/provider-google/lib/storage-bucket/index.js';
import type { GcpSite } from '../support/site.js';
import type { ResolvedBucket } from './contract.js';

type GcpBucket = ResolvedBucket<GcpSite>;

export function buildGcpLifecycleRules(bucket: GcpBucket): StorageBucketLifecycleRule[] {
  return [...tidy(bucket), ...tiers(bucket)];
}

function tidy({ lifecycle, traits, lock }: GcpBucket): StorageBucketLifecycleRule[] {
  const drop = (condition: StorageBucketLifecycleRule['condition']) => ({ action: { type: 'Delete' }, condition });
  return [
    { action: { type: 'AbortIncompleteMultipartUpload' }, condition: { age: lifecycle.abortUploadsAfterDays } },
    ...(traits.versioned && lock.mode === 'None' ? [drop({ daysSinceNoncurrentTime: lifecycle.noncurrentDays })] : []),
    ...(lifecycle.expireDays === undefined ? [] : [drop({ age: lifecycle.expireDays, withState: 'LIVE' })]),
  ];
}

function tiers({ lifecycle, traits }: GcpBucket): StorageBucketLifecycleRule[] {
  const rule = (storageClass: string, condition: StorageBucketLifecycleRule['condition']) => ({
    action: { type: 'SetStorageClass', storageClass },
    condition,
  });
  const { infrequentAfterDays: infrequent, archiveAfterDays: archive } = lifecycle;
  return [
    ...(infrequent === undefined ? [] : [rule('NEARLINE', { age: infrequent })]),
    ...(archive === undefined
      ? []
      : [
          rule(
            'ARCHIVE',
            // Lifecycles here see no tags: a writer marks what may be archived by setting its custom time.
            traits.archives === 'Tagged' ? { daysSinceCustomTime: archive } : { age: archive },
          ),
        ]),
  ];
}
