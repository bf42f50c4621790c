import { DefaultSecurityGroup } from '@cdktf/provider-aws/lib/default-security-group/index.js';
import { Subnet } from '@cdktf/provider-aws/lib/subnet/index.js';
import { Vpc } from '@cdktf/provider-aws/lib/vpc/index.js';
import type { Construct } from 'constructs';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildEndpoints } from './aws-endpoints.js';
import { buildFlowLog } from './aws-flow-log.js';
import { buildGroups, type Groups } from './aws-groups.js';
import { buildRoutes, type Tiers } from './aws-routes.js';
import type { Listener, NetworkOutput, ResolvedNetwork, StoreAccess, Three } from './contract.js';

type AwsNetwork = ResolvedNetwork<AwsSite>;

export function buildAwsNetwork(unit: Construct, config: AwsNetwork): NetworkOutput {
  const vpc = buildVpc(unit, config);
  const tiers: Tiers = {
    open: buildTier(unit, config, vpc, 'public', config.publicCidrs, { 'kubernetes.io/role/elb': '1' }),
    nodes: buildTier(unit, config, vpc, 'nodes', config.nodeCidrs, { 'kubernetes.io/role/internal-elb': '1' }),
    data: buildTier(unit, config, vpc, 'data', config.dataCidrs, {}),
  };
  const tables = buildRoutes(unit, config, vpc, tiers);
  const groups = buildGroups(unit, config, vpc);
  buildEndpoints(unit, config, { vpc, subnets: tiers.data, tables, groups });
  buildFlowLog(unit, config, vpc);
  return {
    id: vpc.id,
    nodeSubnets: tiers.nodes.map(({ id }) => id),
    nodeGroups: [groups.nodes.id],
    controlPlane: '',
    stores: {
      postgres: access(tiers, groups, 'postgres'),
      reader: access(tiers, groups, 'reader'),
      redis: access(tiers, groups, 'redis'),
      queue: access(tiers, groups, 'endpoints'),
    },
    endpoints: access(tiers, groups, 'endpoints'),
  };
}

function access({ data }: Tiers, groups: Groups, listener: Listener): StoreAccess {
  return { subnets: data.map(({ id }) => id), groups: [groups[listener].id], dnsZone: undefined, ready: [] };
}

function buildVpc(unit: Construct, { site, name, tags, cidr }: AwsNetwork): Vpc {
  const vpc = new Vpc(unit, 'vpc', {
    ...providerOf(site),
    cidrBlock: cidr,
    // Both: private names of endpoints and databases are answered by the VPC itself.
    enableDnsSupport: true,
    enableDnsHostnames: true,
    tags: { ...buildTags('aws', tags, 'network'), Name: name },
  });
  // Adopted so that it loses its rules: whoever forgets to name a group gets one that lets nothing through.
  new DefaultSecurityGroup(unit, 'default_group', {
    ...providerOf(site),
    vpcId: vpc.id,
    tags: buildTags('aws', tags, 'network'),
  });
  return vpc;
}

function buildTier(
  unit: Construct,
  { site, name, tags, zones }: AwsNetwork,
  vpc: Vpc,
  tier: string,
  cidrs: Three<string>,
  marks: Readonly<Record<string, string>>,
): readonly Subnet[] {
  return cidrs.map((cidrBlock, index) => {
    const zone = zones[index] ?? '';
    return new Subnet(unit, `${tier}_${zone}`, {
      ...providerOf(site),
      vpcId: vpc.id,
      availabilityZone: zone,
      cidrBlock,
      mapPublicIpOnLaunch: false,
      tags: { ...buildTags('aws', tags, 'network'), ...marks, Name: `${name}-${tier}-${zone}` },
    });
  });
}
