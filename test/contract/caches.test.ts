import type { Cloud } from '../support/bucket-facts.js';
import { Editable } from '../support/editable.js';
import { type RedisFacts, redisFacts } from '../support/redis-facts.js';
import { reviewed, type StackJson } from '../support/terraform-json.js';

const CLOUDS: readonly Cloud[] = ['aws', 'gcp', 'azure'];
const planeOf = (cloud: Cloud): StackJson => reviewed(`${cloud}-prod-plane`);

const PROMISE: RedisFacts = {
  key: 'data',
  failover: true,
  tlsOnly: true,
  private: true,
  passwordless: true,
  keepsUnexpiring: true,
  writtenEvery: 1,
  guarded: true,
};

/** ElastiCache writes a snapshot a day and has no log: what a cache holds can be built again. */
const promised = (cloud: Cloud): RedisFacts => (cloud === 'aws' ? { ...PROMISE, writtenEvery: 24 } : PROMISE);

describe('the cache of production', () => {
  it.each(CLOUDS)('keeps every promise on %s', (cloud) => {
    expect(redisFacts(cloud, planeOf(cloud))).toEqual(promised(cloud));
  });

  it.each(CLOUDS)('is handed out on %s without a secret', (cloud) => {
    const { redis } = planeOf(cloud).output.memplane?.value ?? {};
    expect(redis).toEqual([
      {
        name: 'r-a',
        host: expect.stringMatching(
          /^\$\{(aws_elasticache_replication_group|google_memorystore|azurerm_managed_redis)/,
        ),
        port: cloud === 'azure' ? 10_000 : 6379,
        auth: cloud === 'azure' ? 'entra' : 'iam',
        user: expect.stringMatching(/./),
        ca: cloud === 'gcp' ? expect.stringContaining('managed_server_ca') : 'public',
      },
    ]);
  });

  it('is none where the charts run it, and the output says so', () => {
    const plane = reviewed('aws-dev-plane');
    expect(plane.resource.aws_elasticache_replication_group).toBeUndefined();
    expect(plane.output.memplane?.value.redis).toEqual([]);
  });
});

interface Mutant {
  readonly cloud: Cloud;
  readonly because: string;
  readonly changes: keyof RedisFacts;
  readonly mutate: (stack: Editable) => void;
}

const AWS = 'aws_elasticache_replication_group';
const GCP = 'google_memorystore_instance';
const AZURE = 'azurerm_managed_redis';

const MUTANTS: readonly Mutant[] = [
  {
    cloud: 'aws',
    because: 'nothing takes over',
    changes: 'failover',
    mutate: (s) => s.set(AWS, 'redis', ['automatic_failover_enabled'], false),
  },
  {
    cloud: 'aws',
    because: 'copies in one zone fall together',
    changes: 'failover',
    mutate: (s) => s.set(AWS, 'redis', ['multi_az_enabled'], false),
  },
  {
    cloud: 'aws',
    because: '`preferred` lets plain text in',
    changes: 'tlsOnly',
    mutate: (s) => s.set(AWS, 'redis', ['transit_encryption_mode'], 'preferred'),
  },
  {
    cloud: 'aws',
    because: '`required` without TLS is accepted and means nothing',
    changes: 'tlsOnly',
    mutate: (s) => s.set(AWS, 'redis', ['transit_encryption_enabled'], false),
  },
  {
    cloud: 'aws',
    because: 'AWS refuses an IAM user whose id is not its name, but only at apply',
    changes: 'passwordless',
    mutate: (s) => s.set('aws_elasticache_user', 'redis_service', ['user_id'], 'service'),
  },
  {
    cloud: 'aws',
    because: 'the default user needs no password',
    changes: 'passwordless',
    mutate: (s) => s.set('aws_elasticache_user', 'redis_nobody', ['access_string'], 'on ~* +@all'),
  },
  {
    cloud: 'aws',
    because: 'a group of nodes lets nodes in on every port',
    changes: 'private',
    mutate: (s) => {
      const [nodes = ''] = Object.keys(s.stack.resource.aws_security_group ?? {}).filter((id) => /_nodes_/.test(id));
      s.set(AWS, 'redis', ['security_group_ids', 0], `\${aws_security_group.${nodes}.id}`);
    },
  },
  {
    cloud: 'aws',
    because: 'evicting a lock lets two hold it',
    changes: 'keepsUnexpiring',
    mutate: (s) =>
      s.set('aws_elasticache_parameter_group', 'redis_parameters', ['parameter', 0, 'value'], 'allkeys-lru'),
  },
  {
    cloud: 'gcp',
    because: 'a key of another stack can go without this one knowing',
    changes: 'key',
    mutate: (s) => s.set(GCP, 'redis', ['kms_key'], 'projects/other/cryptoKeys/data'),
  },
  {
    cloud: 'gcp',
    because: 'no authorisation is everybody in the network',
    changes: 'passwordless',
    mutate: (s) => s.set(GCP, 'redis', ['authorization_mode'], 'AUTH_DISABLED'),
  },
  {
    cloud: 'gcp',
    because: 'plain text can be read on its way',
    changes: 'tlsOnly',
    mutate: (s) => s.set(GCP, 'redis', ['transit_encryption_mode'], 'TRANSIT_ENCRYPTION_DISABLED'),
  },
  {
    cloud: 'gcp',
    because: 'one zone is one fire',
    changes: 'failover',
    mutate: (s) => s.set(GCP, 'redis', ['zone_distribution_config', 'mode'], 'SINGLE_ZONE'),
  },
  {
    cloud: 'gcp',
    because: 'nothing written down is nothing to come back with',
    changes: 'writtenEvery',
    mutate: (s) => s.set(GCP, 'redis', ['persistence_config', 'mode'], 'DISABLED'),
  },
  {
    cloud: 'gcp',
    because: 'the console deletes it in two clicks',
    changes: 'guarded',
    mutate: (s) => s.set(GCP, 'redis', ['deletion_protection_enabled'], false),
  },
  {
    cloud: 'azure',
    because: 'Azure’s default is open',
    changes: 'private',
    mutate: (s) => s.set(AZURE, 'redis', ['public_network_access'], 'Enabled'),
  },
  {
    cloud: 'azure',
    because: 'access keys lie in the state',
    changes: 'passwordless',
    mutate: (s) => s.set(AZURE, 'redis', ['default_database', 'access_keys_authentication_enabled'], true),
  },
  {
    cloud: 'azure',
    because: 'a pinned version that expires is an outage',
    changes: 'key',
    mutate: (s) =>
      s.set('azurerm_key_vault_key', 'kms_data_key', ['rotation_policy'], {
        automatic: { time_after_creation: 'P90D' },
        expire_after: 'P180D',
      }),
  },
  {
    cloud: 'azure',
    because: 'plain text can be read on its way',
    changes: 'tlsOnly',
    mutate: (s) => s.set(AZURE, 'redis', ['default_database', 'client_protocol'], 'Plaintext'),
  },
  {
    cloud: 'azure',
    because: 'without the lock anybody with rights on the group deletes it',
    changes: 'guarded',
    mutate: (s) => s.remove('azurerm_management_lock', 'redis_lock'),
  },
];

describe('the facts that the promises are read from', () => {
  it.each(MUTANTS)('notice on $cloud: $because', ({ cloud, mutate, changes }) => {
    const edited = new Editable(planeOf(cloud));
    mutate(edited);
    expect(redisFacts(cloud, edited.stack)[changes]).not.toEqual(promised(cloud)[changes]);
  });
});
