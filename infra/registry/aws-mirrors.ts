import { EcrPullThroughCacheRule } from '@cdktf/provider-aws/lib/ecr-pull-through-cache-rule/index.js';
import { EcrRepositoryCreationTemplate } from '@cdktf/provider-aws/lib/ecr-repository-creation-template/index.js';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import type { Construct } from 'constructs';
import type { Key } from '../kms/contract.js';
import { buildServiceTrust } from '../support/aws-service-trust.js';
import { buildName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { Mirror, ResolvedRegistry } from './contract.js';

type AwsRegistry = ResolvedRegistry<AwsSite>;

/** ECR makes a repository for each image that is first asked for: like ours, under our key, by a role of its own. */
export function buildAwsMirrors(unit: Construct, config: AwsRegistry): void {
  if (config.mirrors.length === 0) return;
  const maker = buildMaker(unit, config);
  for (const mirror of config.mirrors) buildMirror(unit, config, maker, mirror);
}

function buildMirror(
  unit: Construct,
  { site, name, tags, key }: AwsRegistry,
  maker: IamRole,
  { host, label }: Mirror,
): void {
  const prefix = `${name}/${label}`;
  const id = `mirror_${label.replace('-', '_')}`;
  const template = new EcrRepositoryCreationTemplate(unit, `${id}_template`, {
    ...providerOf(site),
    prefix,
    description: `images of ${host}`,
    appliedFor: ['PULL_THROUGH_CACHE'],
    customRoleArn: maker.arn,
    // A tag of somebody else's may move; what runs is named by digest.
    imageTagMutability: 'MUTABLE',
    encryptionConfiguration: [{ encryptionType: 'KMS', kmsKey: key.id }],
    resourceTags: buildTags('aws', tags, 'objects'),
  });
  new EcrPullThroughCacheRule(unit, id, {
    ...providerOf(site),
    ecrRepositoryPrefix: prefix,
    upstreamRegistryUrl: host,
    dependsOn: [template],
  });
}

function buildMaker(unit: Construct, { site, name, tags, key }: AwsRegistry): IamRole {
  const role = new IamRole(unit, 'mirrors_role', {
    ...providerOf(site),
    name: buildName('aws', 'role', [name, 'mirrors']),
    path: site.rolePath,
    assumeRolePolicy: buildServiceTrust(site, 'ecr.amazonaws.com'),
    tags: buildTags('aws', tags, 'objects'),
  });
  new IamRolePolicy(unit, 'mirrors_policy', {
    ...providerOf(site),
    name: 'mirrors',
    role: role.id,
    policy: buildPolicy(site, name, key),
  });
  return role;
}

function buildPolicy({ partition, region, accountId }: AwsSite, name: string, key: Key): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['ecr:CreateRepository', 'ecr:ReplicateImage', 'ecr:TagResource'],
        Resource: `arn:${partition}:ecr:${region}:${accountId}:repository/${name}/*`,
      },
      {
        Effect: 'Allow',
        Action: ['kms:CreateGrant', 'kms:DescribeKey'],
        Resource: key.id,
        Condition: { StringEquals: { 'kms:ViaService': `ecr.${region}.amazonaws.com` } },
      },
    ],
  });
}
