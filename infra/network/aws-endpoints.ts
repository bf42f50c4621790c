import type { RouteTable } from '@cdktf/provider-aws/lib/route-table/index.js';
import type { Subnet } from '@cdktf/provider-aws/lib/subnet/index.js';
import type { Vpc } from '@cdktf/provider-aws/lib/vpc/index.js';
import { VpcEndpoint } from '@cdktf/provider-aws/lib/vpc-endpoint/index.js';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule/index.js';
import type { Construct } from 'constructs';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { Groups } from './aws-groups.js';
import type { ResolvedNetwork } from './contract.js';

type AwsNetwork = ResolvedNetwork<AwsSite>;

export interface Surroundings {
  readonly vpc: Vpc;
  readonly subnets: readonly Subnet[];
  readonly tables: readonly RouteTable[];
  readonly groups: Groups;
}

/** What nodes, pods and the operator call; without these they would need a way to the internet. */
const SERVICES = [
  'kms',
  'sts',
  'ecr.api',
  'ecr.dkr',
  'logs',
  'secretsmanager',
  'ec2',
  'eks',
  'eks-auth',
  'sqs',
  'elasticache',
] as const;

/** Amazon's account of the images that every node of EKS starts with; younger regions have one of their own. */
const EKS_IMAGES = '602401143452';
const EKS_IMAGES_OF: Readonly<Record<string, string>> = {
  'af-south-1': '877085696533',
  'ap-south-2': '900889452093',
  'ap-southeast-3': '296578399912',
  'eu-central-2': '900612956339',
  'eu-south-1': '590381155156',
  'eu-south-2': '455263428931',
  'me-central-1': '759879836304',
  'us-gov-east-1': '151742754352',
  'us-gov-west-1': '013241004608',
};

export function buildEndpoints(unit: Construct, config: AwsNetwork, around: Surroundings): void {
  const { site, tags } = config;
  const at = { ...providerOf(site), vpcId: around.vpc.id, tags: buildTags('aws', tags, 'network') };
  const s3 = new VpcEndpoint(unit, 'endpoint_s3', {
    ...at,
    serviceName: `com.amazonaws.${site.region}.s3`,
    vpcEndpointType: 'Gateway',
    routeTableIds: around.tables.map(({ id }) => id),
    policy: buildS3EndpointPolicy(site),
  });
  new VpcSecurityGroupEgressRule(unit, 'nodes_out_to_s3', {
    ...providerOf(site),
    securityGroupId: around.groups.nodes.id,
    prefixListId: s3.prefixListId,
    ipProtocol: 'tcp',
    fromPort: 443,
    toPort: 443,
    description: 'nodes to S3 of this region',
    tags: buildTags('aws', tags, 'network'),
  });
  for (const service of [...SERVICES, ...(config.endpoints ?? [])]) {
    new VpcEndpoint(unit, `endpoint_${service.replace('.', '_')}`, {
      ...at,
      serviceName: `com.amazonaws.${site.region}.${service}`,
      vpcEndpointType: 'Interface',
      privateDnsEnabled: true,
      subnetIds: around.subnets.map(({ id }) => id),
      securityGroupIds: [around.groups.endpoints.id],
    });
  }
}

/** Whoever takes over a pod cannot carry data into a bucket of another account. */
export function buildS3EndpointPolicy({ partition, accountId, region }: AwsSite): string {
  const allow = (Sid: string, Action: string, Resource: string, Condition?: object) => ({
    Sid,
    Effect: 'Allow',
    Principal: '*',
    Action,
    Resource,
    ...(Condition === undefined ? {} : { Condition }),
  });
  const eks = EKS_IMAGES_OF[region] ?? EKS_IMAGES;
  const images = `arn:${partition}:s3:::prod-${region}-starport-layer-bucket/*`;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      allow('OwnAccount', 's3:*', '*', { StringEquals: { 'aws:ResourceAccount': accountId } }),
      allow('EksImages', 's3:GetObject', '*', { StringEquals: { 'aws:ResourceAccount': eks } }),
      // Layers of every registry, ours included, lie in a bucket of Amazon's.
      allow('ImageLayers', 's3:GetObject', images),
    ],
  });
}
