import { EksNodeGroup } from '@cdktf/provider-aws/lib/eks-node-group/index.js';
import { LaunchTemplate } from '@cdktf/provider-aws/lib/launch-template/index.js';
import { Fn } from 'cdktf';
import type { Construct } from 'constructs';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags, type Tags } from '../support/tags.js';
import { type ClusterOutput, POOL_LABEL, type Pool } from './contract.js';

export interface AwsPool {
  readonly site: AwsSite;
  readonly tags: Tags;
  readonly cluster: ClusterOutput;
  /** The cluster's name, as a name: launch templates have theirs from it. */
  readonly owner: string;
  /** Of the pool; also its label. */
  readonly name: string;
  readonly pool: Pool;
  /** A pool over several subnets has the same number in each. */
  readonly subnets: readonly string[];
  readonly taints: Readonly<Record<string, string>>;
  /** What the label says. @default the name */
  readonly label?: string;
}

export function buildAwsPool(unit: Construct, config: AwsPool): EksNodeGroup {
  const { site, tags, cluster, name, pool, subnets, taints, label = name } = config;
  const template = buildTemplate(unit, config);
  const id = name.replace(/-/g, '_');
  return new EksNodeGroup(unit, `pool_${id}`, {
    ...providerOf(site),
    clusterName: cluster.name,
    nodeGroupName: name,
    nodeRoleArn: cluster.nodes.identity,
    subnetIds: [...subnets],
    version: cluster.version,
    // Read-only, no shell, no package manager, updated as a whole.
    amiType: 'BOTTLEROCKET_ARM_64',
    instanceTypes: [pool.instance],
    launchTemplate: { id: template.id, version: Fn.tostring(template.latestVersion) },
    scalingConfig: {
      minSize: pool.minPerZone * subnets.length,
      desiredSize: pool.minPerZone * subnets.length,
      maxSize: pool.maxPerZone * subnets.length,
    },
    updateConfig: { maxUnavailable: 1 },
    nodeRepairConfig: { enabled: true },
    labels: { [POOL_LABEL]: label },
    taint: Object.entries(taints).map(([key, value]) => ({ key, value, effect: 'NO_SCHEDULE' })),
    tags: buildTags('aws', tags, 'cluster'),
    dependsOn: [...cluster.nodes.ready],
    // The autoscaler's; Terraform would take it back at every apply.
    lifecycle: { ignoreChanges: ['scaling_config[0].desired_size'] },
  });
}

/** Bottlerocket has two disks, its own and that of images and logs: both under our key. */
function buildTemplate(unit: Construct, { site, tags, cluster, owner, name, pool }: AwsPool): LaunchTemplate {
  const disk = (deviceName: string, volumeSize: number) => ({
    deviceName,
    ebs: {
      encrypted: 'true',
      kmsKeyId: cluster.nodes.diskEncryption,
      volumeSize,
      volumeType: 'gp3',
      deleteOnTermination: 'true',
    },
  });
  const tagged = buildTags('aws', tags, 'cluster');
  return new LaunchTemplate(unit, `template_${name.replace(/-/g, '_')}`, {
    ...providerOf(site),
    name: `${owner}-${name}`,
    blockDeviceMappings: [disk('/dev/xvda', 4), disk('/dev/xvdb', pool.diskGb)],
    // Hop limit 1: no pod reaches the node's own identity.
    metadataOptions: { httpEndpoint: 'enabled', httpTokens: 'required', httpPutResponseHopLimit: 1 },
    monitoring: { enabled: true },
    vpcSecurityGroupIds: [...cluster.nodes.groups],
    tagSpecifications: ['instance', 'volume'].map((resourceType) => ({ resourceType, tags: tagged })),
    updateDefaultVersion: true,
    tags: tagged,
  });
}
