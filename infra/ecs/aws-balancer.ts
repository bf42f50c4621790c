import { Lb } from '@cdktf/provider-aws/lib/lb/index.js';
import { LbListener } from '@cdktf/provider-aws/lib/lb-listener/index.js';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group/index.js';
import { VpcSecurityGroupEgressRule } from '@cdktf/provider-aws/lib/vpc-security-group-egress-rule/index.js';
import { VpcSecurityGroupIngressRule } from '@cdktf/provider-aws/lib/vpc-security-group-ingress-rule/index.js';
import type { Construct } from 'constructs';
import { providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { type EcsConfig, PORT } from './contract.js';

export interface Balancer {
  readonly host: string;
  readonly listener: LbListener;
}

/** Inside of the network, TLS 1.2 and 1.3; a name that is no tenant's gets nothing. */
export function buildBalancer(unit: Construct, config: EcsConfig): Balancer {
  const { site, name, tags, network, logsTo } = config;
  const tagged = { ...providerOf(site), tags: buildTags('aws', tags, 'ecs') };
  const balancer = new Lb(unit, 'balancer', {
    ...tagged,
    name: `${name}-ecs`,
    internal: true,
    loadBalancerType: 'application',
    subnets: [...network.nodeSubnets],
    securityGroups: [buildGroup(unit, config).id],
    accessLogs: { bucket: logsTo, prefix: `${name}-ecs`, enabled: true },
    dropInvalidHeaderFields: true,
    enableDeletionProtection: true,
  });
  const listener = new LbListener(unit, 'listener', {
    ...tagged,
    loadBalancerArn: balancer.arn,
    port: 443,
    protocol: 'HTTPS',
    sslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
    certificateArn: config.certificateArn,
    defaultAction: [
      {
        type: 'fixed-response',
        fixedResponse: { contentType: 'text/plain', messageBody: 'no such tenant', statusCode: '404' },
      },
    ],
  });
  return { host: balancer.dnsName, listener };
}

/** Tasks are in the group of nodes: they reach the same stores, and nothing else. */
function buildGroup(unit: Construct, { site, name, tags, network, cidr }: EcsConfig): SecurityGroup {
  const tagged = { ...providerOf(site), tags: buildTags('aws', tags, 'network') };
  const group = new SecurityGroup(unit, 'group', {
    ...tagged,
    name: `${name}-ecs-balancer`,
    description: 'load balancer of ECS',
    vpcId: network.id,
  });
  const tasks = network.nodeGroups[0] ?? '';
  const toTasks = { ...tagged, ipProtocol: 'tcp', fromPort: PORT, toPort: PORT, description: 'balancer to tasks' };
  new VpcSecurityGroupIngressRule(unit, 'network_in', {
    ...tagged,
    securityGroupId: group.id,
    cidrIpv4: cidr,
    ipProtocol: 'tcp',
    fromPort: 443,
    toPort: 443,
    description: 'the network to the balancer',
  });
  new VpcSecurityGroupEgressRule(unit, 'balancer_out', {
    ...toTasks,
    securityGroupId: group.id,
    referencedSecurityGroupId: tasks,
  });
  new VpcSecurityGroupIngressRule(unit, 'tasks_in', {
    ...toTasks,
    securityGroupId: tasks,
    referencedSecurityGroupId: group.id,
  });
  return group;
}
