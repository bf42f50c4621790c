import { EksAddon } from '@cdktf/provider-aws/lib/eks-addon/index.js';
import type { EksCluster } from '@cdktf/provider-aws/lib/eks-cluster/index.js';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { arnOf, buildAddonRole, letDriverUseDisks } from './aws-roles.js';
import type { ResolvedCluster } from './contract.js';

type AwsCluster = ResolvedCluster<AwsSite>;

interface Addon {
  readonly name: string;
  readonly settings?: object;
  /** Its service account and what Amazon says that it needs. */
  readonly account?: { readonly name: string; readonly managed: readonly string[] };
}

const NETWORK: Addon = {
  name: 'vpc-cni',
  settings: { enableNetworkPolicy: 'true', env: { ENABLE_PREFIX_DELEGATION: 'true' } },
  account: { name: 'aws-node', managed: ['AmazonEKS_CNI_Policy'] },
};
const VOLUMES: Addon = {
  name: 'aws-ebs-csi-driver',
  account: { name: 'ebs-csi-controller-sa', managed: ['AmazonEBSCSIDriverPolicy'] },
};

/** Without the first a node is never ready; the last wait for nodes to run on. */
const ADDONS: Readonly<Record<'first' | 'last', readonly Addon[]>> = {
  first: [NETWORK, { name: 'kube-proxy' }, { name: 'eks-pod-identity-agent' }],
  last: [{ name: 'coredns' }, VOLUMES],
};

export const buildAddons = (
  unit: Construct,
  config: AwsCluster,
  cluster: EksCluster,
  when: keyof typeof ADDONS,
  after: readonly ITerraformDependable[] = [],
): readonly EksAddon[] => ADDONS[when].map((addon) => buildAddon(unit, config, cluster, addon, after));

function buildAddon(
  unit: Construct,
  config: AwsCluster,
  cluster: EksCluster,
  { name, settings, account }: Addon,
  after: readonly ITerraformDependable[],
): EksAddon {
  const id = name.replace(/-/g, '_');
  const owner = account === undefined ? undefined : buildOwner(unit, config, name, account.managed);
  return new EksAddon(unit, `addon_${id}`, {
    ...providerOf(config.site),
    clusterName: cluster.name,
    addonName: name,
    resolveConflictsOnCreate: 'OVERWRITE',
    resolveConflictsOnUpdate: 'PRESERVE',
    ...(settings === undefined ? {} : { configurationValues: JSON.stringify(settings) }),
    ...(owner === undefined || account === undefined
      ? {}
      : { podIdentityAssociation: [{ serviceAccount: account.name, roleArn: owner.role.arn }] }),
    tags: buildTags('aws', config.tags, 'cluster'),
    dependsOn: [...(owner?.ready ?? []), ...after],
  });
}

function buildOwner(unit: Construct, config: AwsCluster, name: string, managed: readonly string[]) {
  const made = buildAddonRole(unit, config, name, managed, arnOf(config));
  if (name !== VOLUMES.name) return made;
  return { ...made, ready: [...made.ready, letDriverUseDisks(unit, config, made.role)] };
}
