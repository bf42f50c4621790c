import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group/index.js';
import { ElasticacheParameterGroup } from '@cdktf/provider-aws/lib/elasticache-parameter-group/index.js';
import {
  ElasticacheReplicationGroup,
  type ElasticacheReplicationGroupConfig,
  type ElasticacheReplicationGroupLogDeliveryConfiguration,
} from '@cdktf/provider-aws/lib/elasticache-replication-group/index.js';
import { ElasticacheSubnetGroup } from '@cdktf/provider-aws/lib/elasticache-subnet-group/index.js';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import { type AwsSite, providerOf } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import { buildUsers } from './aws-users.js';
import type { RedisOutput, ResolvedRedis } from './contract.js';

type AwsRedis = ResolvedRedis<AwsSite>;

const PORT = 6379;

export function buildAwsRedis(unit: Construct, config: AwsRedis): RedisOutput {
  const { site, tags, network, name } = config;
  const { service, group } = buildUsers(unit, config);
  const redis = new ElasticacheReplicationGroup(unit, 'group', {
    ...providerOf(site),
    replicationGroupId: checkName('aws', 'redis', name),
    description: 'memplane: cache and locks',
    engine: 'redis',
    engineVersion: '7.1',
    nodeType: config.instance,
    port: PORT,
    // One shard and its copies: what the service keeps here fits a machine.
    numNodeGroups: 1,
    replicasPerNodeGroup: config.replicas,
    automaticFailoverEnabled: true,
    multiAzEnabled: true,
    subnetGroupName: buildSubnets(unit, config),
    securityGroupIds: [...network.stores.redis.groups],
    parameterGroupName: buildParameters(unit, config),
    ...encryption(config),
    userGroupIds: [group.userGroupId],
    ...upkeep(config),
    logDeliveryConfiguration: buildLogs(unit, config),
    tags: buildTags('aws', tags, 'data'),
    lifecycle: GUARDED,
  });
  redis.overrideLogicalId(unit.node.id);
  return {
    host: redis.primaryEndpointAddress,
    port: PORT,
    auth: 'iam',
    user: service.userName,
    // Amazon's own, which every system trusts.
    ca: 'public',
    grantOn: `${arn(config, `replicationgroup:${name}`)} ${arn(config, `user:${name}-service`)}`,
    address: addressOf(redis),
  };
}

const arn = ({ site }: AwsRedis, what: string): string =>
  `arn:${site.partition}:elasticache:${site.region}:${site.accountId}:${what}`;

type Settings = Partial<ElasticacheReplicationGroupConfig>;

/** Strings where the provider tells "not said" from "no". */
const encryption = ({ key }: AwsRedis): Settings => ({
  atRestEncryptionEnabled: 'true',
  kmsKeyId: key.id,
  transitEncryptionEnabled: true,
  // `preferred` would let plain text in.
  transitEncryptionMode: 'required',
});

const upkeep = ({ name, snapshotDays }: AwsRedis): Settings => ({
  snapshotRetentionLimit: snapshotDays,
  snapshotWindow: '01:00-02:00',
  maintenanceWindow: 'sun:03:00-sun:04:00',
  finalSnapshotIdentifier: `${name}-final`,
  autoMinorVersionUpgrade: 'true',
  applyImmediately: false,
});

function buildSubnets(unit: Construct, { site, name, tags, network }: AwsRedis): string {
  return new ElasticacheSubnetGroup(unit, 'subnets', {
    ...providerOf(site),
    name,
    description: 'memplane: data',
    subnetIds: [...network.stores.redis.subnets],
    tags: buildTags('aws', tags, 'data'),
  }).name;
}

function buildParameters(unit: Construct, { site, name, tags }: AwsRedis): string {
  return new ElasticacheParameterGroup(unit, 'parameters', {
    ...providerOf(site),
    name,
    family: 'redis7',
    description: 'memplane',
    // Locks and counters without an expiry are never evicted; a full cache refuses writes instead.
    parameter: [{ name: 'maxmemory-policy', value: 'volatile-lru' }],
    tags: buildTags('aws', tags, 'data'),
  }).name;
}

function buildLogs(
  unit: Construct,
  { site, name, tags, logKey, logDays }: AwsRedis,
): ElasticacheReplicationGroupLogDeliveryConfiguration[] {
  return ['slow-log', 'engine-log'].map((logType) => {
    const group = new CloudwatchLogGroup(unit, logType.replace('-', '_'), {
      ...providerOf(site),
      name: `/memplane/${name}/${logType}`,
      kmsKeyId: logKey.id,
      retentionInDays: logDays,
      tags: buildTags('aws', tags, 'ops'),
    });
    return { destination: group.name, destinationType: 'cloudwatch-logs', logFormat: 'json', logType };
  });
}
