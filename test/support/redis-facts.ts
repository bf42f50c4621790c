import type { Cloud } from './bucket-facts.js';
import { at, guarded, keyOf, referred, resource } from './references.js';
import { type Attributes, plainId, type StackJson } from './terraform-json.js';

/** What the three clouds promise of a cache, read from the Terraform JSON and nothing else. */
export interface RedisFacts {
  /** Purpose of its key, if it is rotated, guarded and of this stack. */
  readonly key: string | undefined;
  /** A copy in another zone takes over by itself. */
  readonly failover: boolean;
  readonly tlsOnly: boolean;
  /** Reached through the network's own rules, never from outside. */
  readonly private: boolean;
  /** Who has no token of a cloud identity has no access, and no password lies in the state. */
  readonly passwordless: boolean;
  /** Locks and counters are never evicted for want of room. */
  readonly keepsUnexpiring: boolean;
  /** What it holds is written down at least this often, in hours. */
  readonly writtenEvery: number;
  readonly guarded: boolean;
}

export function redisFacts(cloud: Cloud, plane: StackJson): RedisFacts {
  switch (cloud) {
    case 'aws':
      return awsFacts(plane);
    case 'gcp':
      return gcpFacts(plane);
    case 'azure':
      return azureFacts(plane);
  }
}

const all = (stack: StackJson, type: string): readonly Attributes[] => Object.values(stack.resource[type] ?? {});

function awsFacts(stack: StackJson): RedisFacts {
  const redis = resource(stack, 'aws_elasticache_replication_group', 'redis');
  const parameters = referred(stack, at(redis, 'parameter_group_name'))?.it;
  const users = all(stack, 'aws_elasticache_user');
  const nobody = users.filter((user) => user.user_name === 'default');
  const others = users.filter((user) => user.user_name !== 'default');
  const group = referred(stack, at(redis, 'security_group_ids', 0));
  return {
    key: keyOf(stack, at(redis, 'kms_key_id'), (key) => key.enable_key_rotation === true),
    failover:
      at(redis, 'automatic_failover_enabled') === true &&
      at(redis, 'multi_az_enabled') === true &&
      Number(at(redis, 'replicas_per_node_group')) >= 2,
    tlsOnly: at(redis, 'transit_encryption_enabled') === true && at(redis, 'transit_encryption_mode') === 'required',
    private: plainId(group?.id ?? '') === 'network_group_redis',
    passwordless:
      at(redis, 'auth_token') === undefined &&
      at(redis, 'user_group_ids', 0) !== undefined &&
      nobody.length === 1 &&
      nobody.every((user) => String(user.access_string).startsWith('off ')) &&
      others.every((user) => at(user, 'authentication_mode', 'type') === 'iam' && user.user_id === user.user_name),
    keepsUnexpiring:
      at(parameters, 'parameter', 0, 'name') === 'maxmemory-policy' &&
      at(parameters, 'parameter', 0, 'value') === 'volatile-lru',
    writtenEvery: Number(at(redis, 'snapshot_retention_limit')) >= 7 ? 24 : Number.POSITIVE_INFINITY,
    guarded: guarded(redis) && at(redis, 'final_snapshot_identifier') !== undefined,
  };
}

function gcpFacts(stack: StackJson): RedisFacts {
  const redis = resource(stack, 'google_memorystore_instance', 'redis');
  const network = referred(stack, at(redis, 'desired_auto_created_endpoints', 0, 'network'));
  const hourly =
    at(redis, 'persistence_config', 'mode') === 'RDB' &&
    at(redis, 'persistence_config', 'rdb_config', 'rdb_snapshot_period') === 'ONE_HOUR';
  return {
    key: keyOf(stack, at(redis, 'kms_key'), (key) => key.rotation_period !== undefined),
    failover: at(redis, 'zone_distribution_config', 'mode') === 'MULTI_ZONE' && Number(at(redis, 'replica_count')) >= 2,
    tlsOnly: at(redis, 'transit_encryption_mode') === 'SERVER_AUTHENTICATION',
    private: network?.type === 'google_compute_network',
    passwordless: at(redis, 'authorization_mode') === 'IAM_AUTH' && stack.resource.google_redis_instance === undefined,
    keepsUnexpiring: at(redis, 'engine_configs', 'maxmemory-policy') === 'volatile-lru',
    writtenEvery: hourly ? 1 : Number.POSITIVE_INFINITY,
    guarded: guarded(redis) && at(redis, 'deletion_protection_enabled') === true,
  };
}

function azureFacts(stack: StackJson): RedisFacts {
  const redis = resource(stack, 'azurerm_managed_redis', 'redis');
  const database = at(redis, 'default_database') as Attributes | undefined;
  const endpoint = resource(stack, 'azurerm_private_endpoint', 'redis_endpoint');
  const rotates = (key: Attributes) => at(key, 'rotation_policy', 'automatic', 'time_after_creation') !== undefined;
  const key = at(redis, 'customer_managed_key', 'key_vault_key_id');
  // It pins a version, and a version that expires takes the cache with it.
  const expires = at(referred(stack, key)?.it, 'rotation_policy', 'expire_after') !== undefined;
  return {
    key: expires ? undefined : keyOf(stack, key, rotates),
    failover: at(redis, 'high_availability_enabled') === true,
    tlsOnly: at(database, 'client_protocol') === 'Encrypted',
    private:
      at(redis, 'public_network_access') === 'Disabled' &&
      at(endpoint, 'private_service_connection', 'private_connection_resource_id') ===
        `\${azurerm_managed_redis.redis.id}`,
    passwordless: at(database, 'access_keys_authentication_enabled') === false,
    keepsUnexpiring: at(database, 'eviction_policy') === 'VolatileLRU',
    writtenEvery: at(database, 'persistence_redis_database_backup_frequency') === '1h' ? 1 : Number.POSITIVE_INFINITY,
    guarded:
      guarded(redis) &&
      all(stack, 'azurerm_management_lock').some(
        (lock) => lock.scope === `\${azurerm_managed_redis.redis.id}` && lock.lock_level === 'CanNotDelete',
      ),
  };
}
