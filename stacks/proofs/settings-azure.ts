import { atLeast, given, holding, is, matching, oneOf, reference, type Setting, setting } from './setting.js';
import { at, type Resource } from './terraform-json.js';

const VAULT = 'azurerm_key_vault';
const KEY = 'azurerm_key_vault_key';
const FLEX = 'azurerm_postgresql_flexible_server';
const CACHE = 'azurerm_managed_redis';
const ACCOUNT = 'azurerm_storage_account';
const CLUSTER = 'azurerm_kubernetes_cluster';
const REGISTRY = 'azurerm_container_registry';
const BUS = 'azurerm_servicebus_namespace';
const production = true;

const encrypts = ({ attributes }: Resource): boolean => String(at(attributes, 'key_type')).startsWith('RSA');
const primary = ({ attributes }: Resource): boolean => at(attributes, 'create_mode') !== 'Replica';

const keys: readonly Setting[] = [
  setting(
    ['AZ-VAULT-PURGE', 'A deleted key can be brought back, and nobody shortens that'],
    'keys',
    [VAULT, 'purge_protection_enabled'],
    is(true),
    false,
    { scanners: ['CKV_AZURE_110', 'AZU-0016'] },
  ),
  setting(['KEY-WINDOW', 'For thirty days'], 'keys', [VAULT, 'soft_delete_retention_days'], atLeast(30), 7, {
    production,
    scanners: ['CKV_AZURE_111'],
  }),
  setting(
    ['AZ-VAULT-RBAC', 'Who may use a key is said by roles'],
    'access',
    [VAULT, 'rbac_authorization_enabled'],
    is(true),
    false,
  ),
  setting(
    ['AZ-VAULT-PRIVATE', 'No vault has a public address'],
    'network',
    [VAULT, 'public_network_access_enabled'],
    is(false),
    true,
    { scanners: ['CKV_AZURE_189'] },
  ),
  setting(
    ['AZ-VAULT-ACL', 'What nobody named is refused'],
    'network',
    [VAULT, 'network_acls', 'default_action'],
    is('Deny'),
    'Allow',
    { scanners: ['CKV_AZURE_109', 'AZU-0013'] },
  ),
  setting(
    ['KEY-HSM', 'Keys of production lie in an HSM'],
    'keys',
    [KEY, 'key_type'],
    matching(/-HSM$/, 'RSA-HSM or EC-HSM'),
    'RSA',
    { production, scanners: ['CKV_AZURE_112'] },
  ),
  setting(
    ['KEY-ROTATION', 'Keys that encrypt rotate by themselves'],
    'keys',
    [KEY, 'rotation_policy', 'automatic', 'time_after_creation'],
    given,
    null,
    { where: encrypts },
  ),
];

const postgres: readonly Setting[] = [
  setting(
    ['PG-HA', 'Another zone takes a database over'],
    'recovery',
    [FLEX, 'high_availability', 'mode'],
    is('ZoneRedundant'),
    'SameZone',
    { production, where: primary },
  ),
  setting(
    ['PG-PITR', 'A database can be restored to any second of the last thirty days'],
    'recovery',
    [FLEX, 'backup_retention_days'],
    atLeast(30),
    7,
    { production, where: primary },
  ),
  setting(
    ['PG-PRIVATE', 'No database has a public address'],
    'network',
    [FLEX, 'public_network_access_enabled'],
    is(false),
    true,
    { scanners: ['CKV2_AZURE_26'] },
  ),
  setting(
    ['FLEX-NETWORK', 'Databases stand in our network'],
    'network',
    [FLEX, 'delegated_subnet_id'],
    reference,
    null,
    { scanners: ['CKV2_AZURE_57'] },
  ),
  setting(
    ['FLEX-ENTRA', 'People come in with an identity'],
    'access',
    [FLEX, 'authentication', 'active_directory_auth_enabled'],
    is(true),
    false,
    // A replica lets in whom its source does.
    { where: primary },
  ),
];

const caches: readonly Setting[] = [
  setting(
    ['REDIS-HA', 'Another machine takes a cache over'],
    'recovery',
    [CACHE, 'high_availability_enabled'],
    is(true),
    false,
    { production },
  ),
  setting(
    ['AZ-REDIS-PRIVATE', 'No cache has a public address'],
    'network',
    [CACHE, 'public_network_access'],
    is('Disabled'),
    'Enabled',
  ),
  setting(
    ['REDIS-TLS-ONLY', 'Caches speak TLS only'],
    'inTransit',
    [CACHE, 'default_database', 'client_protocol'],
    is('Encrypted'),
    'Plaintext',
  ),
  setting(
    ['AZ-REDIS-KEYS', 'No key to a cache lies in the state'],
    'access',
    [CACHE, 'default_database', 'access_keys_authentication_enabled'],
    is(false),
    true,
  ),
];

const accounts: readonly Setting[] = [
  setting(
    ['AZ-BLOB-HTTPS', 'Accounts speak TLS only'],
    'inTransit',
    [ACCOUNT, 'https_traffic_only_enabled'],
    is(true),
    false,
    { scanners: ['CKV_AZURE_3', 'AZU-0008'] },
  ),
  setting(
    ['AZ-BLOB-TLS', 'And no old one'],
    'inTransit',
    [ACCOUNT, 'min_tls_version'],
    oneOf('TLS1_2', 'TLS1_3'),
    'TLS1_0',
    { scanners: ['CKV_AZURE_44', 'AZU-0011'] },
  ),
  setting(
    ['AZ-BLOB-PRIVATE', 'No account has a public address'],
    'network',
    [ACCOUNT, 'public_network_access_enabled'],
    is(false),
    true,
    { scanners: ['CKV_AZURE_59'] },
  ),
  setting(
    ['AZ-BLOB-ACL', 'What nobody named is refused'],
    'network',
    [ACCOUNT, 'network_rules', 'default_action'],
    is('Deny'),
    'Allow',
    { scanners: ['CKV_AZURE_35', 'AZU-0012'] },
  ),
  setting(
    ['AZ-BLOB-ANONYMOUS', 'Nothing in an account can be made public'],
    'network',
    [ACCOUNT, 'allow_nested_items_to_be_public'],
    is(false),
    true,
    { scanners: ['CKV_AZURE_190', 'CKV2_AZURE_47'] },
  ),
  setting(
    ['AZ-BLOB-KEYS', 'No account has a password'],
    'access',
    [ACCOUNT, 'shared_access_key_enabled'],
    is(false),
    true,
    { scanners: ['CKV2_AZURE_40'] },
  ),
  setting(['AZ-BLOB-USERS', 'Nor users of its own'], 'access', [ACCOUNT, 'local_user_enabled'], is(false), true, {
    scanners: ['CKV_AZURE_244'],
  }),
  setting(
    ['AZ-BLOB-TENANTS', 'Nothing is copied to another directory'],
    'access',
    [ACCOUNT, 'cross_tenant_replication_enabled'],
    is(false),
    true,
  ),
  setting(
    ['AZ-BLOB-SAS', 'Links end within the hour, or are refused'],
    'access',
    [ACCOUNT, 'sas_policy', 'expiration_action'],
    is('Block'),
    'Log',
    { scanners: ['CKV2_AZURE_41'] },
  ),
  setting(
    ['AZ-BLOB-TWICE', 'What is written is encrypted twice'],
    'atRest',
    [ACCOUNT, 'infrastructure_encryption_enabled'],
    is(true),
    false,
  ),
  setting(
    ['AZ-BLOB-ZONES', 'Every account stands in three zones'],
    'recovery',
    [ACCOUNT, 'account_replication_type'],
    oneOf('ZRS', 'GZRS', 'RAGZRS'),
    'LRS',
  ),
  setting(
    ['AZ-CONTAINER', 'No container is public'],
    'network',
    ['azurerm_storage_container', 'container_access_type'],
    is('private'),
    'blob',
    { scanners: ['CKV_AZURE_34'] },
  ),
];

const network: readonly Setting[] = [
  setting(
    ['AZ-SUBNET-OUT', 'No subnet reaches the internet by default'],
    'network',
    ['azurerm_subnet', 'default_outbound_access_enabled'],
    is(false),
    true,
  ),
  setting(
    ['FLOW-LOG', 'Every connection is logged'],
    'records',
    ['azurerm_network_watcher_flow_log', 'enabled'],
    is(true),
    false,
  ),
];

const cluster: readonly Setting[] = [
  setting(
    ['AKS-PRIVATE', 'The API server has no public address'],
    'network',
    [CLUSTER, 'private_cluster_enabled'],
    is(true),
    false,
    { scanners: ['CKV_AZURE_115'] },
  ),
  setting(
    ['AKS-ACCOUNTS', 'No certificate is an administrator'],
    'access',
    [CLUSTER, 'local_account_disabled'],
    is(true),
    false,
    { scanners: ['CKV_AZURE_141'] },
  ),
  setting(
    ['AKS-RBAC', 'Who may do what is said by Entra'],
    'access',
    [CLUSTER, 'azure_active_directory_role_based_access_control', 'azure_rbac_enabled'],
    is(true),
    false,
    { scanners: ['CKV_AZURE_5'] },
  ),
  setting(['AKS-IDENTITY', 'Pods have identities'], 'access', [CLUSTER, 'workload_identity_enabled'], is(true), false),
  setting(
    ['AKS-SLA', 'The control plane has an availability promise'],
    'recovery',
    [CLUSTER, 'sku_tier'],
    oneOf('Standard', 'Premium'),
    'Free',
    { production, scanners: ['CKV_AZURE_170'] },
  ),
  setting(
    ['AKS-COMMAND', 'Nobody goes round the private address'],
    'access',
    [CLUSTER, 'run_command_enabled'],
    is(false),
    true,
  ),
];

const rest: readonly Setting[] = [
  setting(['ACR-ADMIN', 'The registry has no password'], 'access', [REGISTRY, 'admin_enabled'], is(false), true, {
    scanners: ['CKV_AZURE_137'],
  }),
  setting(
    ['ACR-PRIVATE', 'The registry has no public address'],
    'network',
    [REGISTRY, 'public_network_access_enabled'],
    is(false),
    true,
    { scanners: ['CKV_AZURE_139'] },
  ),
  setting(
    ['ACR-EXPORT', 'Images cannot be carried out'],
    'access',
    [REGISTRY, 'export_policy_enabled'],
    is(false),
    true,
  ),
  setting(['BUS-AUTH', 'The queue has no password'], 'access', [BUS, 'local_auth_enabled'], is(false), true, {
    scanners: ['CKV_AZURE_203'],
  }),
  setting(
    ['BUS-PRIVATE', 'The queue has no public address'],
    'network',
    [BUS, 'public_network_access_enabled'],
    is(false),
    true,
    { scanners: ['CKV_AZURE_204'] },
  ),
  setting(['BUS-TLS', 'The queue speaks no old TLS'], 'inTransit', [BUS, 'minimum_tls_version'], is('1.2'), '1.0', {
    scanners: ['CKV_AZURE_205'],
  }),
  setting(
    ['AZ-LOCK', 'Locks hold against deletion'],
    'recovery',
    ['azurerm_management_lock', 'lock_level'],
    oneOf('CanNotDelete', 'ReadOnly'),
    'None',
  ),
  setting(
    ['AZ-DIAGNOSTICS', 'Who read, wrote and deleted is recorded'],
    'records',
    ['azurerm_monitor_diagnostic_setting', 'enabled_log'],
    {
      said: 'a list with StorageRead, StorageWrite, StorageDelete',
      holds: (value) =>
        holding('StorageRead', 'StorageWrite', 'StorageDelete').holds(categories(value), undefined as never),
    },
    [{ category: 'StorageRead' }],
    {
      where: ({ attributes }) => String(at(attributes, 'target_resource_id')).endsWith('/blobServices/default'),
      scanners: ['CKV2_AZURE_21'],
    },
  ),
];

function categories(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map((one) => String(at(one, 'category'))) : [];
}

export const azureSettings: readonly Setting[] = [
  ...keys,
  ...postgres,
  ...caches,
  ...accounts,
  ...network,
  ...cluster,
  ...rest,
];
