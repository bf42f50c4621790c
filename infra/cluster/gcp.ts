import { ContainerCluster, type ContainerClusterConfig } from '@cdktf/provider-google/lib/container-cluster/index.js';
import type { ServiceAccount } from '@cdktf/provider-google/lib/service-account/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { groupsOf } from '../support/agents.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ClusterOutput, ResolvedCluster } from './contract.js';
import { buildAdmission, buildNodeAccount } from './gcp-nodes.js';
import { buildGcpPool, nodeConfig } from './gcp-pool.js';

export type GcpCluster = ResolvedCluster<GcpSite>;

export function buildGcpCluster(unit: Construct, config: GcpCluster): ClusterOutput {
  const { site, name, zones, diskKey } = config;
  const { account, ready } = buildNodeAccount(unit, config);
  const cluster = buildControlPlane(unit, config, account);
  buildAdmission(unit, config);
  const path = `projects/${site.projectId}/locations/${site.region}/clusters/${name}`;
  const output: ClusterOutput = {
    name: cluster.name,
    endpoint: `https://${cluster.endpoint}`,
    // Derived, as Google documents it: no attribute has it.
    issuer: `https://container.googleapis.com/v1/${path}`,
    id: cluster.id,
    federation: `${site.projectId}.svc.id.goog`,
    issuerHost: '',
    version: config.version,
    nodes: { identity: account.email, groups: [], diskEncryption: diskKey.id, ready: [...ready, ...diskKey.ready] },
    address: addressOf(cluster),
  };
  for (const pool of ['system', 'services'] as const) {
    buildGcpPool(unit, {
      site,
      zones,
      tags: config.tags,
      cluster: output,
      name: pool,
      pool: config.pools[pool],
      taints: {},
    });
  }
  return output;
}

function buildControlPlane(unit: Construct, config: GcpCluster, account: ServiceAccount): ContainerCluster {
  const { site, name, tags, network, zones } = config;
  const cluster = new ContainerCluster(unit, 'cluster', {
    project: site.projectId,
    location: site.region,
    nodeLocations: [...zones],
    name: checkName('gcp', 'cluster', name),
    minMasterVersion: config.version,
    releaseChannel: { channel: 'REGULAR' },
    network: network.id,
    subnetwork: network.nodeSubnets[0] ?? '',
    networkingMode: 'VPC_NATIVE',
    ipAllocationPolicy: { clusterSecondaryRangeName: 'pods', servicesSecondaryRangeName: 'services' },
    // Google makes a pool before it can be told not to: for those minutes it is like ours, with our account.
    removeDefaultNodePool: true,
    initialNodeCount: 1,
    nodeConfig: nodeConfig(config.pools.system, config.diskKey.id, account.email, {}, 'system', {}),
    databaseEncryption: { state: 'ENCRYPTED', keyName: config.key.id },
    ...access(config),
    ...hardening(site),
    // Roles of Kubernetes can name people's groups; Google fixes the name of the group that holds those groups.
    authenticatorGroupsConfig: { securityGroup: groupsOf(site) },
    ...watching(config),
    gatewayApiConfig: { channel: 'CHANNEL_STANDARD' },
    secretManagerConfig: { enabled: true },
    maintenancePolicy: { dailyMaintenanceWindow: { startTime: '03:00' } },
    deletionProtection: true,
    resourceLabels: buildTags('gcp', tags, 'cluster'),
    dependsOn: [...config.key.ready, ...config.diskKey.ready],
    // Of the pool that is gone: any change of it would replace the cluster.
    lifecycle: { ...GUARDED, ignoreChanges: ['node_config'] },
  });
  cluster.overrideLogicalId('gke');
  return cluster;
}

/** Nobody's address answers but inside; whoever is let in from outside is named. */
function access({ network, publicEndpoint, apiSourceCidrs }: GcpCluster): Partial<ContainerClusterConfig> {
  const cidrBlocks = apiSourceCidrs.map((cidrBlock) => ({ cidrBlock }));
  return {
    privateClusterConfig: {
      enablePrivateNodes: true,
      enablePrivateEndpoint: !publicEndpoint,
      masterIpv4CidrBlock: network.controlPlane,
    },
    masterAuthorizedNetworksConfig: { gcpPublicCidrsAccessEnabled: false, cidrBlocks },
    controlPlaneEndpointsConfig: { dnsEndpointConfig: { allowExternalTraffic: false } },
    masterAuth: { clientCertificateConfig: { issueClientCertificate: false } },
  };
}

const watching = ({ managedMetrics }: GcpCluster): Partial<ContainerClusterConfig> => ({
  loggingConfig: {
    enableComponents: ['SYSTEM_COMPONENTS', 'WORKLOADS', 'APISERVER', 'CONTROLLER_MANAGER', 'SCHEDULER'],
  },
  monitoringConfig: {
    enableComponents: ['SYSTEM_COMPONENTS', 'APISERVER', 'STORAGE'],
    managedPrometheus: { enabled: managedMetrics },
  },
});

const hardening = (site: GcpSite): Partial<ContainerClusterConfig> => ({
  workloadIdentityConfig: { workloadPool: `${site.projectId}.svc.id.goog` },
  datapathProvider: 'ADVANCED_DATAPATH',
  enableIntranodeVisibility: true,
  enableShieldedNodes: true,
  enableLegacyAbac: false,
  binaryAuthorization: { evaluationMode: 'PROJECT_SINGLETON_POLICY_ENFORCE' },
  securityPostureConfig: { mode: 'BASIC', vulnerabilityMode: 'VULNERABILITY_BASIC' },
  // Nobody binds a role to everybody, authenticated or not.
  rbacBindingConfig: {
    enableInsecureBindingSystemAuthenticated: false,
    enableInsecureBindingSystemUnauthenticated: false,
  },
});
