import { EksAccessEntry } from '@cdktf/provider-aws/lib/eks-access-entry/index.js';
import { EksAccessPolicyAssociation } from '@cdktf/provider-aws/lib/eks-access-policy-association/index.js';
import type { EksCluster } from '@cdktf/provider-aws/lib/eks-cluster/index.js';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group/index.js';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule/index.js';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule/index.js';
import type { Construct } from 'constructs';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { ResolvedCluster } from './contract.js';

type AwsCluster = ResolvedCluster<AwsSite>;

interface Way {
  readonly from: 'nodes' | 'control_plane';
  readonly ports: readonly [number, number];
  readonly because: string;
}

/** Webhooks and metrics listen where their authors chose, above 1024. */
const WAYS: readonly Way[] = [
  { from: 'nodes', ports: [443, 443], because: 'nodes to the API server' },
  { from: 'control_plane', ports: [443, 443], because: 'API server to webhooks' },
  { from: 'control_plane', ports: [1025, 65_535], because: 'API server to kubelets, webhooks and metrics' },
];

/**
 * A group of our own on both sides. Nodes are not in the one that EKS makes: it lets everything out to anywhere, and
 * no resource of Terraform's takes that rule away.
 */
export function buildControlPlaneGroup(unit: Construct, config: AwsCluster): SecurityGroup {
  const { site, name, tags, network } = config;
  const group = new SecurityGroup(unit, 'group', {
    ...providerOf(site),
    name: `${name}-control-plane`,
    description: 'API server of Kubernetes',
    vpcId: network.id,
    tags: { ...buildTags('aws', tags, 'network'), Name: `${name}-control-plane` },
  });
  const ends = { nodes: network.nodeGroups[0] ?? '', control_plane: group.id };
  WAYS.forEach(({ from, ports: [fromPort, toPort], because }, index) => {
    const to = from === 'nodes' ? 'control_plane' : 'nodes';
    const rule = { ...providerOf(site), ipProtocol: 'tcp', fromPort, toPort, description: because };
    const tagged = { ...rule, tags: buildTags('aws', tags, 'network') };
    new VpcSecurityGroupIngressRule(unit, `way_${index + 1}_in`, {
      ...tagged,
      securityGroupId: ends[to],
      referencedSecurityGroupId: ends[from],
    });
    new VpcSecurityGroupEgressRule(unit, `way_${index + 1}_out`, {
      ...tagged,
      securityGroupId: ends[from],
      referencedSecurityGroupId: ends[to],
    });
  });
  return group;
}

/** `deploy` applies the charts; break-glass repairs; compliance looks, and sees no Secret. */
export function admitPeople(unit: Construct, { site, tags }: AwsCluster, cluster: EksCluster): void {
  const { deploy, breakGlass, compliance } = site.principals;
  const people = {
    deploy: { principalArn: deploy, policy: 'AmazonEKSClusterAdminPolicy' },
    break_glass: { principalArn: breakGlass, policy: 'AmazonEKSClusterAdminPolicy' },
    compliance: { principalArn: compliance, policy: 'AmazonEKSViewPolicy' },
  };
  for (const [id, { principalArn, policy }] of Object.entries(people)) {
    const at = { ...providerOf(site), clusterName: cluster.name, principalArn };
    const entry = new EksAccessEntry(unit, `access_${id}`, { ...at, tags: buildTags('aws', tags, 'cluster') });
    new EksAccessPolicyAssociation(unit, `rights_${id}`, {
      ...at,
      policyArn: `arn:${site.partition}:eks::aws:cluster-access-policy/${policy}`,
      accessScope: { type: 'cluster' },
      dependsOn: [entry],
    });
  }
}
