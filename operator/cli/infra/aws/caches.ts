import {
  DescribeReplicationGroupsCommand,
  DescribeUserGroupsCommand,
  DescribeUsersCommand,
  ElastiCacheClient,
  paginateDescribeCacheParameters,
} from '@aws-sdk/client-elasticache';
import { listed } from '../graph.js';
import type { Facts, Target } from '../target.js';
import type { Keys } from './keys.js';
import { type AwsOptions, ask, clientConfig, perRegion } from './request.js';
import type { Service } from './service.js';

type Reader = (client: ElastiCacheClient, target: Target, keys: Keys) => Promise<Facts | undefined>;

export function openCaches(options: AwsOptions): Readonly<Record<string, Service>> {
  const clients = perRegion((region) => new ElastiCacheClient(clientConfig(region, options)));
  const service = (read: Reader): Service => ({
    read: (target, keys) => read(clients.of(target.region), target, keys),
    close: clients.close,
  });
  return {
    cache: service(readCache),
    user: service(readUser),
    users: service(readUsers),
    parameters: service(readParameters),
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

async function readUser(client: ElastiCacheClient, { name }: Target): Promise<Facts | undefined> {
  const found = await ask(client.send(new DescribeUsersCommand({ UserId: name })), [
    'UserNotFound',
    'UserNotFoundFault',
  ]);
  const user = found?.Users?.[0];
  if (user === undefined) return undefined;
  const by = user.Authentication?.Type;
  return {
    name: user.UserName,
    may: user.AccessString,
    // The one word that a stack says otherwise than the API.
    'signs in by': by === 'no-password' ? 'no-password-required' : by,
  };
}

async function readUsers(client: ElastiCacheClient, { name }: Target): Promise<Facts | undefined> {
  const command = new DescribeUserGroupsCommand({ UserGroupId: name });
  const group = (await ask(client.send(command), ['UserGroupNotFound', 'UserGroupNotFoundFault']))?.UserGroups?.[0];
  if (group === undefined) return undefined;
  return { users: listed(group.UserIds), 'of caches': listed(group.ReplicationGroups) };
}

async function readParameters(client: ElastiCacheClient, { name }: Target): Promise<Facts | undefined> {
  const reading = (async () => {
    const found: Record<string, string | undefined> = {};
    for await (const { Parameters = [] } of paginateDescribeCacheParameters(
      { client },
      { CacheParameterGroupName: name },
    )) {
      for (const { ParameterName, ParameterValue } of Parameters) found[`parameter ${ParameterName}`] = ParameterValue;
    }
    return found;
  })();
  return await ask(reading, ['CacheParameterGroupNotFound', 'CacheParameterGroupNotFoundFault']);
}
