import { DescribeReplicationGroupsCommand, ElastiCacheClient } from '@aws-sdk/client-elasticache';
import type { Facts, Target } from '../target.js';
import type { Keys } from './keys.js';
import { type AwsOptions, ask, clientConfig, perRegion } from './request.js';

export function openCaches(options: AwsOptions) {
  const clients = perRegion((region) => new ElastiCacheClient(clientConfig(region, options)));
  return {
    read: (target: Target, keys: Keys) => readCache(clients.of(target.region), target, keys),
    close: clients.close,
  };
}

async function readCache(client: ElastiCacheClient, { name, region }: Target, keys: Keys): Promise<Facts | undefined> {
  const command = new DescribeReplicationGroupsCommand({ ReplicationGroupId: name });
  const found = await ask(client.send(command), ['ReplicationGroupNotFoundFault', 'ReplicationGroupNotFound']);
  const group = found?.ReplicationGroups?.[0];
  if (group === undefined) return undefined;
  return {
    'encryption key': await keys.nameOf(group.KmsKeyId, region),
    'encrypted at rest': group.AtRestEncryptionEnabled === true,
    TLS: group.TransitEncryptionEnabled === true,
    'TLS mode': group.TransitEncryptionMode,
    'two zones': group.MultiAZ === 'enabled',
    failover: group.AutomaticFailover === 'enabled',
    'snapshot days': group.SnapshotRetentionLimit,
  };
}
