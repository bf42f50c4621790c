import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { EbsDefaultKmsKey } from '@cdktf/provider-aws/lib/ebs-default-kms-key/index.js';
import { EbsEncryptionByDefault } from '@cdktf/provider-aws/lib/ebs-encryption-by-default/index.js';
import { EksCluster } from '@cdktf/provider-aws/lib/eks-cluster/index.js';
import { IamOpenidConnectProvider } from '@cdktf/provider-aws/lib/iam-openid-connect-provider/index.js';
import { Fn, TerraformLocal } from 'cdktf';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { admitPeople, buildControlPlaneGroup } from './aws-access.js';
import { buildAddons } from './aws-addons.js';
import { buildAwsPool } from './aws-pool.js';
import { arnOf, buildClusterRole, buildNodeRole } from './aws-roles.js';
import type { ClusterOutput, NodeBase, ResolvedCluster } from './contract.js';

type AwsCluster = ResolvedCluster<AwsSite>;

export function buildAwsCluster(unit: Construct, config: AwsCluster): ClusterOutput {
  const { site, tags, diskKey } = config;
  const cluster = buildControlPlane(unit, config);
  encryptDisksByDefault(unit, config);
  admitPeople(unit, config, cluster);
  const issuer = cluster.identity.get(0).oidc.get(0).issuer;
  const provider = buildIssuer(unit, config, issuer);
  const nodes: NodeBase = {
    identity: buildNodeRole(unit, config).arn,
    groups: config.network.nodeGroups,
    diskEncryption: diskKey.id,
    ready: buildAddons(unit, config, cluster, 'first'),
  };
  const output = {
    name: cluster.name,
    endpoint: cluster.endpoint,
    issuer,
    id: arnOf(config),
    federation: provider.arn,
    // A local, because the conditions of a trust name it in their keys, where a function cannot stand.
    issuerHost: new TerraformLocal(unit, 'issuer_host', Fn.trimprefix(issuer, 'https://')).asString,
    version: config.version,
    nodes,
    address: addressOf(cluster),
  };
  const subnets = config.network.nodeSubnets;
  const pools = (['system', 'services'] as const).map((name) =>
    buildAwsPool(unit, {
      ...{ site, tags, subnets, name, cluster: output, owner: config.name },
      pool: config.pools[name],
      taints: {},
    }),
  );
  buildAddons(unit, config, cluster, 'last', pools);
  return output;
}

/** Thumbprints are not asked for: Amazon vouches for its own issuer. */
const buildIssuer = (unit: Construct, { site, tags }: AwsCluster, url: string): IamOpenidConnectProvider =>
  new IamOpenidConnectProvider(unit, 'issuer', {
    ...providerOf(site),
    url,
    clientIdList: ['sts.amazonaws.com'],
    tags: buildTags('aws', tags, 'cluster'),
  });

/** Of the whole account in this region: also of a volume whose storage class somebody forgot. */
function encryptDisksByDefault(unit: Construct, { site, diskKey }: AwsCluster): void {
  const on = new EbsEncryptionByDefault(unit, 'disks_encrypted', { ...providerOf(site), enabled: true });
  new EbsDefaultKmsKey(unit, 'disks_key', { ...providerOf(site), keyArn: diskKey.id, dependsOn: [on] });
}

function buildControlPlane(unit: Construct, config: AwsCluster): EksCluster {
  const { site, name, tags, network, key } = config;
  const { role, ready } = buildClusterRole(unit, config);
  const logs = new CloudwatchLogGroup(unit, 'logs', {
    ...providerOf(site),
    // Under the name that EKS writes to; made first, else EKS makes it without a key and for ever.
    name: `/aws/eks/${name}/cluster`,
    kmsKeyId: config.logKey.id,
    retentionInDays: config.logDays,
    tags: buildTags('aws', tags, 'ops'),
  });
  const cluster = new EksCluster(unit, 'cluster', {
    ...providerOf(site),
    name: checkName('aws', 'cluster', name),
    version: config.version,
    roleArn: role.arn,
    bootstrapSelfManagedAddons: false,
    // Whoever creates it gets nothing by that: access is what the entries say.
    accessConfig: { authenticationMode: 'API', bootstrapClusterCreatorAdminPermissions: false },
    encryptionConfig: { provider: { keyArn: key.id }, resources: ['secrets'] },
    enabledClusterLogTypes: ['api', 'audit', 'authenticator', 'controllerManager', 'scheduler'],
    vpcConfig: {
      subnetIds: [...network.nodeSubnets],
      securityGroupIds: [buildControlPlaneGroup(unit, config).id],
      endpointPrivateAccess: true,
      endpointPublicAccess: config.publicEndpoint,
      ...(config.publicEndpoint ? { publicAccessCidrs: [...config.apiSourceCidrs] } : {}),
    },
    kubernetesNetworkConfig: { serviceIpv4Cidr: config.serviceCidr, ipFamily: 'ipv4' },
    upgradePolicy: { supportType: 'STANDARD' },
    zonalShiftConfig: { enabled: true },
    tags: buildTags('aws', tags, 'cluster'),
    dependsOn: [logs, ...ready],
    lifecycle: GUARDED,
  });
  cluster.overrideLogicalId('eks');
  return cluster;
}
