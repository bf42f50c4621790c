import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import type { Construct } from 'constructs';
import { buildAwsPool } from '../cluster/aws-pool.js';
import { buildIrsaTrust } from '../identity/aws-trust.js';
import { buildName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
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
  const { site, tags, cluster, namespace } = config;
  const name = buildName('aws', 'role', [config.name, ACCOUNT]);
  const role = new IamRole(unit, 'role', {
    ...providerOf(site),
    name,
    path: site.rolePath,
    description: 'memplane: snapshots of the vector store',
    assumeRolePolicy: buildIrsaTrust(site, cluster, namespace, ACCOUNT),
    maxSessionDuration: 3600,
    tags: buildTags('aws', tags, 'identity'),
  });
  new IamRolePolicy(unit, 'role_snapshots', {
    ...providerOf(site),
    name: 'snapshots',
    role: role.id,
    policy: buildSnapshotPolicy(config),
  });
  return `arn:${site.partition}:iam::${site.accountId}:role${site.rolePath}${name}`;
}

/** Its own folder of the bucket; what is in it ends by the bucket's lifecycle and by nobody's hand. */
function buildSnapshotPolicy({ site, backups, key }: AwsQdrant): string {
  const allow = (Sid: string, Action: string | readonly string[], Resource: string, Condition?: object) => ({
    Sid,
    Effect: 'Allow',
    Action,
    Resource,
    ...(Condition === undefined ? {} : { Condition }),
  });
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      allow(
        'OwnSnapshots',
        ['s3:PutObject', 's3:GetObject', 's3:AbortMultipartUpload'],
        `${backups.grantOn}/${FOLDER}/*`,
      ),
      allow('FindsThem', 's3:ListBucket', backups.grantOn, { StringLike: { 's3:prefix': `${FOLDER}/*` } }),
      allow('ObjectsKeyThroughS3', ['kms:Decrypt', 'kms:GenerateDataKey'], key.id, {
        StringEquals: { 'kms:ViaService': `s3.${site.region}.amazonaws.com` },
      }),
    ],
  });
}
