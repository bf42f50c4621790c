import { ComputeGlobalAddress } from '@cdktf/provider-google/lib/compute-global-address/index.js';
import type { ComputeNetwork } from '@cdktf/provider-google/lib/compute-network/index.js';
import { ComputeNetworkPeeringRoutesConfig } from '@cdktf/provider-google/lib/compute-network-peering-routes-config/index.js';
import type { ComputeSubnetwork } from '@cdktf/provider-google/lib/compute-subnetwork/index.js';
import { DnsManagedZone } from '@cdktf/provider-google/lib/dns-managed-zone/index.js';
import { DnsRecordSet } from '@cdktf/provider-google/lib/dns-record-set/index.js';
import { NetworkConnectivityServiceConnectionPolicy } from '@cdktf/provider-google/lib/network-connectivity-service-connection-policy/index.js';
import { ServiceNetworkingConnection } from '@cdktf/provider-google/lib/service-networking-connection/index.js';
import type { Construct } from 'constructs';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedNetwork } from './contract.js';

type GcpNetwork = ResolvedNetwork<GcpSite>;

/** How stores and Google's APIs are reached from inside: nothing here has a public address. */
export function buildPrivateAccess(
  unit: Construct,
  config: GcpNetwork,
  network: ComputeNetwork,
  data: ComputeSubnetwork,
) {
  buildApiNames(unit, config, network);
  return { databases: buildPeering(unit, config, network), caches: buildCaches(unit, config, network, data) };
}

/** Google's network of databases, with a range of ours in each region. */
function buildPeering(unit: Construct, config: GcpNetwork, network: ComputeNetwork): ServiceNetworkingConnection {
  const [, here, there] = config.dataCidrs;
  const connection = new ServiceNetworkingConnection(unit, 'peering', {
    network: network.id,
    service: 'servicenetworking.googleapis.com',
    reservedPeeringRanges: [
      buildRange(unit, config, network, 'databases', here),
      buildRange(unit, config, network, 'databases-replica', there),
    ],
    // Google refuses to end it while a database lives in it, and for days after.
    deletionPolicy: 'ABANDON',
  });
  if (config.biSourceCidrs.length > 0) {
    // Answers find their way back to reporting tools behind a VPN.
    new ComputeNetworkPeeringRoutesConfig(unit, 'peering_routes', {
      project: config.site.projectId,
      network: network.name,
      peering: connection.peering,
      exportCustomRoutes: true,
      importCustomRoutes: false,
    });
  }
  return connection;
}

function buildRange(unit: Construct, config: GcpNetwork, network: ComputeNetwork, id: string, cidr: string): string {
  const [address = '', length = ''] = cidr.split('/');
  return new ComputeGlobalAddress(unit, id.replace('-', '_'), {
    project: config.site.projectId,
    name: checkName('gcp', 'network', `${config.name}-${id}`),
    purpose: 'VPC_PEERING',
    addressType: 'INTERNAL',
    address,
    prefixLength: Number(length),
    network: network.id,
  }).name;
}

/** Memorystore makes its endpoints itself, in the subnet that this policy names and nowhere else. */
function buildCaches(
  unit: Construct,
  { site, name, tags }: GcpNetwork,
  network: ComputeNetwork,
  data: ComputeSubnetwork,
): NetworkConnectivityServiceConnectionPolicy {
  return new NetworkConnectivityServiceConnectionPolicy(unit, 'caches', {
    project: site.projectId,
    location: site.region,
    name: checkName('gcp', 'network', `${name}-redis`),
    serviceClass: 'gcp-memorystore',
    network: network.id,
    pscConfig: { subnetworks: [data.id] },
    labels: buildTags('gcp', tags, 'network'),
  });
}

/** APIs and images by the addresses that `GOOGLE_APIS` in the firewall lets through. */
function buildApiNames(unit: Construct, { site, name, tags }: GcpNetwork, network: ComputeNetwork): void {
  const project = site.projectId;
  const rrdatas = ['199.36.153.8', '199.36.153.9', '199.36.153.10', '199.36.153.11'];
  for (const [id, domain] of [
    ['apis', 'googleapis.com.'],
    ['images', 'pkg.dev.'],
  ] as const) {
    const host = id === 'apis' ? `private.${domain}` : domain;
    const zone = new DnsManagedZone(unit, `dns_${id}`, {
      project,
      name: checkName('gcp', 'network', `${name}-${id}`),
      dnsName: domain,
      visibility: 'private',
      privateVisibilityConfig: { networks: [{ networkUrl: network.id }] },
      labels: buildTags('gcp', tags, 'network'),
    });
    const record = { project, managedZone: zone.name, ttl: 300 };
    new DnsRecordSet(unit, `dns_${id}_host`, { ...record, name: host, type: 'A', rrdatas });
    new DnsRecordSet(unit, `dns_${id}_any`, { ...record, name: `*.${domain}`, type: 'CNAME', rrdatas: [host] });
  }
}
