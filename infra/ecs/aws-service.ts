import { AppautoscalingPolicy } from '@cdktf/provider-aws/lib/appautoscaling-policy/index.js';
import { AppautoscalingTarget } from '@cdktf/provider-aws/lib/appautoscaling-target/index.js';
import type { EcsCluster } from '@cdktf/provider-aws/lib/ecs-cluster/index.js';
import { EcsService } from '@cdktf/provider-aws/lib/ecs-service/index.js';
import { EcsTaskDefinition } from '@cdktf/provider-aws/lib/ecs-task-definition/index.js';
import type { IamRole } from '@cdktf/provider-aws/lib/iam-role/index.js';
import { LbListenerRule } from '@cdktf/provider-aws/lib/lb-listener-rule/index.js';
import { LbTargetGroup } from '@cdktf/provider-aws/lib/lb-target-group/index.js';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import { providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { Balancer } from './aws-balancer.js';
import { type EcsConfig, HEALTH, PORT } from './contract.js';

interface Around {
  readonly cluster: EcsCluster;
  readonly ready: ITerraformDependable;
  readonly execution: IamRole;
  readonly role: IamRole;
  readonly balancer: Balancer;
  readonly logs: string;
}

/** As many as this at the most, and another one when seven tenths of what runs is used. */
const MOST = 10;
const BUSY_PERCENT = 70;

export function buildService(unit: Construct, config: EcsConfig, tenant: string, index: number, around: Around): void {
  const { site, tags, network, desiredCount } = config;
  const id = tenant.replace(/-/g, '_');
  const tagged = { ...providerOf(site), tags: buildTags('aws', tags, 'ecs') };
  const { targets, rule } = buildTargets(unit, config, tenant, index, around.balancer);
  const service = new EcsService(unit, `service_${id}`, {
    ...tagged,
    name: tenant,
    cluster: around.cluster.id,
    taskDefinition: buildTask(unit, config, tenant, around).arn,
    desiredCount,
    launchType: 'FARGATE',
    platformVersion: 'LATEST',
    enableExecuteCommand: false,
    propagateTags: 'SERVICE',
    networkConfiguration: {
      subnets: [...network.nodeSubnets],
      securityGroups: [...network.nodeGroups],
      assignPublicIp: false,
    },
    loadBalancer: [{ targetGroupArn: targets.arn, containerName: 'memory', containerPort: PORT }],
    deploymentCircuitBreaker: { enable: true, rollback: true },
    healthCheckGracePeriodSeconds: 60,
    dependsOn: [around.ready, rule],
    // The autoscaler's.
    lifecycle: { ignoreChanges: ['desired_count'] },
  });
  scale(unit, config, id, `service/${config.name}/${tenant}`, service);
}

function buildTask(unit: Construct, config: EcsConfig, tenant: string, around: Around): EcsTaskDefinition {
  const { site, name, tags, cpu, memory, image, secrets } = config;
  const secret = `arn:${site.partition}:secretsmanager:${site.region}:${site.accountId}:secret:${secrets}${tenant}`;
  return new EcsTaskDefinition(unit, `task_${tenant.replace(/-/g, '_')}`, {
    ...providerOf(site),
    family: `${name}-${tenant}`,
    // Strings, as the API has them.
    cpu: String(cpu),
    memory: String(memory),
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    runtimePlatform: { cpuArchitecture: 'ARM64', operatingSystemFamily: 'LINUX' },
    executionRoleArn: around.execution.arn,
    taskRoleArn: around.role.arn,
    containerDefinitions: JSON.stringify([
      {
        name: 'memory',
        image,
        command: ['node', 'dist/app/main.js', 'memory'],
        essential: true,
        readonlyRootFilesystem: true,
        user: '65532',
        portMappings: [{ containerPort: PORT, protocol: 'tcp' }],
        environment: [{ name: 'PORT', value: String(PORT) }],
        // The platform writes them; their values pass through no state and no definition.
        secrets: [{ name: 'DATABASE_URL', valueFrom: `${secret}/url` }],
        linuxParameters: { initProcessEnabled: true, capabilities: { drop: ['ALL'] } },
        logConfiguration: {
          logDriver: 'awslogs',
          options: { 'awslogs-group': around.logs, 'awslogs-region': site.region, 'awslogs-stream-prefix': tenant },
        },
      },
    ]),
    tags: buildTags('aws', tags, 'ecs'),
  });
}

function buildTargets(unit: Construct, config: EcsConfig, tenant: string, index: number, balancer: Balancer) {
  const { site, tags, network, baseDomain } = config;
  const id = tenant.replace(/-/g, '_');
  const tagged = { ...providerOf(site), tags: buildTags('aws', tags, 'ecs') };
  const targets = new LbTargetGroup(unit, `targets_${id}`, {
    ...tagged,
    name: `mem-${tenant}`.slice(0, 32),
    port: PORT,
    // A balancer verifies no certificate of its targets, so TLS from here would prove nothing; what it would hide does
    // not leave the node subnets, whose groups let nobody but the balancer reach the port.
    protocol: 'HTTP',
    targetType: 'ip',
    vpcId: network.id,
    deregistrationDelay: '30',
    healthCheck: { path: HEALTH, matcher: '200', interval: 15, healthyThreshold: 2, unhealthyThreshold: 3 },
  });
  const rule = new LbListenerRule(unit, `rule_${id}`, {
    ...tagged,
    listenerArn: balancer.listener.arn,
    priority: index + 1,
    condition: [{ hostHeader: { values: [`${tenant}.${baseDomain}`] } }],
    action: [{ type: 'forward', targetGroupArn: targets.arn }],
  });
  return { targets, rule };
}

function scale(
  unit: Construct,
  { site, desiredCount, tags }: EcsConfig,
  id: string,
  resourceId: string,
  service: EcsService,
): void {
  const what = { resourceId, scalableDimension: 'ecs:service:DesiredCount', serviceNamespace: 'ecs' };
  const target = new AppautoscalingTarget(unit, `scale_${id}`, {
    ...providerOf(site),
    ...what,
    minCapacity: desiredCount,
    maxCapacity: MOST,
    tags: buildTags('aws', tags, 'ecs'),
    dependsOn: [service],
  });
  new AppautoscalingPolicy(unit, `scale_${id}_by_use`, {
    ...providerOf(site),
    ...what,
    name: `${id}-by-use`,
    policyType: 'TargetTrackingScaling',
    targetTrackingScalingPolicyConfiguration: {
      predefinedMetricSpecification: { predefinedMetricType: 'ECSServiceAverageCPUUtilization' },
      targetValue: BUSY_PERCENT,
    },
    dependsOn: [target],
  });
}
