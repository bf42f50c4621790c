import { MemorystoreInstance } from '@cdktf/provider-google/lib/memorystore-instance/index.js';
import { Fn } from 'cdktf';
import type { Construct } from 'constructs';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { GcpSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { RedisOutput, ResolvedRedis } from './contract.js';

type GcpRedis = ResolvedRedis<GcpSite>;

const PORT = 6379;

/** Valkey, which speaks Redis 7. Not `redis-instance`: that one writes its password into the state. */
export function buildGcpRedis(unit: Construct, config: GcpRedis): RedisOutput {
  const { site, tags, key, network } = config;
  const redis = new MemorystoreInstance(unit, 'instance', {
    project: site.projectId,
    location: site.region,
    instanceId: checkName('gcp', 'redis', config.name),
    engineVersion: 'VALKEY_8_0',
    mode: 'CLUSTER_DISABLED',
    shardCount: 1,
    replicaCount: config.replicas,
    nodeType: config.instance,
    kmsKey: key.id,
    authorizationMode: 'IAM_AUTH',
    transitEncryptionMode: 'SERVER_AUTHENTICATION',
    zoneDistributionConfig: { mode: 'MULTI_ZONE' },
    // Locks and counters without an expiry are never evicted; a full cache refuses writes instead.
    engineConfigs: { 'maxmemory-policy': 'volatile-lru' },
    persistenceConfig: { mode: 'RDB', rdbConfig: { rdbSnapshotPeriod: 'ONE_HOUR' } },
    automatedBackupConfig: {
      retention: `${config.snapshotDays * 86_400}s`,
      fixedFrequencySchedule: { startTime: { hours: 1 } },
    },
    deletionProtectionEnabled: true,
    desiredAutoCreatedEndpoints: [{ network: network.id, projectId: site.projectId }],
    labels: buildTags('gcp', tags, 'data'),
    dependsOn: [...key.ready, ...network.stores.redis.ready],
    lifecycle: GUARDED,
  });
  redis.overrideLogicalId(unit.node.id);
  return {
    host: redis.endpoints.get(0).connections.get(0).pscAutoConnection.get(0).ipAddress,
    port: PORT,
    auth: 'iam',
    user: 'default',
    ca: Fn.join('\n', redis.managedServerCa.get(0).caCerts.get(0).certificates),
    grantOn: redis.id,
    address: addressOf(redis),
  };
}
