import type { StorageBucketLifecycleRule } from '@cdktf/provider-google/lib/storage-bucket/index.js';
import type { GcpSite } from '../support/site.js';
import type { ResolvedBucket } from './contract.js';

type GcpBucket = ResolvedBucket<GcpSite>;

export function buildGcpLifecycleRules(bucket: GcpBucket): StorageBucketLifecycleRule[] {
  return [...tidy(bucket), ...tiers(bucket)];
}

function tidy({ lifecycle, traits, lock }: GcpBucket): StorageBucketLifecycleRule[] {
  const abort = {
    action: { type: 'AbortIncompleteMultipartUpload' },
    condition: { age: lifecycle.abortUploadsAfterDays },
  };
  const old = { action: { type: 'Delete' }, condition: { daysSinceNoncurrentTime: lifecycle.noncurrentDays } };
  const expired = { action: { type: 'Delete' }, condition: { age: lifecycle.expireDays ?? 0, withState: 'LIVE' } };
  return [
    abort,
    ...(traits.versioned && lock.mode === 'None' ? [old] : []),
    ...(lifecycle.expireDays === undefined ? [] : [expired]),
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
