import {
  GetBucketPolicyCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketLoggingCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { first } from './graph-attributes.js';
import type { Attributes } from './terraform-json.js';

const number = (value: unknown): number | undefined => (value === undefined ? undefined : Number(value));

/** Whose the objects of a bucket are, and what of it goes by itself. */
export async function keepBucket(s3: S3Client, Bucket: string, part: (type: string) => Attributes | undefined) {
  const ObjectOwnership = first(part('aws_s3_bucket_ownership_controls')?.rule).object_ownership as 'ObjectWriter';
  await s3.send(new PutBucketOwnershipControlsCommand({ Bucket, OwnershipControls: { Rules: [{ ObjectOwnership }] } }));
  const Rules = ((part('aws_s3_bucket_lifecycle_configuration')?.rule ?? []) as readonly Attributes[]).map(ruleOf);
  await s3.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
}

/**
 * Once every bucket is there: those that are written to must be. The stand-in reads their policies for a permission and
 * fails over one that speaks of everybody, so for the moment they have one of ours.
 */
export async function logBucket(s3: S3Client, Bucket: string, TargetBucket: string, TargetPrefix: string) {
  const before = await s3.send(new GetBucketPolicyCommand({ Bucket: TargetBucket })).catch(() => undefined);
  const Principal = { Service: 'logging.s3.amazonaws.com' };
  const Resource = `arn:aws:s3:::${TargetBucket}/*`;
  const Statement = [{ Effect: 'Allow', Principal, Action: 's3:PutObject', Resource }];
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  await s3.send(new PutBucketPolicyCommand({ Bucket: TargetBucket, Policy }));
  const LoggingEnabled = { TargetBucket, TargetPrefix };
  await s3.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: { LoggingEnabled } }));
  if (before?.Policy === undefined) return;
  await s3.send(new PutBucketPolicyCommand({ Bucket: TargetBucket, Policy: before.Policy }));
}

function ruleOf(rule: Attributes): LifecycleRule {
  const { prefix, tag } = first(rule.filter);
  const { key, value } = first(tag);
  const expiration = number(first(rule.expiration).days);
  const old = number(first(rule.noncurrent_version_expiration).noncurrent_days);
  const uploads = number(first(rule.abort_incomplete_multipart_upload).days_after_initiation);
  const moves = ((rule.transition ?? []) as readonly Attributes[]).map(({ days, storage_class }) => ({
    Days: Number(days),
    StorageClass: storage_class as 'GLACIER',
  }));
  return {
    ID: String(rule.id),
    Status: 'Enabled',
    Filter: tag === undefined ? { Prefix: String(prefix ?? '') } : { Tag: { Key: String(key), Value: String(value) } },
    ...(expiration === undefined ? {} : { Expiration: { Days: expiration } }),
    ...(old === undefined ? {} : { NoncurrentVersionExpiration: { NoncurrentDays: old } }),
    ...(uploads === undefined ? {} : { AbortIncompleteMultipartUpload: { DaysAfterInitiation: uploads } }),
    ...(moves.length === 0 ? {} : { Transitions: moves }),
  };
}
