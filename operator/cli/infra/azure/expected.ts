import { block, type GraphResource, listed, type StackGraph } from '../graph.js';
import { target } from '../located-target.js';
import { numberAt, textAt } from '../rest.js';
import type { Target } from '../target.js';
import { expectOfAssignments } from './expected-assignments.js';
import { expectOfNetwork } from './expected-network.js';
import { expectOfServices } from './expected-services.js';
import { expectOfStorage } from './expected-storage.js';
import { customerKey, idIn, idOf } from './expected-target.js';
import { expectOfWatch } from './expected-watch.js';

/** What a stack on Azure promises of keys, locks, recovery windows and TLS. Names are resource ids. */
export function expectOfAzure(graph: StackGraph): readonly Target[] {
  return [
    ...graph.of('azurerm_key_vault').map((vault) => vaultTarget(graph, vault)),
    ...graph.of('azurerm_key_vault_key').map((key) => keyTarget(graph, key)),
    ...expectOfStorage(graph),
    ...graph.of('azurerm_postgresql_flexible_server').map((server) => databaseTarget(graph, server)),
    ...graph.of('azurerm_postgresql_flexible_server_database').map((one) => innerTarget(graph, one)),
    ...graph.of('azurerm_postgresql_flexible_server_virtual_endpoint').map((one) => nameTarget(graph, one)),
    ...graph.of('azurerm_managed_redis').map((cache) => cacheTarget(graph, cache)),
    ...expectOfNetwork(graph),
    ...expectOfAssignments(graph),
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
    'network otherwise': textAt(block(attributes.network_acls), 'default_action'),
    'let by': textAt(block(attributes.network_acls), 'bypass'),
    addresses: listed((block(attributes.network_acls)?.ip_rules ?? []) as readonly string[]),
    tier: textAt(attributes, 'sku_name'),
  });
}

function keyTarget(graph: StackGraph, key: GraphResource): Target {
  const { attributes } = key;
  const vault = graph.referred(attributes.key_vault_id);
  const rotation = block(attributes.rotation_policy);
  const name = `${vault === undefined ? '' : idOf(graph, vault, VAULTS)}/keys/${attributes.name}`;
  return target(graph, key, 'key', name, {
    enabled: true,
    type: textAt(attributes, 'key_type'),
    bits: numberAt(attributes, 'key_size'),
    rotation: textAt(block(rotation?.automatic), 'time_after_creation'),
    'versions end after': textAt(rotation, 'expire_after'),
    'told before': textAt(rotation, 'notify_before_expiry'),
    may: listed((attributes.key_opts ?? []) as readonly string[]),
    curve: textAt(attributes, 'curve'),
  });
}

/** Parameters that have a row of their own. */
const NAMED = new Set(['parameter require_secure_transport', 'parameter ssl_min_protocol_version']);

function databaseTarget(graph: StackGraph, server: GraphResource): Target {
  const { attributes } = server;
  // Replicas take those of their source.
  const owner = graph.referred(attributes.source_server_id) ?? server;
  const parameters = graph
    .of('azurerm_postgresql_flexible_server_configuration')
    .filter((one) => graph.referred(one.attributes.server_id)?.address === owner.address)
    .map(({ attributes: { name, value } }) => [`parameter ${name}`, String(value)] as const);
  const parameter = (name: string): string | undefined => new Map<string, string>(parameters).get(`parameter ${name}`);
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
    ...Object.fromEntries(parameters.filter(([name]) => !NAMED.has(name))),
    'sign-in by Entra': block(attributes.authentication)?.active_directory_auth_enabled === true,
    'sign-in by password': block(attributes.authentication)?.password_auth_enabled !== false,
    subnet: graph.referred(attributes.delegated_subnet_id)?.attributes.name as string | undefined,
  });
}

const innerTarget = (graph: StackGraph, one: GraphResource): Target =>
  target(graph, one, 'inner database', `${idIn(graph, one.attributes.server_id)}/databases/${one.attributes.name}`, {
    there: true,
  });

/** One name for the server that writes, whichever it is. */
function nameTarget(graph: StackGraph, one: GraphResource): Target {
  const { source_server_id, replica_server_id, name, type } = one.attributes;
  const servers = [source_server_id, replica_server_id].map((id) => graph.referred(id)?.attributes.name);
  return target(graph, one, 'common name', `${idIn(graph, source_server_id)}/virtualendpoints/${name}`, {
    kind: textAt({ type }, 'type'),
    servers: listed(servers.map((server) => server as string | undefined)),
  });
}

function cacheTarget(graph: StackGraph, cache: GraphResource): Target {
  const { attributes } = cache;
  const database = block(attributes.default_database);
  return target(graph, cache, 'cache', idOf(graph, cache, 'Microsoft.Cache/redisEnterprise'), {
    'encryption key': customerKey(graph, cache),
    'high availability': attributes.high_availability_enabled !== false,
    public: attributes.public_network_access !== 'Disabled',
    'when full': textAt(database, 'eviction_policy'),
    TLS: textAt(database, 'client_protocol'),
    'access keys': database?.access_keys_authentication_enabled === true,
    'snapshots every': textAt(database, 'persistence_redis_database_backup_frequency'),
  });
}
