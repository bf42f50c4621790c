import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import type { Construct } from 'constructs';
import { buildAwsPool } from '../cluster/aws-pool.js';
import { buildAccountRole } from '../identity/aws-account-role.js';
import { allow, document } from '../identity/aws-statements.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildVolumeBackups, VOLUME_TAG } from './aws-backups.js';
import { ACCOUNT, FOLDER, outputOf, POOL, type QdrantOutput, type ResolvedQdrant, spread, TAINT } from './contract.js';

type AwsQdrant = ResolvedQdrant<AwsSite>;

/** A group a zone: a volume stays in its zone, so a pod's new node must stand there too. */
export function buildAwsQdrant(unit: Construct, config: AwsQdrant): QdrantOutput {
  const { site, tags, cluster, zones, nodeSubnets } = config;
  spread(config.nodes, zones).forEach((count, index) => {
    if (count === 0) return;
    const pool = { instance: config.instance, minPerZone: count, maxPerZone: count + 1, diskGb: config.nodeDiskGb };
    const name = `${POOL}-${zones[index] ?? ''}`;
    const subnets = nodeSubnets.slice(index, index + 1);
    buildAwsPool(unit, { site, tags, cluster, owner: config.name, name, pool, subnets, taints: TAINT, label: POOL });
  });
  buildVolumeBackups(unit, config);
  const parameters = {
    type: 'gp3',
    encrypted: 'true',
    kmsKeyId: cluster.nodes.diskEncryption,
    tagSpecification_1: `${VOLUME_TAG.key}=${VOLUME_TAG.value}`,
  };
  return outputOf('ebs.csi.aws.com', parameters, { 'eks.amazonaws.com/role-arn': buildRole(unit, config) });
}

function buildRole(unit: Construct, config: AwsQdrant): string {
  const { site } = config;
  const description = 'memplane: snapshots of the vector store';
  const { role, arn } = buildAccountRole(unit, 'role', { ...config, account: ACCOUNT, description });
  new IamRolePolicy(unit, 'role_snapshots', {
    ...providerOf(site),
    name: 'snapshots',
    role: role.id,
    policy: buildSnapshotPolicy(config),
  });
  return arn;
}

/** Its own folder of the bucket; what is in it ends by the bucket's lifecycle and by nobody's hand. */
function buildSnapshotPolicy({ site, backups, key }: AwsQdrant): string {
  return document([
    allow(
      'OwnSnapshots',
      ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload'],
      `${backups.grantOn}/${FOLDER}/*`,
    ),
    allow('FindsThem', 's3:ListBucket', backups.grantOn, { StringLike: { 's3:prefix': `${FOLDER}/*` } }),
    allow('ObjectsKeyThroughS3', ['kms:Decrypt', 'kms:GenerateDataKey'], key.id, {
      StringEquals: { 'kms:ViaService': `s3.${site.region}.amazonaws.com` },
    }),
  ]);
}
