import { ComputeNetwork } from '@cdktf/provider-google/lib/compute-network/index.js';
import { ComputeRouter } from '@cdktf/provider-google/lib/compute-router/index.js';
import { ComputeRouterNat } from '@cdktf/provider-google/lib/compute-router-nat/index.js';
import {
  ComputeSubnetwork,
  type ComputeSubnetworkConfig,
} from '@cdktf/provider-google/lib/compute-subnetwork/index.js';
import type { Construct } from 'constructs';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import type { NetworkOutput, ResolvedNetwork } from './contract.js';
import { buildFirewall } from './gcp-firewall.js';
import { buildFlowLogs } from './gcp-flow-logs.js';
import { buildPrivateAccess } from './gcp-private-access.js';

type GcpNetwork = ResolvedNetwork<GcpSite>;

/** Subnets span the zones of a region, so there is one for nodes and one for the endpoints of stores. */
export function buildGcpNetwork(unit: Construct, config: GcpNetwork): NetworkOutput {
  const { site, name } = config;
  const network = new ComputeNetwork(unit, 'network', {
    project: site.projectId,
    name: checkName('gcp', 'network', name),
    autoCreateSubnetworks: false,
    routingMode: 'REGIONAL',
  });
  const nodes = buildSubnet(unit, config, network, 'nodes', {
    ipCidrRange: config.nodeCidrs[0],
    secondaryIpRange: [
      { rangeName: 'pods', ipCidrRange: config.podCidr },
      { rangeName: 'services', ipCidrRange: config.serviceCidr },
    ],
  });
  const data = buildSubnet(unit, config, network, 'data', { ipCidrRange: config.dataCidrs[0] });
  buildNat(unit, config, network, nodes);
  buildFirewall(unit, config, network);
  buildFlowLogs(unit, config);
  const { databases, caches } = buildPrivateAccess(unit, config, network, data);
  const near = { groups: [], dnsZone: undefined };
  return {
    id: network.id,
    nodeSubnets: [nodes.id],
    nodeGroups: [],
    controlPlane: config.controlPlaneCidr,
    stores: {
      postgres: { ...near, subnets: [], ready: [databases] },
      reader: { ...near, subnets: [], ready: [databases] },
      redis: { ...near, subnets: [data.id], ready: [caches] },
      queue: { ...near, subnets: [], ready: [] },
    },
    endpoints: { groups: [], subnets: [data.id], ready: [] },
  };
}

function buildSubnet(
  unit: Construct,
  { site, name }: GcpNetwork,
  network: ComputeNetwork,
  tier: 'nodes' | 'data',
  ranges: Pick<ComputeSubnetworkConfig, 'ipCidrRange' | 'secondaryIpRange'>,
): ComputeSubnetwork {
  return new ComputeSubnetwork(unit, tier, {
    project: site.projectId,
    region: site.region,
    name: checkName('gcp', 'network', `${name}-${tier}`),
    network: network.id,
    ...ranges,
    // Google's own services without an address of their own.
    privateIpGoogleAccess: true,
    logConfig: { aggregationInterval: 'INTERVAL_5_SEC', flowSampling: 1, metadata: 'INCLUDE_ALL_METADATA' },
  });
}

/** Regional by nature: it survives the loss of a zone, so there is none a zone. */
function buildNat(unit: Construct, config: GcpNetwork, network: ComputeNetwork, nodes: ComputeSubnetwork): void {
  const { projectId: project, region } = config.site;
  const name = checkName('gcp', 'network', `${config.name}-nat`);
  const router = new ComputeRouter(unit, 'router', { project, region, name, network: network.id });
  new ComputeRouterNat(unit, 'nat', {
    project,
    region,
    name,
    router: router.name,
    natIpAllocateOption: 'AUTO_ONLY',
    sourceSubnetworkIpRangesToNat: 'LIST_OF_SUBNETWORKS',
    subnetwork: [{ name: nodes.id, sourceIpRangesToNat: ['ALL_IP_RANGES'] }],
    logConfig: { enable: true, filter: 'ERRORS_ONLY' },
  });
}
