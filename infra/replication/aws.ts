import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import { S3BucketReplicationConfigurationA } from '@cdktf/provider-aws/lib/s3-bucket-replication-configuration/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { buildServiceTrust } from '../support/aws-service-trust.js';
import { checkName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ReplicationConfig, ReplicationOutput } from './contract.js';

type AwsReplication = ReplicationConfig<AwsSite>;

/** With replication time control S3 promises 15 minutes and measures them. */
const MINUTES = 15;

export function buildAwsReplication(unit: Construct, config: AwsReplication): ReplicationOutput {
  const { site, source, destination, destinationKey } = config;
  const role = new IamRole(unit, 'role', {
    ...providerOf(site),
    name: checkName('aws', 'role', config.name),
    path: site.rolePath,
    assumeRolePolicy: buildServiceTrust(site, 's3.amazonaws.com'),
    tags: buildTags('aws', config.tags, 'replication'),
  });
  new IamRolePolicy(unit, 'policy', { ...providerOf(site), name: 'copy', role: role.id, policy: buildPolicy(config) });
  const replication = new S3BucketReplicationConfigurationA(unit, 'replication', {
    ...providerOf(site),
    bucket: source.name,
    role: role.arn,
    rule: [
      {
        id: 'all',
        priority: 0,
        status: 'Enabled',
        filter: {},
        deleteMarkerReplication: { status: config.deletions === 'Follow' ? 'Enabled' : 'Disabled' },
        sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: 'Enabled' } },
        destination: {
          bucket: destination.id,
          storageClass: 'STANDARD',
          encryptionConfiguration: { replicaKmsKeyId: destinationKey.id },
          metrics: { status: 'Enabled', eventThreshold: { minutes: MINUTES } },
          replicationTime: { status: 'Enabled', time: { minutes: MINUTES } },
        },
      },
    ],
    dependsOn: [...source.ready, ...destination.ready],
  });
  return { address: addressOf(replication) };
}

/** Without `s3:ReplicateDelete` what is deleted here stays there; with it, a marker hides it. */
function buildPolicy({ source, sourceKey, destination, destinationKey, deletions }: AwsReplication): string {
  const viaS3 = (region: string) => ({ StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` } });
  const allow = (Action: readonly string[], Resource: string, Condition?: object) => ({
    Effect: 'Allow',
    Action,
    Resource,
    ...(Condition === undefined ? {} : { Condition }),
  });
  const read = ['ForReplication', 'Acl', 'Tagging'].map((what) => `s3:GetObjectVersion${what}`);
  const follow = deletions === 'Follow' ? ['s3:ReplicateDelete'] : [];
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      allow(['s3:GetReplicationConfiguration', 's3:ListBucket'], source.id),
      allow([...read, 's3:GetObjectRetention', 's3:GetObjectLegalHold'], `${source.id}/*`),
      allow(['s3:ReplicateObject', 's3:ReplicateTags', ...follow], `${destination.id}/*`),
      allow(['kms:Decrypt'], sourceKey.id, viaS3(source.region)),
      allow(['kms:Encrypt', 'kms:GenerateDataKey'], destinationKey.id, viaS3(destination.region)),
    ],
  });
}
