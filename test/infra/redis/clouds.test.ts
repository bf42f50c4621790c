import { only, synthRedis } from '../units.js';

describe('a cache on AWS', () => {
  const stack = synthRedis('aws', { replicas: 1, snapshotDays: 3 });

  it('is one shard with its copies, written down for as long as it is told', () => {
    expect(only(stack, 'aws_elasticache_replication_group', 'it')).toMatchObject({
      engine: 'redis',
      engine_version: '7.1',
      num_node_groups: 1,
      replicas_per_node_group: 1,
      snapshot_retention_limit: 3,
      // Strings: the provider takes no other.
      at_rest_encryption_enabled: 'true',
      auto_minor_version_upgrade: 'true',
    });
  });

  it('delivers both logs into groups of ours', () => {
    const { log_delivery_configuration: logs } = only(stack, 'aws_elasticache_replication_group', 'it');
    expect(logs).toEqual(
      ['slow-log', 'engine-log'].map((log_type) => ({
        destination: expect.stringContaining(`aws_cloudwatch_log_group.it_${log_type.replace('-', '_')}`),
        destination_type: 'cloudwatch-logs',
        log_format: 'json',
        log_type,
      })),
    );
    expect(only(stack, 'aws_cloudwatch_log_group', 'it_slow_log').kms_key_id).toContain('kms_ops_key');
  });

  it('lets the service touch data and not the server', () => {
    const { access_string: access } = only(stack, 'aws_elasticache_user', 'it_service');
    expect(access).toBe('on ~* &* +@all -@admin -@dangerous +info');
  });
});

describe('a cache on Google Cloud', () => {
  it('waits for the policy that places its endpoints, and for the right to its key', () => {
    const { depends_on } = only(synthRedis('gcp', {}), 'google_memorystore_instance', 'it');
    expect(depends_on).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^google_network_connectivity_service_connection_policy\.network_caches_/),
        expect.stringMatching(/^google_kms_crypto_key_iam_member\.kms_data_redis_/),
      ]),
    );
  });

  it('counts its snapshots in seconds', () => {
    const redis = only(synthRedis('gcp', { snapshotDays: 2 }), 'google_memorystore_instance', 'it');
    expect(redis.automated_backup_config).toMatchObject({ retention: '172800s' });
  });
});

describe('a cache on Azure', () => {
  it.each([
    { instance: 'Balanced_B10', policy: 'NoCluster' },
    { instance: 'Balanced_B50', policy: 'EnterpriseCluster' },
  ])('of $instance answers at one address: $policy', ({ instance, policy }) => {
    const { default_database } = only(synthRedis('azure', { instance }), 'azurerm_managed_redis', 'it');
    expect(default_database).toMatchObject({ clustering_policy: policy });
  });

  it('is found by name in the private zone, in the subnet of endpoints', () => {
    const endpoint = only(synthRedis('azure', {}), 'azurerm_private_endpoint', 'it_endpoint');
    expect(endpoint).toMatchObject({
      subnet_id: expect.stringContaining('network_subnet_endpoints'),
      private_dns_zone_group: { private_dns_zone_ids: [expect.stringContaining('network_dns_redis')] },
      private_service_connection: { subresource_names: ['redisEnterprise'], is_manual_connection: false },
    });
  });

  it('names a version of its key, because it takes no other reference', () => {
    const { customer_managed_key: key } = only(synthRedis('azure', {}), 'azurerm_managed_redis', 'it');
    expect(key).toMatchObject({ key_vault_key_id: expect.stringMatching(/^\$\{azurerm_key_vault_key\..*\.id\}$/) });
  });
});
