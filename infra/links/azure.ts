import { PrivateDnsZone } from '@cdktf/provider-azurerm/lib/private-dns-zone/index.js';
import { PrivateDnsZoneVirtualNetworkLink } from '@cdktf/provider-azurerm/lib/private-dns-zone-virtual-network-link/index.js';
import { PrivateEndpoint } from '@cdktf/provider-azurerm/lib/private-endpoint/index.js';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { Link, LinksConfig, LinksOutput } from './contract.js';

type AzureLinks = LinksConfig<AzureSite>;

/** Azure's names: the zone in which the private address is found, and the part of the resource that is opened. */
const KINDS: Readonly<Record<Link['kind'], { readonly zone: string; readonly part: string }>> = {
  Objects: { zone: 'privatelink.blob.core.windows.net', part: 'blob' },
  Keys: { zone: 'privatelink.vaultcore.azure.net', part: 'vault' },
  Images: { zone: 'privatelink.azurecr.io', part: 'registry' },
  Metrics: { zone: 'privatelink.monitor.azure.com', part: 'azuremonitor' },
};

/** `ready`: what must be there before whoever is linked says its names. */
export function buildAzureLinks(
  unit: Construct,
  config: AzureLinks,
  ready: readonly ITerraformDependable[] = [],
): LinksOutput {
  const kinds = [...new Set(config.links.map(({ kind }) => kind))];
  const zones = new Map(kinds.map((kind) => [kind, buildZone(unit, config, kind)]));
  for (const link of config.links) {
    const zone = zones.get(link.kind);
    if (zone !== undefined) buildEndpoint(unit, config, link, zone, ready);
  }
  return { own: config.links.map(({ name }) => name) };
}

interface Zone {
  readonly zone: PrivateDnsZone;
  readonly link: PrivateDnsZoneVirtualNetworkLink;
}

function buildZone(unit: Construct, { site, name, tags, network }: AzureLinks, kind: Link['kind']): Zone {
  const scope = new Construct(unit, kind.toLowerCase());
  const zone = new PrivateDnsZone(scope, 'zone', {
    name: KINDS[kind].zone,
    resourceGroupName: site.resourceGroup,
    tags: buildTags('azure', tags, 'network'),
  });
  const link = new PrivateDnsZoneVirtualNetworkLink(scope, 'zone_link', {
    name,
    resourceGroupName: site.resourceGroup,
    privateDnsZoneName: zone.name,
    virtualNetworkId: network.id,
    registrationEnabled: false,
    tags: buildTags('azure', tags, 'network'),
  });
  return { zone, link };
}

function buildEndpoint(
  unit: Construct,
  config: AzureLinks,
  { name, kind, id }: Link,
  { zone, link }: Zone,
  before: readonly ITerraformDependable[],
): void {
  const { site, tags, network } = config;
  const { subnets, ready } = network.endpoints;
  new PrivateEndpoint(unit, `to_${name}`, {
    name: `${config.name}-to-${name}`,
    resourceGroupName: site.resourceGroup,
    location: site.region,
    subnetId: subnets[0] ?? '',
    privateServiceConnection: {
      name,
      privateConnectionResourceId: id,
      subresourceNames: [KINDS[kind].part],
      isManualConnection: false,
    },
    privateDnsZoneGroup: { name: kind.toLowerCase(), privateDnsZoneIds: [zone.id] },
    tags: buildTags('azure', tags, 'network'),
    // The endpoint may stand before the name does, but then pods ask the public one.
    dependsOn: [link, ...ready, ...before],
  });
}
