import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket/index.js';
import { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration/index.js';
import { S3BucketLoggingA } from '@cdktf/provider-aws/lib/s3-bucket-logging/index.js';
import { S3BucketObjectLockConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-object-lock-configuration/index.js';
import { S3BucketOwnershipControls } from '@cdktf/provider-aws/lib/s3-bucket-ownership-controls/index.js';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy/index.js';
import { S3BucketPublicAccessBlock } from '@cdktf/provider-aws/lib/s3-bucket-public-access-block/index.js';
import { S3BucketServerSideEncryptionConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration/index.js';
import { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildLifecycleRules } from './aws-lifecycle.js';
import { buildBucketPolicy } from './aws-policy.js';
import type { BucketOutput, ResolvedBucket } from './contract.js';

type AwsBucket = ResolvedBucket<AwsSite>;

export function buildAwsBucket(unit: Construct, config: AwsBucket): BucketOutput {
  const { site, lock } = config;
  const bucket = new S3Bucket(unit, 'bucket', {
    ...providerOf(site),
    bucket: checkName('aws', 'bucket', config.name),
    // Only at creation: a bucket that was born without cannot be locked.
    objectLockEnabled: lock.mode !== 'None',
    forceDestroy: false,
    tags: buildTags('aws', config.tags, config.purpose),
    lifecycle: GUARDED,
  });
  bucket.overrideLogicalId(unit.node.id);
  const versioning = keepVersions(unit, config, bucket);
  encrypt(unit, config, bucket);
  refusePublic(unit, config, bucket);
  logAccess(unit, config, bucket);
  lockObjects(unit, config, bucket, versioning);
  tier(unit, config, bucket, versioning);
  return {
    name: bucket.bucket,
    region: site.region,
    endpoint: '',
    lockDays: lock.floorDays,
    id: bucket.arn,
    grantOn: `arn:${site.partition}:s3:::${config.name}`,
    logTarget: bucket.bucket,
    address: addressOf(bucket),
    ready: [versioning],
  };
}

function keepVersions(unit: Construct, { site, traits }: AwsBucket, bucket: S3Bucket): S3BucketVersioningA {
  return new S3BucketVersioningA(unit, 'versioning', {
    ...providerOf(site),
    bucket: bucket.id,
    // `Disabled` exists only before the first `Enabled`; afterwards there is `Suspended`, which keeps old versions.
    versioningConfiguration: { status: traits.versioned ? 'Enabled' : 'Disabled' },
  });
}

function encrypt(unit: Construct, { site, key }: AwsBucket, bucket: S3Bucket): void {
  new S3BucketServerSideEncryptionConfigurationA(unit, 'encryption', {
    ...providerOf(site),
    bucket: bucket.id,
    rule: [
      key === undefined
        ? { applyServerSideEncryptionByDefault: { sseAlgorithm: 'AES256' } }
        : {
            applyServerSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: key.id },
            bucketKeyEnabled: true,
          },
    ],
  });
}

function refusePublic(unit: Construct, config: AwsBucket, bucket: S3Bucket): void {
  const at = { ...providerOf(config.site), bucket: bucket.id };
  const block = new S3BucketPublicAccessBlock(unit, 'public_access', {
    ...at,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  new S3BucketOwnershipControls(unit, 'ownership', { ...at, rule: { objectOwnership: 'BucketOwnerEnforced' } });
  // S3 answers 409 to two of these at once.
  new S3BucketPolicy(unit, 'policy', { ...at, policy: buildBucketPolicy(config), dependsOn: [block] });
}

function logAccess(unit: Construct, { site, name, logsTo }: AwsBucket, bucket: S3Bucket): void {
  if (logsTo === undefined) return;
  new S3BucketLoggingA(unit, 'logging', {
    ...providerOf(site),
    bucket: bucket.id,
    targetBucket: logsTo,
    targetPrefix: `${name}/`,
  });
}

function lockObjects(unit: Construct, { site, lock }: AwsBucket, bucket: S3Bucket, after: S3BucketVersioningA): void {
  if (lock.mode === 'None') return;
  new S3BucketObjectLockConfigurationA(unit, 'lock', {
    ...providerOf(site),
    bucket: bucket.id,
    rule: { defaultRetention: { mode: lock.mode.toUpperCase(), days: lock.retentionDays } },
    dependsOn: [after],
  });
}

function tier(unit: Construct, config: AwsBucket, bucket: S3Bucket, after: S3BucketVersioningA): void {
  new S3BucketLifecycleConfiguration(unit, 'lifecycle', {
    ...providerOf(config.site),
    bucket: bucket.id,
    // Else objects below 128 KiB, which is every audit record, would never leave the first tier.
    transitionDefaultMinimumObjectSize: 'varies_by_storage_class',
    rule: buildLifecycleRules(config),
    dependsOn: [after],
  });
}
