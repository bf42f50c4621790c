import {
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { Facts, Target } from '../target.js';
import type { Keys } from './keys.js';
import { denies } from './policy.js';
import { type AwsOptions, ask, clientConfig, perRegion } from './request.js';

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
  const [encryption, lock, versioning, closed, policy, copy] = await Promise.all([
    ask(client.send(new GetBucketEncryptionCommand({ Bucket })), ['ServerSideEncryptionConfigurationNotFoundError']),
    ask(client.send(new GetObjectLockConfigurationCommand({ Bucket })), ['ObjectLockConfigurationNotFoundError']),
    ask(client.send(new GetBucketVersioningCommand({ Bucket })), []),
    ask(client.send(new GetPublicAccessBlockCommand({ Bucket })), ['NoSuchPublicAccessBlockConfiguration']),
    ask(client.send(new GetBucketPolicyCommand({ Bucket })), ['NoSuchBucketPolicy']),
    ask(client.send(new GetBucketReplicationCommand({ Bucket })), ['ReplicationConfigurationNotFoundError']),
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
    'copied to': copies[0]?.Destination?.Bucket?.split(':::').at(-1),
  };
}
