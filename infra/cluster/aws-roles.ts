import { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { IamRolePolicy } from '@cdktf/provider-aws/lib/iam-role-policy/index.js';
import { IamRolePolicyAttachment } from '@cdktf/provider-aws/lib/iam-role-policy-attachment/index.js';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import { buildName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedCluster } from './contract.js';

type AwsCluster = ResolvedCluster<AwsSite>;

/** Derived, so that policies name it in full and can be read, and judged, without an apply. */
export const arnOf = ({ site, name }: Pick<AwsCluster, 'site' | 'name'>): string =>
  `arn:${site.partition}:eks:${site.region}:${site.accountId}:cluster/${name}`;

export interface RoleWithPolicies {
  readonly role: IamRole;
  readonly ready: readonly ITerraformDependable[];
}

export const buildClusterRole = (unit: Construct, config: AwsCluster): RoleWithPolicies =>
  buildRole(unit, config, 'control-plane', serviceTrust('eks.amazonaws.com'), ['AmazonEKSClusterPolicy']);

/** What a node itself may do: join, and pull images. Everything else is a pod's, by its own identity. */
export const buildNodeRole = (unit: Construct, config: AwsCluster): IamRole =>
  buildRole(unit, config, 'nodes', serviceTrust('ec2.amazonaws.com'), [
    'AmazonEKSWorkerNodePolicy',
    'AmazonEC2ContainerRegistryPullOnly',
  ]).role;

/** Of an add-on, through Pod Identity, for one service account of this cluster. */
export const buildAddonRole = (
  unit: Construct,
  config: AwsCluster,
  id: string,
  managed: readonly string[],
  cluster: string,
): RoleWithPolicies => buildRole(unit, config, id, podTrust(config.site, cluster), managed);

/** The volumes' driver asks the disk key for grants, which only EC2 may use. */
export function letDriverUseDisks(unit: Construct, { site, diskKey }: AwsCluster, role: IamRole): ITerraformDependable {
  const grants = ['kms:CreateGrant', 'kms:ListGrants', 'kms:RevokeGrant'];
  const use = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'];
  const forServices = { Bool: { 'kms:GrantIsForAWSResource': 'true' } };
  const viaEc2 = { StringEquals: { 'kms:ViaService': `ec2.${site.region}.amazonaws.com` } };
  return new IamRolePolicy(unit, 'volumes_use_key', {
    ...providerOf(site),
    name: 'disk-key',
    role: role.id,
    policy: JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: grants, Resource: diskKey.id, Condition: forServices },
        { Effect: 'Allow', Action: use, Resource: diskKey.id, Condition: viaEc2 },
      ],
    }),
  });
}

function buildRole(
  unit: Construct,
  { site, name, tags }: AwsCluster,
  id: string,
  trust: object,
  managed: readonly string[],
): RoleWithPolicies {
  const plain = id.replace(/-/g, '_');
  const role = new IamRole(unit, `role_${plain}`, {
    ...providerOf(site),
    name: buildName('aws', 'role', [name, id]),
    path: site.rolePath,
    assumeRolePolicy: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
    tags: buildTags('aws', tags, 'cluster'),
  });
  const ready = managed.map((policy) => {
    const path = policy === 'AmazonEBSCSIDriverPolicy' ? 'service-role/' : '';
    const policyArn = `arn:${site.partition}:iam::aws:policy/${path}${policy}`;
    return new IamRolePolicyAttachment(unit, `${plain}_${policy}`, { ...providerOf(site), role: role.name, policyArn });
  });
  return { role, ready };
}

const serviceTrust = (Service: string) => ({ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' });

const podTrust = ({ accountId }: AwsSite, cluster: string) => ({
  Effect: 'Allow',
  Principal: { Service: 'pods.eks.amazonaws.com' },
  Action: ['sts:AssumeRole', 'sts:TagSession'],
  Condition: { StringEquals: { 'aws:SourceAccount': accountId }, ArnEquals: { 'aws:SourceArn': cluster } },
});
