import { ManagedRedis, type ManagedRedisConfig } from '@cdktf/provider-azurerm/lib/managed-redis/index.js';
import { ManagementLock } from '@cdktf/provider-azurerm/lib/management-lock/index.js';
import { PrivateEndpoint } from '@cdktf/provider-azurerm/lib/private-endpoint/index.js';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment/index.js';
import { UserAssignedIdentity } from '@cdktf/provider-azurerm/lib/user-assigned-identity/index.js';
import type { Construct } from 'constructs';
import { PORTS } from '../network/contract.js';
import { addressOf } from '../support/address.js';
import { GUARDED } from '../support/guard.js';
import { checkName } from '../support/naming.js';
import type { AzureSite } from '../support/site.js';
import { buildTags } from '../support/tags.js';
import type { RedisOutput, ResolvedRedis } from './contract.js';

type AzureRedis = ResolvedRedis<AzureSite>;

/** Azure Managed Redis: what came before it retires. It spreads its copies over zones itself. */
export function buildAzureRedis(unit: Construct, config: AzureRedis): RedisOutput {
  const { site, tags } = config;
  const redis = new ManagedRedis(unit, 'instance', {
    name: checkName('azure', 'redis', config.name),
    resourceGroupName: site.resourceGroup,
    location: site.region,
    skuName: config.instance,
    highAvailabilityEnabled: true,
    // Azure's default is the opposite.
    publicNetworkAccess: 'Disabled',
    ...encryption(unit, config),
    defaultDatabase: {
      // Keys would lie in the state.
      accessKeysAuthenticationEnabled: false,
      clientProtocol: 'Encrypted',
      clusteringPolicy: SINGLE.test(config.instance) ? 'NoCluster' : 'EnterpriseCluster',
      evictionPolicy: 'VolatileLRU',
      persistenceRedisDatabaseBackupFrequency: '1h',
    },
    tags: buildTags('azure', tags, 'data'),
    lifecycle: GUARDED,
  });
  redis.overrideLogicalId(unit.node.id);
  new ManagementLock(unit, 'lock', {
    name: `${config.name}-keep`,
    scope: redis.id,
    lockLevel: 'CanNotDelete',
    notes: 'memplane: the cache of every tenant',
  });
  connect(unit, config, redis);
  return {
    host: redis.hostname,
    port: PORTS.azure.redis,
    auth: 'entra',
    user: 'default',
    ca: 'public',
    grantOn: redis.id,
    address: addressOf(redis),
  };
}

/** Beyond 25 GB there are shards; the second policy hides them behind one address. */
const SINGLE = /^Balanced_B(0|1|3|5|10|20)$/;

type Encryption = Pick<ManagedRedisConfig, 'identity' | 'customerManagedKey' | 'dependsOn'>;

function encryption(unit: Construct, { site, name, tags, key }: AzureRedis): Encryption {
  const identity = new UserAssignedIdentity(unit, 'identity', {
    name: `${name}-key`,
    resourceGroupName: site.resourceGroup,
    location: site.region,
    tags: buildTags('azure', tags, 'data'),
  });
  const mayWrap = new RoleAssignment(unit, 'may_wrap', {
    scope: key.grantOn,
    roleDefinitionName: 'Key Vault Crypto Service Encryption User',
    principalId: identity.principalId,
  });
  return {
    identity: { type: 'UserAssigned', identityIds: [identity.id] },
    customerManagedKey: { keyVaultKeyId: key.pinnedId, userAssignedIdentityId: identity.id },
    dependsOn: [mayWrap, ...key.ready],
  };
}

function connect(unit: Construct, { site, name, tags, network }: AzureRedis, redis: ManagedRedis): void {
  const { subnets, dnsZone = '', ready } = network.stores.redis;
  new PrivateEndpoint(unit, 'endpoint', {
    name: `${name}-endpoint`,
    resourceGroupName: site.resourceGroup,
    location: site.region,
    subnetId: subnets[0] ?? '',
    privateServiceConnection: {
      name,
      privateConnectionResourceId: redis.id,
      subresourceNames: ['redisEnterprise'],
      isManualConnection: false,
    },
    privateDnsZoneGroup: { name: 'redis', privateDnsZoneIds: [dnsZone] },
    tags: buildTags('azure', tags, 'network'),
    dependsOn: [...ready],
  });
}
