import { Eip } from '@cdktf/provider-aws/lib/eip/index.js';
import { InternetGateway } from '@cdktf/provider-aws/lib/internet-gateway/index.js';
import { NatGateway } from '@cdktf/provider-aws/lib/nat-gateway/index.js';
import { Route } from '@cdktf/provider-aws/lib/route/index.js';
import { RouteTable } from '@cdktf/provider-aws/lib/route-table/index.js';
import { RouteTableAssociation } from '@cdktf/provider-aws/lib/route-table-association/index.js';
import type { Subnet } from '@cdktf/provider-aws/lib/subnet/index.js';
import type { Vpc } from '@cdktf/provider-aws/lib/vpc/index.js';
import type { Construct } from 'constructs';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedNetwork } from './contract.js';

type AwsNetwork = ResolvedNetwork<AwsSite>;

export interface Tiers {
  readonly open: readonly Subnet[];
  readonly nodes: readonly Subnet[];
  readonly data: readonly Subnet[];
}

const ANYWHERE = '0.0.0.0/0';

/**
 * Public subnets lead to the gateway, nodes to the NAT of their zone, data nowhere: its table has no default route.
 * Returns the tables of nodes and data, which the S3 endpoint enters.
 */
export function buildRoutes(unit: Construct, config: AwsNetwork, vpc: Vpc, tiers: Tiers): readonly RouteTable[] {
  const { site, tags } = config;
  const gateway = new InternetGateway(unit, 'internet', {
    ...providerOf(site),
    vpcId: vpc.id,
    tags: buildTags('aws', tags, 'network'),
  });
  const open = table(unit, config, vpc, 'public', tiers.open);
  route(unit, site, 'public', open, { gatewayId: gateway.id });
  const nats = buildNats(unit, config, tiers, gateway);
  const nodes = config.zones.map((zone, index) => {
    const own = table(unit, config, vpc, `nodes_${zone}`, tiers.nodes.slice(index, index + 1));
    const nat = nats[index] ?? nats[0];
    if (nat !== undefined) route(unit, site, `nodes_${zone}`, own, { natGatewayId: nat.id });
    return own;
  });
  return [...nodes, table(unit, config, vpc, 'data', tiers.data)];
}

function buildNats(
  unit: Construct,
  { site, name, tags, zones, natPerZone }: AwsNetwork,
  tiers: Tiers,
  gateway: InternetGateway,
): readonly NatGateway[] {
  return zones.slice(0, natPerZone ? zones.length : 1).map((zone, index) => {
    const named = { ...buildTags('aws', tags, 'network'), Name: `${name}-${zone}` };
    const address = new Eip(unit, `nat_address_${zone}`, { ...providerOf(site), domain: 'vpc', tags: named });
    return new NatGateway(unit, `nat_${zone}`, {
      ...providerOf(site),
      allocationId: address.id,
      subnetId: tiers.open[index]?.id ?? '',
      tags: named,
      dependsOn: [gateway],
    });
  });
}

function table(unit: Construct, { site, name, tags }: AwsNetwork, vpc: Vpc, id: string, subnets: readonly Subnet[]) {
  const made = new RouteTable(unit, `routes_${id}`, {
    ...providerOf(site),
    vpcId: vpc.id,
    tags: { ...buildTags('aws', tags, 'network'), Name: `${name}-${id}` },
  });
  for (const subnet of subnets) {
    new RouteTableAssociation(unit, `routes_of_${subnet.node.id}`, {
      ...providerOf(site),
      routeTableId: made.id,
      subnetId: subnet.id,
    });
  }
  return made;
}

type Target = { readonly gatewayId: string } | { readonly natGatewayId: string };

function route(unit: Construct, site: AwsSite, id: string, { id: routeTableId }: RouteTable, target: Target): void {
  const destinationCidrBlock = ANYWHERE;
  new Route(unit, `default_${id}`, { ...providerOf(site), routeTableId, destinationCidrBlock, ...target });
}
