import type { S3BucketLifecycleConfigurationRule } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration/index.js';
import type { AwsSite } from '../support/site.js';
import type { ResolvedBucket } from './contract.js';

type AwsBucket = ResolvedBucket<AwsSite>;

const EVERYTHING = [{ prefix: '' }];
const MARKED = [{ tag: [{ key: 'tier', value: 'archivable' }] }];

export function buildLifecycleRules(bucket: AwsBucket): S3BucketLifecycleConfigurationRule[] {
  return [tidy(bucket), ...tiers(bucket)];
}

function tidy({ lifecycle, traits }: AwsBucket): S3BucketLifecycleConfigurationRule {
  return {
    id: 'tidy',
    status: 'Enabled',
    filter: EVERYTHING,
    abortIncompleteMultipartUpload: [{ daysAfterInitiation: lifecycle.abortUploadsAfterDays }],
    ...(traits.versioned ? { noncurrentVersionExpiration: [{ noncurrentDays: lifecycle.noncurrentDays }] } : {}),
    ...(lifecycle.expireDays === undefined ? {} : { expiration: [{ days: lifecycle.expireDays }] }),
  };
}

function tiers({ lifecycle, traits }: AwsBucket): S3BucketLifecycleConfigurationRule[] {
  const transition = [
    ...(lifecycle.infrequentAfterDays === undefined
      ? []
      : [{ days: lifecycle.infrequentAfterDays, storageClass: 'GLACIER_IR' }]),
    ...(lifecycle.archiveAfterDays === undefined
      ? []
      : [
          {
            days: lifecycle.archiveAfterDays,
            // What its writer let go is fetched back within hours; what is kept for years, within days.
            storageClass: traits.archives === 'Tagged' ? 'GLACIER' : 'DEEP_ARCHIVE',
          },
        ]),
  ];
  if (transition.length === 0) return [];
  return [{ id: 'tier', status: 'Enabled', filter: traits.archives === 'Tagged' ? MARKED : EVERYTHING, transition }];
}
