import {
  absent,
  atLeast,
  given,
  holding,
  is,
  matching,
  oneOf,
  reference,
  type Setting,
  secondsBetween,
  setting,
} from './setting.js';
import { at, type Resource } from './terraform-json.js';

const DAY = 86_400;
const KEY = 'google_kms_crypto_key';
const SQL = 'google_sql_database_instance';
const CACHE = 'google_memorystore_instance';
const BUCKET = 'google_storage_bucket';
const CLUSTER = 'google_container_cluster';
const POOL = 'google_container_node_pool';
const production = true;

const encrypts = ({ attributes }: Resource): boolean => at(attributes, 'purpose') !== 'ASYMMETRIC_SIGN';
const primary = ({ attributes }: Resource): boolean => at(attributes, 'master_instance_name') === undefined;
const isLocked = ({ attributes }: Resource): boolean => at(attributes, 'retention_policy') !== undefined;

const keys: readonly Setting[] = [
  setting(
    ['KEY-ROTATION', 'Keys that encrypt rotate by themselves every ninety days'],
    'keys',
    [KEY, 'rotation_period'],
    secondsBetween(DAY, 90 * DAY),
    '31536000s',
    {
      where: encrypts,
      scanners: ['CKV_GCP_43', 'GCP-0065'],
    },
  ),
  setting(
    ['KEY-WINDOW', 'A version that is to be destroyed can be saved for thirty days'],
    'keys',
    [KEY, 'destroy_scheduled_duration'],
    secondsBetween(30 * DAY, 120 * DAY),
    '86400s',
    { production },
  ),
  setting(
    ['KEY-HSM', 'Keys of production lie in an HSM'],
    'keys',
    [KEY, 'version_template', 'protection_level'],
    is('HSM'),
    'SOFTWARE',
    { production },
  ),
  setting(['GCP-KEY-GUARD', 'Keys stop a destroy'], 'keys', [KEY, 'lifecycle', 'prevent_destroy'], is(true), false, {
    scanners: ['CKV_GCP_82'],
  }),
];

const IP = ['settings', 'ip_configuration'] as const;
const BACKUP = ['settings', 'backup_configuration'] as const;

const postgres: readonly Setting[] = [
  setting(
    ['PG-HA', 'Another zone takes a database over'],
    'recovery',
    [SQL, 'settings', 'availability_type'],
    is('REGIONAL'),
    'ZONAL',
    { production, where: primary },
  ),
  setting(
    ['PG-PITR', 'A database can be restored to any second'],
    'recovery',
    [SQL, ...BACKUP, 'point_in_time_recovery_enabled'],
    is(true),
    false,
    { where: primary },
  ),
  setting(
    ['PG-PITR', 'Of the last seven days, which is all the edition has'],
    'recovery',
    [SQL, ...BACKUP, 'transaction_log_retention_days'],
    atLeast(7),
    1,
    { production, where: primary },
  ),
  setting(['PG-BACKUP', 'Every database is backed up'], 'recovery', [SQL, ...BACKUP, 'enabled'], is(true), false, {
    where: primary,
    scanners: ['CKV_GCP_14', 'GCP-0024'],
  }),
  setting(
    ['SQL-BACKUP-DAYS', 'Thirty backups are kept'],
    'recovery',
    [SQL, ...BACKUP, 'backup_retention_settings', 'retained_backups'],
    atLeast(30),
    7,
    { production, where: primary },
  ),
  setting(
    ['PG-BACKUP-KEPT', 'Backups outlive their database'],
    'recovery',
    [SQL, 'settings', 'retain_backups_on_delete'],
    is(true),
    false,
    { where: primary },
  ),
  setting(
    ['PG-DELETE', 'The cloud refuses to delete a database'],
    'recovery',
    [SQL, 'settings', 'deletion_protection_enabled'],
    is(true),
    false,
    { production },
  ),
  setting(['SQL-DELETE-TF', 'So does Terraform'], 'recovery', [SQL, 'deletion_protection'], is(true), false, {
    production,
  }),
  setting(
    ['PG-PRIVATE', 'No database has a public address'],
    'network',
    [SQL, ...IP, 'ipv4_enabled'],
    is(false),
    true,
    { scanners: ['CKV_GCP_60', 'CKV_GCP_11', 'GCP-0017'] },
  ),
  setting(
    ['SQL-NETWORK', 'Databases stand in our network'],
    'network',
    [SQL, ...IP, 'private_network'],
    reference,
    null,
    { scanners: ['CKV_GCP_60'] },
  ),
  setting(
    ['SQL-TLS', 'Databases speak TLS only'],
    'inTransit',
    [SQL, ...IP, 'ssl_mode'],
    oneOf('ENCRYPTED_ONLY', 'TRUSTED_CLIENT_CERTIFICATE_REQUIRED'),
    'ALLOW_UNENCRYPTED_AND_ENCRYPTED',
    {
      scanners: ['GCP-0015'],
    },
  ),
  setting(
    ['SQL-CA', 'Certificates of databases carry their name'],
    'inTransit',
    [SQL, ...IP, 'server_ca_mode'],
    is('GOOGLE_MANAGED_CAS_CA'),
    'GOOGLE_MANAGED_INTERNAL_CA',
  ),
];

const caches: readonly Setting[] = [
  setting(
    ['REDIS-HA', 'A cache stands in more than one zone'],
    'recovery',
    [CACHE, 'zone_distribution_config', 'mode'],
    is('MULTI_ZONE'),
    'SINGLE_ZONE',
    { production },
  ),
  setting(['REDIS-REPLICAS', 'A cache has a copy at least'], 'recovery', [CACHE, 'replica_count'], atLeast(1), 0, {
    production,
  }),
  setting(
    ['REDIS-TLS-ONLY', 'Caches speak TLS only'],
    'inTransit',
    [CACHE, 'transit_encryption_mode'],
    is('SERVER_AUTHENTICATION'),
    'TRANSIT_ENCRYPTION_DISABLED',
    { scanners: ['CKV_GCP_97'] },
  ),
  setting(
    ['VALKEY-IAM', 'Who comes to a cache has an identity'],
    'access',
    [CACHE, 'authorization_mode'],
    is('IAM_AUTH'),
    'AUTH_DISABLED',
    { scanners: ['CKV_GCP_95'] },
  ),
  setting(
    ['VALKEY-DELETE', 'The cloud refuses to delete a cache'],
    'recovery',
    [CACHE, 'deletion_protection_enabled'],
    is(true),
    false,
    { production },
  ),
  setting(
    ['VALKEY-WRITTEN', 'Caches are written down every hour'],
    'recovery',
    [CACHE, 'persistence_config', 'rdb_config', 'rdb_snapshot_period'],
    is('ONE_HOUR'),
    'TWENTY_FOUR_HOURS',
    { production },
  ),
];

const buckets: readonly Setting[] = [
  setting(
    ['GCS-PUBLIC', 'No bucket can be made public'],
    'network',
    [BUCKET, 'public_access_prevention'],
    is('enforced'),
    'inherited',
    { scanners: ['CKV_GCP_114', 'GCP-0001'] },
  ),
  setting(
    ['GCS-UNIFORM', 'Lists on objects grant nothing'],
    'access',
    [BUCKET, 'uniform_bucket_level_access'],
    is(true),
    false,
    { scanners: ['CKV_GCP_29', 'GCP-0002'] },
  ),
  setting(
    ['BUCKET-FORCE', 'A bucket with objects in it cannot be destroyed'],
    'recovery',
    [BUCKET, 'force_destroy'],
    is(false),
    true,
  ),
  setting(
    [
      'GCS-OBJECT-RETENTION',
      'Objects of locked buckets can have dates of their own, which only a new bucket can learn',
    ],
    'worm',
    [BUCKET, 'enable_object_retention'],
    is(true),
    false,
    { where: isLocked },
  ),
  setting(
    ['GCS-POLICY', 'Rules of the project are enforced'],
    'network',
    ['google_org_policy_policy', 'spec', 'rules', 0, 'enforce'],
    is('TRUE'),
    'FALSE',
  ),
  setting(
    ['GCS-COPY', 'Copies replace nothing'],
    'worm',
    ['google_storage_transfer_job', 'replication_spec', 'transfer_options', 'overwrite_when'],
    is('NEVER'),
    'ALWAYS',
  ),
];

const network: readonly Setting[] = [
  setting(
    ['GCP-NETWORK-CUSTOM', 'No subnet comes by itself'],
    'network',
    ['google_compute_network', 'auto_create_subnetworks'],
    is(false),
    true,
    { scanners: ['CKV2_GCP_18'] },
  ),
  setting(
    ['GCP-SUBNET-PRIVATE', 'Subnets reach Google without the internet'],
    'network',
    ['google_compute_subnetwork', 'private_ip_google_access'],
    is(true),
    false,
    { scanners: ['CKV_GCP_74'] },
  ),
  setting(
    ['FLOW-LOG', 'Every connection is logged'],
    'records',
    ['google_compute_subnetwork', 'log_config', 'flow_sampling'],
    is(1),
    0.1,
    { scanners: ['CKV_GCP_26'] },
  ),
  setting(
    ['GCP-FIREWALL-LOG', 'Every decision of the firewall is logged'],
    'records',
    ['google_compute_firewall', 'log_config', 'metadata'],
    is('INCLUDE_ALL_METADATA'),
    null,
  ),
  setting(
    ['GCP-NAT-LISTED', 'Only the subnets that are named reach the internet'],
    'network',
    ['google_compute_router_nat', 'source_subnetwork_ip_ranges_to_nat'],
    is('LIST_OF_SUBNETWORKS'),
    'ALL_SUBNETWORKS_ALL_IP_RANGES',
  ),
  setting(
    ['LOG-DAYS', 'Logs are kept for a year and more'],
    'records',
    ['google_logging_project_bucket_config', 'retention_days'],
    atLeast(365),
    30,
    { production },
  ),
];

const cluster: readonly Setting[] = [
  setting(
    ['CLUSTER-SECRETS', 'Secrets of Kubernetes are encrypted'],
    'atRest',
    [CLUSTER, 'database_encryption', 'state'],
    is('ENCRYPTED'),
    'DECRYPTED',
  ),
  setting(
    ['GKE-NODES', 'Nodes have no public address'],
    'network',
    [CLUSTER, 'private_cluster_config', 'enable_private_nodes'],
    is(true),
    false,
    { scanners: ['CKV_GCP_64', 'CKV_GCP_25'] },
  ),
  setting(
    ['GKE-IDENTITY', 'Pods have identities'],
    'access',
    [CLUSTER, 'workload_identity_config', 'workload_pool'],
    given,
    null,
    { scanners: ['CKV_GCP_69'] },
  ),
  setting(
    ['GKE-DATAPATH', 'Network policies are enforced'],
    'network',
    [CLUSTER, 'datapath_provider'],
    is('ADVANCED_DATAPATH'),
    'LEGACY_DATAPATH',
    { scanners: ['CKV_GCP_12'] },
  ),
  setting(
    ['GKE-IMAGES', 'Only images of ours run'],
    'change',
    [CLUSTER, 'binary_authorization', 'evaluation_mode'],
    is('PROJECT_SINGLETON_POLICY_ENFORCE'),
    'DISABLED',
    { scanners: ['CKV_GCP_66'] },
  ),
  setting(
    ['GKE-CHANNEL', 'The control plane takes security fixes by itself'],
    'change',
    [CLUSTER, 'release_channel', 'channel'],
    oneOf('REGULAR', 'STABLE'),
    'UNSPECIFIED',
    { scanners: ['CKV_GCP_70'] },
  ),
  setting(
    ['GKE-DELETE', 'Terraform refuses to delete the cluster'],
    'recovery',
    [CLUSTER, 'deletion_protection'],
    is(true),
    false,
    { production },
  ),
  setting(
    ['CLUSTER-LOGS', 'Logs of the API server are kept'],
    'records',
    [CLUSTER, 'logging_config', 'enable_components'],
    holding('APISERVER'),
    ['WORKLOADS'],
    { scanners: ['CKV_GCP_1'] },
  ),
  setting(
    ['NODE-METADATA', "Pods do not reach the node's own credentials"],
    'access',
    [POOL, 'node_config', 'workload_metadata_config', 'mode'],
    is('GKE_METADATA'),
    'GCE_METADATA',
    { scanners: ['CKV_GCP_69'] },
  ),
  setting(
    ['GKE-BOOT', 'Nodes start what was signed'],
    'change',
    [POOL, 'node_config', 'shielded_instance_config', 'enable_secure_boot'],
    is(true),
    false,
    { scanners: ['CKV_GCP_68'] },
  ),
  setting(
    ['GKE-ACCOUNT', 'Nodes are not the default account'],
    'access',
    [POOL, 'node_config', 'service_account'],
    given,
    null,
    { scanners: ['CKV2_GCP_1'] },
  ),
];

const rest: readonly Setting[] = [
  setting(
    ['TOPIC-REGION', 'Messages stay in their region'],
    'access',
    ['google_pubsub_topic', 'message_storage_policy', 'enforce_in_transit'],
    is(true),
    false,
  ),
  setting(
    ['SUBSCRIPTION-KEPT', 'A subscription that nobody reads is kept'],
    'recovery',
    ['google_pubsub_subscription', 'expiration_policy', 'ttl'],
    is(''),
    '2678400s',
  ),
  setting(
    ['GCP-SECRET-DELETE', 'Terraform refuses to delete a secret'],
    'recovery',
    ['google_secret_manager_secret', 'deletion_protection'],
    is(true),
    false,
    { production },
  ),
  setting(
    ['IMAGE-IMMUTABLE', 'A tag always means the same image'],
    'change',
    ['google_artifact_registry_repository', 'docker_config', 'immutable_tags'],
    is(true),
    false,
    // What stands in for somebody else's registry has their tags.
    { where: ({ attributes }) => attributes.mode !== 'REMOTE_REPOSITORY' },
  ),
  setting(
    ['GCP-ACCOUNT-KEY', 'No account has a key that can be copied'],
    'access',
    ['google_service_account_key', 'service_account_id'],
    absent,
    'x',
  ),
  setting(
    ['GCP-DNS-PRIVATE', 'Our names are asked for inside only'],
    'network',
    ['google_dns_managed_zone', 'visibility'],
    matching(/^private$/, '"private"'),
    'public',
    {
      where: ({ attributes }) => /googleapis|pkg\.dev/.test(String(at(attributes, 'dns_name'))),
    },
  ),
];

export const gcpSettings: readonly Setting[] = [
  ...keys,
  ...postgres,
  ...caches,
  ...buckets,
  ...network,
  ...cluster,
  ...rest,
];
