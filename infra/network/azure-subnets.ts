import { NatGateway } from '@cdktf/provider-azurerm/lib/nat-gateway/index.js';
import { NatGatewayPublicIpAssociation } from '@cdktf/provider-azurerm/lib/nat-gateway-public-ip-association/index.js';
import { NetworkSecurityGroup } from '@cdktf/provider-azurerm/lib/network-security-group/index.js';
import { PublicIp } from '@cdktf/provider-azurerm/lib/public-ip/index.js';
import { Subnet } from '@cdktf/provider-azurerm/lib/subnet/index.js';
import { SubnetNatGatewayAssociation } from '@cdktf/provider-azurerm/lib/subnet-nat-gateway-association/index.js';
import { SubnetNetworkSecurityGroupAssociation } from '@cdktf/provider-azurerm/lib/subnet-network-security-group-association/index.js';
import type { VirtualNetwork } from '@cdktf/provider-azurerm/lib/virtual-network/index.js';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildRules, type Guarded } from './azure-rules.js';
import type { ResolvedNetwork } from './contract.js';

type AzureNetwork = ResolvedNetwork<AzureSite>;

export interface GuardedSubnet {
  readonly id: Subnet;
  /** Its rules: nothing may stand in it before them. */
  readonly ready: readonly ITerraformDependable[];
}

/** Who may put something into a subnet that belongs to a service. */
const DELEGATIONS: Readonly<Partial<Record<Guarded, string>>> = {
  postgres: 'Microsoft.DBforPostgreSQL/flexibleServers',
  reader: 'Microsoft.DBforPostgreSQL/flexibleServers',
  control_plane: 'Microsoft.ContainerService/managedClusters',
};

/** A subnet takes one NAT, so a NAT a zone means a subnet of nodes a zone. */
export function buildSubnets(unit: Construct, config: AzureNetwork, network: VirtualNetwork) {
  const groups = {
    nodes: buildGroup(unit, config, 'nodes'),
    postgres: buildGroup(unit, config, 'postgres'),
    reader: buildGroup(unit, config, 'reader'),
    endpoints: buildGroup(unit, config, 'endpoints'),
    control_plane: buildGroup(unit, config, 'control_plane'),
  };
  const subnet = (id: string, group: Guarded, cidr: string): GuardedSubnet => {
    const made = buildSubnet(unit, config, network, id, group, cidr);
    const networkSecurityGroupId = groups[group].id;
    const guard = { subnetId: made.id, networkSecurityGroupId };
    return { id: made, ready: [new SubnetNetworkSecurityGroupAssociation(unit, `group_of_${id}`, guard)] };
  };
  const nodes = config.zones.map((zone, index) => subnet(`nodes_${zone}`, 'nodes', config.nodeCidrs[index] ?? ''));
  buildNats(unit, config, nodes);
  return {
    nodes,
    controlPlane: subnet('control_plane', 'control_plane', config.controlPlaneCidr),
    postgres: subnet('postgres', 'postgres', config.dataCidrs[0]),
    reader: subnet('reader', 'reader', config.dataCidrs[1]),
    endpoints: subnet('endpoints', 'endpoints', config.endpointCidr),
  };
}

function buildGroup(unit: Construct, config: AzureNetwork, id: Guarded): NetworkSecurityGroup {
  const group = new NetworkSecurityGroup(unit, `group_${id}`, {
    name: `${config.name}-${id.replace('_', '-')}`,
    resourceGroupName: config.site.resourceGroup,
    location: config.site.region,
    tags: buildTags('azure', config.tags, 'network'),
  });
  buildRules(unit, config, id, group);
  return group;
}

function buildSubnet(
  unit: Construct,
  { site }: AzureNetwork,
  network: VirtualNetwork,
  id: string,
  group: Guarded,
  cidr: string,
): Subnet {
  const service = DELEGATIONS[group];
  return new Subnet(unit, `subnet_${id}`, {
    name: id.replace(/_/g, '-'),
    resourceGroupName: site.resourceGroup,
    virtualNetworkName: network.name,
    addressPrefixes: [cidr],
    // Azure gives every subnet a way out unless it is told not to.
    defaultOutboundAccessEnabled: false,
    // Rules hold for private endpoints as well.
    privateEndpointNetworkPolicies: 'Enabled',
    ...(service === undefined
      ? {}
      : {
          delegation: [
            {
              name: group.replace('_', '-'),
              serviceDelegation: { name: service, actions: ['Microsoft.Network/virtualNetworks/subnets/join/action'] },
            },
          ],
        }),
  });
}

function buildNats(unit: Construct, config: AzureNetwork, nodes: readonly GuardedSubnet[]): void {
  const { site, name, tags, zones, natPerZone } = config;
  const nats = zones.slice(0, natPerZone ? zones.length : 1).map((zone) => {
    const at = {
      name: `${name}-nat-${zone}`,
      resourceGroupName: site.resourceGroup,
      location: site.region,
      zones: [zone],
      tags: buildTags('azure', tags, 'network'),
    };
    const address = new PublicIp(unit, `nat_address_${zone}`, { ...at, sku: 'Standard', allocationMethod: 'Static' });
    const nat = new NatGateway(unit, `nat_${zone}`, { ...at, skuName: 'Standard' });
    new NatGatewayPublicIpAssociation(unit, `nat_uses_${zone}`, {
      natGatewayId: nat.id,
      publicIpAddressId: address.id,
    });
    return nat;
  });
  nodes.forEach(({ id: subnet }, index) => {
    const nat = nats[index] ?? nats[0];
    if (nat === undefined) return;
    const zone = zones[index] ?? '';
    new SubnetNatGatewayAssociation(unit, `nat_of_nodes_${zone}`, { subnetId: subnet.id, natGatewayId: nat.id });
  });
}
