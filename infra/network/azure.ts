import { NetworkWatcherFlowLog } from '@cdktf/provider-azurerm/lib/network-watcher-flow-log/index.js';
import { PrivateDnsZone } from '@cdktf/provider-azurerm/lib/private-dns-zone/index.js';
import { PrivateDnsZoneVirtualNetworkLink } from '@cdktf/provider-azurerm/lib/private-dns-zone-virtual-network-link/index.js';
import { VirtualNetwork } from '@cdktf/provider-azurerm/lib/virtual-network/index.js';
import type { Construct } from 'constructs';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildSubnets, type GuardedSubnet } from './azure-subnets.js';
import type { NetworkOutput, ResolvedNetwork, StoreAccess } from './contract.js';

type AzureNetwork = ResolvedNetwork<AzureSite>;

export function buildAzureNetwork(unit: Construct, config: AzureNetwork): NetworkOutput {
  const network = new VirtualNetwork(unit, 'network', {
    name: config.name,
    resourceGroupName: config.site.resourceGroup,
    location: config.site.region,
    addressSpace: [config.cidr],
    tags: buildTags('azure', config.tags, 'network'),
  });
  const subnets = buildSubnets(unit, config, network);
  const postgres = buildZone(unit, config, network, 'postgres', `${config.name}.private.postgres.database.azure.com`);
  const redis = buildZone(unit, config, network, 'redis', 'privatelink.redis.azure.net');
  const queue = buildZone(unit, config, network, 'queue', 'privatelink.servicebus.windows.net');
  buildFlowLog(unit, config, network);
  const endpoint = ({ zone, link }: Zone): StoreAccess => ({
    subnets: [subnets.endpoints.id.id],
    groups: [],
    dnsZone: zone.id,
    ready: [link, ...subnets.endpoints.ready],
  });
  const databases = (subnet: GuardedSubnet): StoreAccess => ({
    subnets: [subnet.id.id],
    groups: [],
    dnsZone: postgres.zone.id,
    ready: [postgres.link, ...subnet.ready],
  });
  return {
    id: network.id,
    nodeSubnets: subnets.nodes.map(({ id }) => id.id),
    nodeGroups: [],
    controlPlane: subnets.controlPlane.id.id,
    stores: {
      postgres: databases(subnets.postgres),
      reader: databases(subnets.reader),
      redis: endpoint(redis),
      queue: endpoint(queue),
    },
    endpoints: { subnets: [subnets.endpoints.id.id], groups: [], ready: subnets.endpoints.ready },
  };
}

interface Zone {
  readonly zone: PrivateDnsZone;
  readonly link: PrivateDnsZoneVirtualNetworkLink;
}

function buildZone(unit: Construct, config: AzureNetwork, network: VirtualNetwork, id: string, name: string): Zone {
  const { site, tags } = config;
  const zone = new PrivateDnsZone(unit, `dns_${id}`, {
    name,
    resourceGroupName: site.resourceGroup,
    tags: buildTags('azure', tags, 'network'),
  });
  const link = new PrivateDnsZoneVirtualNetworkLink(unit, `dns_${id}_link`, {
    name: config.name,
    resourceGroupName: site.resourceGroup,
    privateDnsZoneName: zone.name,
    virtualNetworkId: network.id,
    registrationEnabled: false,
    tags: buildTags('azure', tags, 'network'),
  });
  return { zone, link };
}

/** The longest that Azure itself counts; longer ends with the storage account's own lifecycle. */
const LONGEST = 365;

function buildFlowLog(unit: Construct, config: AzureNetwork, network: VirtualNetwork): void {
  const { site, name, tags, flowLogsTo = '', flowLogDays } = config;
  const counted = flowLogDays <= LONGEST;
  new NetworkWatcherFlowLog(unit, 'flow_log', {
    name: `${name}-flows`,
    // Azure makes one a region, under these names.
    networkWatcherName: `NetworkWatcher_${site.region}`,
    resourceGroupName: 'NetworkWatcherRG',
    location: site.region,
    targetResourceId: network.id,
    storageAccountId: flowLogsTo,
    enabled: true,
    version: 2,
    retentionPolicy: { enabled: counted, days: counted ? flowLogDays : 0 },
    tags: buildTags('azure', tags, 'ops'),
  });
}
