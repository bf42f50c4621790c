import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { EcsCluster } from '@cdktf/provider-aws/lib/ecs-cluster/index.js';
import { EcsClusterCapacityProviders } from '@cdktf/provider-aws/lib/ecs-cluster-capacity-providers/index.js';
import type { Construct } from 'constructs';
import { providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildBalancer } from './aws-balancer.js';
import { buildExecutionRole, buildTaskRole } from './aws-roles.js';
import { buildService } from './aws-service.js';
import type { EcsConfig, EcsOutput } from './contract.js';

export function buildAwsEcs(unit: Construct, config: EcsConfig): EcsOutput {
  const { site, name, tags, key, logDays, tenants } = config;
  const cluster = new EcsCluster(unit, 'cluster', {
    ...providerOf(site),
    name,
    setting: [{ name: 'containerInsights', value: 'enhanced' }],
    tags: buildTags('aws', tags, 'ecs'),
  });
  const ready = new EcsClusterCapacityProviders(unit, 'capacity', {
    ...providerOf(site),
    clusterName: cluster.name,
    capacityProviders: ['FARGATE'],
    defaultCapacityProviderStrategy: [{ capacityProvider: 'FARGATE', weight: 1 }],
  });
  const logs = new CloudwatchLogGroup(unit, 'logs', {
    ...providerOf(site),
    name: `/memplane/${name}/ecs`,
    kmsKeyId: key.id,
    retentionInDays: logDays,
    tags: buildTags('aws', tags, 'ops'),
  });
  const execution = buildExecutionRole(unit, config, logs.arn);
  const balancer = buildBalancer(unit, config);
  const roles = tenants.map((tenant, index) => {
    const role = buildTaskRole(unit, config, tenant);
    const around = { cluster, ready, execution, balancer, logs: logs.name, role };
    buildService(unit, config, tenant, index, around);
    return [tenant, role.arn] as const;
  });
  return { host: balancer.host, roles: Object.fromEntries(roles) };
}
