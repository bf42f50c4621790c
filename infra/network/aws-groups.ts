import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group/index.js';
import type { Vpc } from '@cdktf/provider-aws/lib/vpc/index.js';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule/index.js';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule/index.js';
import type { Construct } from 'constructs';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { FLOWS, type Listener, PORTS, type ResolvedNetwork } from './contract.js';

type AwsNetwork = ResolvedNetwork<AwsSite>;

export type Groups = Readonly<Record<'nodes' | Listener, SecurityGroup>>;

const PURPOSES: Readonly<Record<keyof Groups, string>> = {
  nodes: 'nodes and their pods',
  postgres: 'primary databases',
  reader: 'read replicas',
  redis: 'caches',
  endpoints: 'private endpoints of AWS services',
};

/** Rules are resources of their own, never inline: the two forms undo each other. A group without rules lets nothing out. */
export function buildGroups(unit: Construct, config: AwsNetwork, vpc: Vpc): Groups {
  const group = (id: keyof Groups): SecurityGroup =>
    new SecurityGroup(unit, `group_${id}`, {
      ...providerOf(config.site),
      name: `${config.name}-${id}`,
      description: PURPOSES[id],
      vpcId: vpc.id,
      tags: { ...buildTags('aws', config.tags, 'network'), Name: `${config.name}-${id}` },
    });
  const groups: Groups = {
    nodes: group('nodes'),
    postgres: group('postgres'),
    reader: group('reader'),
    redis: group('redis'),
    endpoints: group('endpoints'),
  };
  for (const { from, to } of FLOWS) {
    if (from === 'nodes') connect(unit, config, groups, to);
    else letReportsIn(unit, config, groups, to);
  }
  joinNodes(unit, config, groups);
  letOut(unit, config, groups);
  return groups;
}

const tcp = (port: number) => ({ ipProtocol: 'tcp', fromPort: port, toPort: port });

function connect(unit: Construct, { site, tags }: AwsNetwork, { nodes, ...groups }: Groups, to: Listener): void {
  const port = tcp(PORTS.aws[to]);
  const tagged = { ...providerOf(site), ...port, tags: buildTags('aws', tags, 'network') };
  new VpcSecurityGroupIngressRule(unit, `nodes_into_${to}`, {
    ...tagged,
    securityGroupId: groups[to].id,
    referencedSecurityGroupId: nodes.id,
    description: `nodes to ${PURPOSES[to]}`,
  });
  new VpcSecurityGroupEgressRule(unit, `nodes_out_to_${to}`, {
    ...tagged,
    securityGroupId: nodes.id,
    referencedSecurityGroupId: groups[to].id,
    description: `nodes to ${PURPOSES[to]}`,
  });
}

function letReportsIn(unit: Construct, { site, tags, biSourceCidrs }: AwsNetwork, groups: Groups, to: Listener): void {
  for (const cidrIpv4 of biSourceCidrs) {
    new VpcSecurityGroupIngressRule(unit, `bi_into_${to}_${cidrIpv4.replace(/\W/g, '-')}`, {
      ...providerOf(site),
      ...tcp(PORTS.aws[to]),
      securityGroupId: groups[to].id,
      cidrIpv4,
      description: `reports to ${PURPOSES[to]}`,
      tags: buildTags('aws', tags, 'network'),
    });
  }
}

function joinNodes(unit: Construct, { site, tags }: AwsNetwork, { nodes }: Groups): void {
  const among = {
    ...providerOf(site),
    ipProtocol: '-1',
    securityGroupId: nodes.id,
    referencedSecurityGroupId: nodes.id,
    description: 'nodes among themselves; network policies divide the pods',
    tags: buildTags('aws', tags, 'network'),
  };
  new VpcSecurityGroupIngressRule(unit, 'nodes_into_nodes', among);
  new VpcSecurityGroupEgressRule(unit, 'nodes_out_to_nodes', among);
}

function letOut(unit: Construct, { site, tags, egress }: AwsNetwork, { nodes }: Groups): void {
  for (const { name, cidr: cidrIpv4, ports } of egress) {
    for (const port of ports) {
      new VpcSecurityGroupEgressRule(unit, `nodes_out_to_${name}_${port}`, {
        ...providerOf(site),
        ...tcp(port),
        securityGroupId: nodes.id,
        cidrIpv4,
        description: `nodes to ${name}`,
        tags: buildTags('aws', tags, 'network'),
      });
    }
  }
}
