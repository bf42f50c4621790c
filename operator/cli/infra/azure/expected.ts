import { block, type GraphResource, type StackGraph } from '../graph.js';
import { target } from '../located-target.js';
import { numberAt, textAt } from '../rest.js';
import type { Target } from '../target.js';
import { expectOfServices } from './expected-services.js';
import { customerKey, idOf } from './expected-target.js';
import { expectOfWatch } from './expected-watch.js';

/** What a stack on Azure promises of keys, locks, recovery windows and TLS. Names are resource ids. */
export function expectOfAzure(graph: StackGraph): readonly Target[] {
  return [
    ...graph.of('azurerm_key_vault').map((vault) => vaultTarget(graph, vault)),
    ...graph.of('azurerm_key_vault_key').map((key) => keyTarget(graph, key)),
    ...graph.of('azurerm_storage_account').map((account) => bucketTarget(graph, account)),
    ...graph.of('azurerm_postgresql_flexible_server').map((server) => databaseTarget(graph, server)),
    ...graph.of('azurerm_managed_redis').map((cache) => cacheTarget(graph, cache)),
    ...expectOfServices(graph),
    ...expectOfWatch(graph),
  ];
}

const VAULTS = 'Microsoft.KeyVault/vaults';

function vaultTarget(graph: StackGraph, vault: GraphResource): Target {
  const { attributes } = vault;
  return target(graph, vault, 'vault', idOf(graph, vault, VAULTS), {
    'purge protection': attributes.purge_protection_enabled === true,
    'undelete days': numberAt(attributes, 'soft_delete_retention_days'),
    public: attributes.public_network_access_enabled !== false,
    'roles, not policies': attributes.rbac_authorization_enabled === true,
    tier: textAt(attributes, 'sku_name'),
  });
}

function keyTarget(graph: StackGraph, key: GraphResource): Target {
  const { attributes } = key;
  const vault = graph.referred(attributes.key_vault_id);
  const name = `${vault === undefined ? '' : idOf(graph, vault, VAULTS)}/keys/${attributes.name}`;
  return target(graph, key, 'key', name, {
    enabled: true,
    type: textAt(attributes, 'key_type'),
    bits: numberAt(attributes, 'key_size'),
    rotation: textAt(block(block(attributes.rotation_policy)?.automatic), 'time_after_creation'),
  });
}

/** Floors of a year and more are promises to auditors: Unlocked, they can be taken back, whatever the stack says. */
const PROMISED_DAYS = 365;

function bucketTarget(graph: StackGraph, account: GraphResource): Target {
  const { attributes } = account;
  const lock = block(attributes.immutability_policy);
  const days = numberAt(lock, 'period_since_creation_in_days');
  return target(graph, account, 'bucket', idOf(graph, account, 'Microsoft.Storage/storageAccounts'), {
    'encryption key': customerKey(graph, account),
    'lock days': days,
    'lock state': days !== undefined && days >= PROMISED_DAYS ? 'Locked' : textAt(lock, 'state'),
    'TLS only': attributes.https_traffic_only_enabled !== false,
    'TLS minimum': textAt(attributes, 'min_tls_version'),
    'shared keys': attributes.shared_access_key_enabled !== false,
    public: attributes.public_network_access_enabled !== false,
    'copies in': textAt(attributes, 'account_replication_type'),
  });
}

function databaseTarget(graph: StackGraph, server: GraphResource): Target {
  const { attributes } = server;
  const parameter = (name: string): string | undefined => {
    // Replicas take those of their source.
    const owner = graph.referred(attributes.source_server_id) ?? server;
    const found = graph
      .of('azurerm_postgresql_flexible_server_configuration')
      .find(
        (one) => one.attributes.name === name && graph.referred(one.attributes.server_id)?.address === owner.address,
      );
    return textAt(found?.attributes, 'value');
  };
  const source = attributes.source_server_id === undefined;
  return target(graph, server, 'database', idOf(graph, server, 'Microsoft.DBforPostgreSQL/flexibleServers'), {
    'encryption key': customerKey(graph, server),
    'geo backup key': customerKey(graph, server, 'geo_backup_key_vault_key_id'),
    ...(source
      ? {
          'PITR days': numberAt(attributes, 'backup_retention_days'),
          'geo backup': attributes.geo_redundant_backup_enabled === true,
          availability: textAt(block(attributes.high_availability), 'mode') ?? 'Disabled',
        }
      : {}),
    public: attributes.public_network_access_enabled !== false,
    'TLS required': parameter('require_secure_transport'),
    'TLS minimum': parameter('ssl_min_protocol_version'),
  });
}

function cacheTarget(graph: StackGraph, cache: GraphResource): Target {
  const { attributes } = cache;
  const database = block(attributes.default_database);
  return target(graph, cache, 'cache', idOf(graph, cache, 'Microsoft.Cache/redisEnterprise'), {
    'encryption key': customerKey(graph, cache),
    'high availability': attributes.high_availability_enabled !== false,
    TLS: textAt(database, 'client_protocol'),
    'access keys': database?.access_keys_authentication_enabled === true,
    'snapshots every': textAt(database, 'persistence_redis_database_backup_frequency'),
  });
}
