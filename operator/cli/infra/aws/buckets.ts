import {
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLoggingCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  type LifecycleRule,
  type ReplicationRule,
  S3Client,
} from '@aws-sdk/client-s3';
import { listed } from '../graph.js';
import type { Facts, Target } from '../target.js';
import type { Keys } from './keys.js';
import { endText } from './lifecycle.js';
import { denies } from './policy.js';
import { type AwsOptions, ask, clientConfig, perRegion } from './request.js';
import { readPolicy, statementFacts } from './statements.js';

export function openBuckets(options: AwsOptions) {
  const clients = perRegion(
    (region) => new S3Client({ ...clientConfig(region, options), forcePathStyle: options.endpoint !== undefined }),
  );
  return {
    read: (target: Target, keys: Keys) => readBucket(clients.of(target.region), target, keys),
    close: clients.close,
  };
}

async function readBucket(client: S3Client, { name, region }: Target, keys: Keys): Promise<Facts | undefined> {
  const Bucket = name;
  const there = await ask(client.send(new HeadBucketCommand({ Bucket })), ['NotFound', 'NoSuchBucket']);
  if (there === undefined) return undefined;
  const [encryption, lock, versioning, closed, policy, copy, more] = await Promise.all([
    ask(client.send(new GetBucketEncryptionCommand({ Bucket })), ['ServerSideEncryptionConfigurationNotFoundError']),
    ask(client.send(new GetObjectLockConfigurationCommand({ Bucket })), ['ObjectLockConfigurationNotFoundError']),
    ask(client.send(new GetBucketVersioningCommand({ Bucket })), []),
    ask(client.send(new GetPublicAccessBlockCommand({ Bucket })), ['NoSuchPublicAccessBlockConfiguration']),
    ask(client.send(new GetBucketPolicyCommand({ Bucket })), ['NoSuchBucketPolicy']),
    ask(client.send(new GetBucketReplicationCommand({ Bucket })), ['ReplicationConfigurationNotFoundError']),
    readKeeping(client, Bucket),
  ]);
  const [rule] = encryption?.ServerSideEncryptionConfiguration?.Rules ?? [];
  const sse = rule?.ApplyServerSideEncryptionByDefault;
  const retention = lock?.ObjectLockConfiguration?.Rule?.DefaultRetention;
  const access = closed?.PublicAccessBlockConfiguration;
  const copies = (copy?.ReplicationConfiguration?.Rules ?? []).filter(({ Status }) => Status === 'Enabled');
  return {
    encryption: sse?.SSEAlgorithm,
    'encryption key': await keys.nameOf(sse?.KMSMasterKeyID, region),
    'lock mode': retention?.Mode,
    'lock days': retention?.Days ?? (retention?.Years === undefined ? undefined : retention.Years * 365),
    versioning: versioning?.Status,
    'public access blocked':
      access?.BlockPublicAcls === true &&
      access.BlockPublicPolicy === true &&
      access.IgnorePublicAcls === true &&
      access.RestrictPublicBuckets === true,
    'TLS only': denies(policy?.Policy, 'Bool', 'aws:SecureTransport', 'false'),
    'TLS 1.2': denies(policy?.Policy, 'NumericLessThan', 's3:TlsVersion', '1.2'),
    ...(await factsOfCopy(copies[0], keys)),
    ...more,
    ...statementFacts(await readPolicy(policy?.Policy, keys)),
  };
}

async function factsOfCopy(rule: ReplicationRule | undefined, keys: Keys): Promise<Facts> {
  const key = rule?.Destination?.EncryptionConfiguration?.ReplicaKmsKeyID;
  return {
    'copied to': rule?.Destination?.Bucket?.split(':::').at(-1),
    'key of the copy': await keys.nameOf(key, key?.split(':')[3] ?? ''),
    'deletions follow': rule?.DeleteMarkerReplication?.Status === 'Enabled',
  };
}

/** Who writes down who read what, whose the objects are, and what goes by itself. */
async function readKeeping(client: S3Client, Bucket: string): Promise<Facts> {
  const [logging, ownership, ends] = await Promise.all([
    ask(client.send(new GetBucketLoggingCommand({ Bucket })), []),
    ask(client.send(new GetBucketOwnershipControlsCommand({ Bucket })), ['OwnershipControlsNotFoundError']),
    ask(client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })), ['NoSuchLifecycleConfiguration']),
  ]);
  return {
    'access logged in': logging?.LoggingEnabled?.TargetBucket,
    'owned by': ownership?.OwnershipControls?.Rules?.[0]?.ObjectOwnership,
    ends: listed((ends?.Rules ?? []).filter(({ Status }) => Status === 'Enabled').map(endOf)),
  };
}

const endOf = (rule: LifecycleRule): string =>
  endText({
    id: rule.ID,
    prefix: rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix,
    days: rule.Expiration?.Days,
    oldDays: rule.NoncurrentVersionExpiration?.NoncurrentDays,
    uploadDays: rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
    moves: (rule.Transitions ?? []).map(({ Days, StorageClass }) => [Days, StorageClass]),
  });
