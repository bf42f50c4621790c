import type { ProvenStack, World } from '../../../stacks/proofs/index.js';
import type { Editable } from '../../support/editable.js';

export interface RuleMutant {
  readonly rule: string;
  /** `aws-prod` */
  readonly in: string;
  readonly layer: ProvenStack['layer'];
  readonly because: string;
  readonly mutate: (stack: Editable) => void;
  /** Of rules that read the environment as well. */
  readonly world?: (world: World) => World;
}

const PG = 'aws_db_instance';
const ID = 'pg_pg-a';
const S3 = 'aws_s3_bucket';
const CACHE = 'aws_elasticache_replication_group';

const aws = (
  rule: string,
  layer: ProvenStack['layer'],
  because: string,
  mutate: (stack: Editable) => void,
): RuleMutant => ({ rule, in: 'aws-prod', layer, because, mutate });
const gcp = (
  rule: string,
  layer: ProvenStack['layer'],
  because: string,
  mutate: (stack: Editable) => void,
): RuleMutant => ({ rule, in: 'gcp-prod', layer, because, mutate });
const azure = (
  rule: string,
  layer: ProvenStack['layer'],
  because: string,
  mutate: (stack: Editable) => void,
): RuleMutant => ({ rule, in: 'azure-prod', layer, because, mutate });

const plant = (stack: Editable, type: string, id: string, attributes: object): void => {
  const ofType = stack.stack.resource[type] ?? {};
  stack.stack.resource[type] = { ...ofType, [id]: JSON.parse(JSON.stringify(attributes)) };
};

/** `${type.id.arn}` of whatever stands there. */
function reference(stack: Editable, type: string, id: string, attribute: string): string {
  const found = Object.keys(stack.stack.resource[type] ?? {}).find((one) => one === id || one.startsWith(`${id}_`));
  if (found === undefined) throw new Error(`no ${type}.${id}`);
  return `\${${type}.${found}.${attribute}}`;
}

const inTerraform = (expression: string): string => `\${${expression}}`;

const keys: readonly RuleMutant[] = [
  aws('KEY-GRAPH', 'plane', 'a key of another account', (s) =>
    s.set(PG, ID, ['kms_key_id'], 'arn:aws:kms:eu-central-1:111122223333:key/x'),
  ),
  aws('KEY-GRAPH', 'plane', 'an unknown type that keeps data', (s) =>
    plant(s, 'aws_efs_file_system', 'memories', { encrypted: true }),
  ),
  aws('KEY-GRAPH', 'vault', 'a bucket without its own configuration', (s) =>
    s.remove(`${S3}_server_side_encryption_configuration`, 'audit_encryption'),
  ),
  aws('KEY-GRAPH', 'plane', 'a copy of a secret under the key of AWS', (s) =>
    s.set('aws_secretsmanager_secret', `${ID}_secret`, ['replica', 0, 'kms_key_id'], 'alias/aws/secretsmanager'),
  ),
  azure('KEY-GRAPH', 'plane', 'geo backups under the key of Azure', (s) =>
    s.set(
      'azurerm_postgresql_flexible_server',
      ID,
      ['customer_managed_key', 'geo_backup_key_vault_key_id'],
      'https://elsewhere',
    ),
  ),
  aws('KEY-REGION', 'plane', 'copies under a key of the first region', (s) =>
    s.set(
      'aws_db_instance_automated_backups_replication',
      `${ID}_backups_copy`,
      ['kms_key_id'],
      reference(s, 'aws_kms_key', 'kms_data_key', 'arn'),
    ),
  ),
  gcp('KEY-REGION', 'vault', 'a copy under a key of the first region', (s) =>
    s.set(
      'google_storage_bucket',
      'audit_replica',
      ['encryption', 'default_kms_key_name'],
      reference(s, 'google_kms_crypto_key', 'kms_audit_key', 'id'),
    ),
  ),
  azure('KEY-REGION', 'vault', 'a copy under a key of the first region', (s) =>
    s.set(
      'azurerm_storage_account',
      'audit_replica',
      ['customer_managed_key', 'key_vault_key_id'],
      reference(s, 'azurerm_key_vault_key', 'kms_audit_key', 'versionless_id'),
    ),
  ),
  aws('STATE-GUARD', 'vault', 'a key that a destroy takes along', (s) =>
    s.set('aws_kms_key', 'kms_audit_key', ['lifecycle', 'prevent_destroy'], false),
  ),
  gcp('STATE-GUARD', 'plane', 'a database that a destroy takes along', (s) =>
    s.set('google_sql_database_instance', ID, ['lifecycle'], {}),
  ),
];

const worm: readonly RuleMutant[] = [
  aws('WORM-LOCK', 'vault', 'governance can be bypassed', (s) =>
    s.set(`${S3}_object_lock_configuration`, 'audit_lock', ['rule', 'default_retention', 'mode'], 'GOVERNANCE'),
  ),
  aws('WORM-LOCK', 'vault', 'nor may the copy be', (s) =>
    s.set(`${S3}_object_lock_configuration`, 'audit_replica_lock', ['rule', 'default_retention', 'mode'], 'GOVERNANCE'),
  ),
  aws('WORM-LOCK', 'vault', 'a bucket of another name is another bucket', (s) =>
    s.set(S3, 'audit', ['bucket'], 'elsewhere'),
  ),
  gcp('WORM-LOCK', 'vault', 'an unlocked policy can be taken off', (s) =>
    s.set('google_storage_bucket', 'audit', ['retention_policy', 'is_locked'], false),
  ),
  {
    ...azure('WORM-LOCK', 'vault', 'unlocked after the second apply', (s) =>
      s.set('azurerm_storage_account', 'audit', ['immutability_policy', 'state'], 'Unlocked'),
    ),
    world: (world) => ({
      ...world,
      environment: { ...world.environment, place: { ...world.environment.place, immutability: 'Locked' } as never },
    }),
  },
  aws('WORM-FLOOR', 'vault', 'a month is not a year', (s) =>
    s.set(`${S3}_object_lock_configuration`, 'audit_lock', ['rule', 'default_retention', 'days'], 30),
  ),
  gcp('WORM-FLOOR', 'vault', 'a month is not a year', (s) =>
    s.set('google_storage_bucket', 'audit_replica', ['retention_policy', 'retention_period'], 2_592_000),
  ),
  azure('WORM-FLOOR', 'plane', 'a day is not a week', (s) =>
    s.set('azurerm_storage_account', 'backups', ['immutability_policy', 'period_since_creation_in_days'], 1),
  ),
  aws('WORM-BORN', 'vault', 'object lock cannot be added later', (s) =>
    s.set(S3, 'audit', ['object_lock_enabled'], false),
  ),
  aws('WORM-BORN', 'vault', 'a suspended bucket locks nothing', (s) =>
    s.set(`${S3}_versioning`, 'audit_versioning', ['versioning_configuration', 'status'], 'Suspended'),
  ),
  gcp('WORM-BORN', 'plane', 'objects would have no dates', (s) =>
    s.set('google_storage_bucket', 'backups', ['enable_object_retention'], false),
  ),
  azure('WORM-BORN', 'vault', 'appending is a change', (s) =>
    s.set('azurerm_storage_account', 'audit', ['immutability_policy', 'allow_protected_append_writes'], true),
  ),
  aws('WORM-REPLICA', 'vault', 'no copy at all', (s) =>
    s.remove(`${S3}_replication_configuration`, 'audit_replication'),
  ),
  aws('WORM-REPLICA', 'vault', 'deletions are copied', (s) =>
    s.set(
      `${S3}_replication_configuration`,
      'audit_replication',
      ['rule', 0, 'delete_marker_replication', 'status'],
      'Enabled',
    ),
  ),
  aws('WORM-REPLICA', 'vault', 'copied to another bucket', (s) =>
    s.set(
      `${S3}_replication_configuration`,
      'audit_replication',
      ['rule', 0, 'destination', 'bucket'],
      reference(s, S3, 'keys', 'arn'),
    ),
  ),
  gcp('WORM-REPLICA', 'vault', 'a job that stands still', (s) =>
    s.set('google_storage_transfer_job', 'audit_replication', ['status'], 'DISABLED'),
  ),
  azure('WORM-REPLICA', 'vault', 'only what comes from now on', (s) =>
    s.set(
      'azurerm_storage_object_replication',
      'audit_replication',
      ['rules', 0, 'copy_blobs_created_after'],
      'OnlyNewObjects',
    ),
  ),
  aws('KEYRING-ERASABLE', 'vault', 'versions keep destroyed keys', (s) =>
    s.set(`${S3}_versioning`, 'keys_versioning', ['versioning_configuration', 'status'], 'Enabled'),
  ),
  gcp('KEYRING-ERASABLE', 'vault', 'the bin keeps destroyed keys', (s) =>
    s.set('google_storage_bucket', 'keys', ['soft_delete_policy', 'retention_duration_seconds'], 604_800),
  ),
  azure('KEYRING-ERASABLE', 'vault', 'versions keep destroyed keys', (s) =>
    s.set('azurerm_storage_account', 'keys_replica', ['blob_properties', 'versioning_enabled'], true),
  ),
  azure('WORM-ACCOUNT', 'vault', 'the account can be deleted', (s) =>
    s.remove('azurerm_management_lock', 'audit_lock'),
  ),
];

const GROUP = 'aws_vpc_security_group_ingress_rule';

const network: readonly RuleMutant[] = [
  aws('NET-REACH', 'plane', 'a database for everybody', (s) =>
    plant(s, GROUP, 'open', {
      security_group_id: reference(s, 'aws_security_group', 'network_group_postgres', 'id'),
      cidr_ipv4: '0.0.0.0/0',
      from_port: 5432,
    }),
  ),
  aws('NET-REACH', 'plane', 'through the nodes to the database', (s) =>
    plant(s, GROUP, 'open', {
      security_group_id: reference(s, 'aws_security_group', 'network_group_nodes', 'id'),
      cidr_ipv4: '203.0.113.0/24',
      from_port: 443,
    }),
  ),
  aws('NET-REACH', 'plane', 'over IPv6', (s) =>
    plant(s, GROUP, 'open', {
      security_group_id: reference(s, 'aws_security_group', 'network_group_redis', 'id'),
      cidr_ipv6: '::/0',
      from_port: 6379,
    }),
  ),
  gcp('NET-REACH', 'plane', 'a rule without ranges is for everybody', (s) =>
    plant(s, 'google_compute_firewall', 'open', {
      direction: 'INGRESS',
      allow: [{ protocol: 'tcp', ports: ['5432'] }],
    }),
  ),
  gcp('NET-REACH', 'plane', 'the last word is gone', (s) =>
    s.remove('google_compute_firewall', 'network_firewall_deny_in'),
  ),
  azure('NET-REACH', 'plane', 'Internet is a name for everybody', (s) =>
    plant(s, 'azurerm_network_security_rule', 'open', {
      direction: 'Inbound',
      access: 'Allow',
      source_address_prefix: 'Internet',
    }),
  ),
  azure('NET-REACH', 'plane', 'a subnet without a group', (s) =>
    s.remove('azurerm_subnet_network_security_group_association', 'network_group_of_postgres'),
  ),
  aws('NET-ROUTE', 'plane', 'a way out of the data subnets', (s) =>
    plant(s, 'aws_route', 'out', {
      route_table_id: reference(s, 'aws_route_table', 'network_routes_data', 'id'),
      destination_cidr_block: '0.0.0.0/0',
      gateway_id: 'igw',
    }),
  ),
  azure('NET-ROUTE', 'plane', 'an address that nobody accounts for', (s) =>
    plant(s, 'azurerm_public_ip', 'open', { name: 'open' }),
  ),
  aws('NET-EGRESS-ANY', 'plane', 'everywhere', (s) =>
    plant(s, 'aws_vpc_security_group_egress_rule', 'out', { cidr_ipv4: '0.0.0.0/0' }),
  ),
  gcp('NET-EGRESS-ANY', 'plane', 'everywhere', (s) =>
    plant(s, 'google_compute_firewall', 'out', {
      direction: 'EGRESS',
      allow: [{ protocol: 'all' }],
      destination_ranges: ['0.0.0.0/0'],
    }),
  ),
  azure('NET-EGRESS-ANY', 'plane', 'everywhere', (s) =>
    plant(s, 'azurerm_network_security_rule', 'out', {
      direction: 'Outbound',
      access: 'Allow',
      destination_address_prefix: 'Internet',
    }),
  ),
  gcp('NET-EVERYBODY', 'vault', 'everybody with an account is everybody', (s) =>
    s.set('google_storage_bucket_iam_member', 'access_logs_log_delivery', ['member'], 'allAuthenticatedUsers'),
  ),
  aws('CLUSTER-PUBLIC', 'plane', 'an API server for everybody', (s) =>
    plant(s, 'aws_eks_cluster', 'open', { vpc_config: { endpoint_public_access: true } }),
  ),
  gcp('CLUSTER-PUBLIC', 'plane', 'an API server for everybody', (s) =>
    plant(s, 'google_container_cluster', 'open', { private_cluster_config: { enable_private_endpoint: false } }),
  ),
];

const recovery: readonly RuleMutant[] = [
  aws('PG-DR', 'plane', 'nothing outlives the region', (s) =>
    s.remove('aws_db_instance_automated_backups_replication', `${ID}_backups_copy`),
  ),
  gcp('PG-DR', 'plane', 'nothing outlives the region', (s) =>
    s.remove('google_sql_database_instance', `${ID}_region_replica`),
  ),
  azure('PG-DR', 'plane', 'nothing outlives the region', (s) =>
    s.set('azurerm_postgresql_flexible_server', ID, ['geo_redundant_backup_enabled'], false),
  ),
  aws('PG-TLS', 'plane', 'plain text is taken', (s) =>
    s.set('aws_db_parameter_group', `${ID}_parameters`, ['parameter', 0, 'value'], '0'),
  ),
  gcp('PG-TLS', 'plane', 'old verifiers', (s) =>
    s.set('google_sql_database_instance', ID, ['settings', 'database_flags', 3, 'value'], 'md5'),
  ),
  azure('PG-TLS', 'plane', 'plain text is taken', (s) =>
    s.remove('azurerm_postgresql_flexible_server_configuration', `${ID}_parameter_require_secure_transport`),
  ),
];

const secrets: readonly RuleMutant[] = [
  aws('SECRET-ARGUMENT', 'plane', 'a password in the state', (s) => s.add(PG, ID, 'password', 'hunter2')),
  aws('SECRET-ARGUMENT', 'plane', 'a write-only argument that is never sent again', (s) =>
    s.set(PG, ID, ['password_wo_version'], null),
  ),
  azure('SECRET-ARGUMENT', 'plane', 'a secret in the state', (s) =>
    s.add('azurerm_key_vault_secret', `${ID}_secret`, 'value', 'hunter2'),
  ),
  aws('SECRET-SHAPE', 'vault', 'an access key in a description', (s) =>
    s.set('aws_kms_key', 'kms_audit_key', ['description'], `AKIA${'A'.repeat(16)}`),
  ),
  gcp('SECRET-SHAPE', 'plane', 'a URL with a password', (s) =>
    plant(s, 'google_dns_record_set', 'x', { rrdatas: ['postgres://memplane:hunter2@10.0.0.1/memplane'] }),
  ),
  aws('SECRET-GENERATED', 'plane', 'the password in a description', (s) =>
    s.set(
      'aws_secretsmanager_secret',
      `${ID}_secret`,
      ['description'],
      `\${local.${Object.keys(s.stack.locals ?? {}).find((name) => name.startsWith('pg_')) ?? ''}}`,
    ),
  ),
];

const terraform: readonly RuleMutant[] = [
  aws('TF-VERSION', 'vault', '1.7 keeps write-only arguments', (s) => {
    s.stack.terraform.required_version = '>= 1.7.0';
  }),
  aws('TF-LANGUAGE', 'vault', 'only OpenTofu encrypts states so', (s) => {
    s.stack.terraform.encryption = {};
  }),
  aws('TF-LANGUAGE', 'vault', 'a function of a provider', (s) =>
    s.set('aws_kms_key', 'kms_audit_key', ['description'], inTerraform('provider::aws::arn_parse("x")')),
  ),
  gcp('TF-LANGUAGE', 'vault', 'only Terraform lists', (s) => {
    Object.assign(s.stack, { list: {} });
  }),
  aws('TF-PURE', 'plane', 'another value at each plan', (s) =>
    s.set(PG, ID, ['final_snapshot_identifier'], `memplane-${inTerraform('timestamp()')}`),
  ),
  gcp('TF-PURE', 'plane', 'another name at each plan', (s) =>
    s.set('google_sql_database_instance', ID, ['name'], inTerraform('uuid()')),
  ),
  aws('TF-BACKEND', 'vault', 'two runs at once', (s) => {
    (s.stack.terraform.backend as { s3: { use_lockfile: boolean } }).s3.use_lockfile = false;
  }),
  gcp('TF-BACKEND', 'plane', 'a state on a laptop', (s) => {
    s.stack.terraform.backend = { local: {} };
  }),
];

/** With WORM-LOCK (governance) and WORM-BORN (no object lock) these are the nineteen that neither validate nor plan notices. */
const plan: readonly RuleMutant[] = [
  aws('PLAN-AUTH-TOKEN', 'plane', 'a token in plain text', (s) => {
    s.add(CACHE, 'redis', 'auth_token', 'x');
    s.set(CACHE, 'redis', ['transit_encryption_enabled'], false);
  }),
  aws('PLAN-TLS-MODE', 'plane', 'required and off', (s) =>
    s.set(CACHE, 'redis', ['transit_encryption_enabled'], false),
  ),
  aws('PLAN-FINAL', 'plane', 'no name for the last snapshot', (s) =>
    s.set(PG, ID, ['final_snapshot_identifier'], null),
  ),
  aws('PLAN-PARAMETER-FAMILY', 'plane', 'parameters of another version', (s) =>
    s.set('aws_db_parameter_group', `${ID}_parameters`, ['family'], 'postgres15'),
  ),
  aws('PLAN-ZONES', 'plane', 'two zones in one subnet', (s) =>
    s.set(
      'aws_db_subnet_group',
      `${ID}_subnets`,
      ['subnet_ids'],
      [reference(s, 'aws_subnet', 'network_data_eu-central-1a', 'id')],
    ),
  ),
  aws('PLAN-CLASS', 'plane', 'a class that does not exist', (s) =>
    s.set(PG, ID, ['instance_class'], 'db.r6g.colossal'),
  ),
  aws('PLAN-SUBNET', 'plane', 'a subnet of elsewhere', (s) =>
    s.set('aws_subnet', 'network_data_eu-central-1a', ['cidr_block'], '192.168.1.0/24'),
  ),
  aws('PLAN-REPLICA-PASSWORD', 'plane', 'a managed password forbids replicas', (s) =>
    s.add(PG, ID, 'manage_master_user_password', true),
  ),
  aws('PLAN-TWO-PASSWORDS', 'plane', 'two passwords', (s) => s.add(PG, ID, 'manage_master_user_password', true)),
  aws('PLAN-REDIS-USER', 'plane', 'two names for one identity', (s) =>
    s.set('aws_elasticache_user', 'redis_service', ['user_id'], 'another'),
  ),
  aws('PLAN-REPLICATION-VERSIONS', 'vault', 'a copy into a suspended bucket', (s) =>
    s.set(`${S3}_versioning`, 'audit_replica_versioning', ['versioning_configuration', 'status'], 'Suspended'),
  ),
  aws('PLAN-SIGN-ROTATION', 'vault', 'a signing key does not rotate', (s) =>
    s.add('aws_kms_key', 'kms_anchor_key', 'enable_key_rotation', true),
  ),
  aws('PLAN-MULTI-REGION', 'vault', 'a replica of a key of one region', (s) =>
    s.set('aws_kms_key', 'kms_audit_key', ['multi_region'], false),
  ),
  aws('PLAN-LOG-TARGET', 'vault', 'logs into a locked bucket', (s) =>
    s.set(`${S3}_logging`, 'keys_logging', ['target_bucket'], reference(s, S3, 'audit', 'bucket')),
  ),
  aws('PLAN-LOG-TARGET', 'plane', 'logs into a bucket of nobody', (s) =>
    s.set(`${S3}_logging`, 'artifacts_logging', ['target_bucket'], 'elsewhere'),
  ),
  aws('PLAN-PARAMETER-NAME', 'plane', 'a misspelt parameter', (s) =>
    s.set('aws_db_parameter_group', `${ID}_parameters`, ['parameter', 0, 'name'], 'rds.force_sl'),
  ),
  gcp('PLAN-PARAMETER-NAME', 'plane', 'a misspelt flag', (s) =>
    s.set('google_sql_database_instance', ID, ['settings', 'database_flags', 0, 'name'], 'cloudsql.iam_autentication'),
  ),
  aws('PLAN-ACTION', 'vault', 'a misspelt action', (s) =>
    s.replace(`${S3}_policy`, 'audit_policy', 'policy', 's3:DeleteObjectVersion', 's3:DeleteObjectVersions'),
  ),
  aws('PLAN-POLICY-SIZE', 'vault', 'a policy that is too long', (s) =>
    s.set(
      'aws_iam_role_policy',
      'audit_replication_policy',
      ['policy'],
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'x'.repeat(11_000) }],
      }),
    ),
  ),
];

const permissions: readonly RuleMutant[] = [
  aws('IAM-TRUTH', 'vault', 'anybody deletes records', (s) =>
    s.replace(
      `${S3}_policy`,
      'audit_policy',
      'policy',
      '"NobodyDeletes","Effect":"Deny"',
      '"NobodyDeletes","Effect":"Allow"',
    ),
  ),
  aws('IAM-TRUTH', 'vault', 'an operator that nobody has taught the evaluator', (s) =>
    s.replace(`${S3}_policy`, 'audit_policy', 'policy', '"Bool":', '"IpAddress":'),
  ),
  gcp('IAM-TRUTH', 'vault', 'the operator grants itself use', (s) =>
    s.remove('google_iam_deny_policy', 'baseline_denials'),
  ),
  gcp('IAM-TRUTH', 'plane', 'anchors anywhere', (s) =>
    s.set('google_storage_bucket_iam_member', 'identity_witness_appends', ['condition'], null),
  ),
  aws('IAM-TRUTH', 'plane', 'whoever proves certificates writes any name', (s) =>
    s.replace(
      'aws_iam_role_policy',
      'edge_cert_manager_records',
      'policy',
      '"_acme-challenge.memory.aws.example.com"',
      '"*"',
    ),
  ),
  aws('IAM-TRUTH', 'plane', 'whoever scrapes ends the metrics', (s) =>
    s.replace('aws_iam_role_policy', 'metrics_scraper_writes', 'policy', '"aps:RemoteWrite"', '"aps:*"'),
  ),
  gcp('IAM-TRUTH', 'bootstrap', 'whoever writes names ends the zone', (s) =>
    s.set(
      'google_project_iam_custom_role',
      'roles_recordKeeper',
      ['permissions'],
      ['dns.changes.create', 'dns.resourceRecordSets.create', 'dns.managedZones.delete'],
    ),
  ),
  azure('IAM-TRUTH', 'bootstrap', 'whoever proves certificates writes addresses', (s) =>
    s.set(
      'azurerm_role_definition',
      'roles_challenger',
      ['permissions', 0, 'actions'],
      ['Microsoft.Network/dnsZones/*/write'],
    ),
  ),
  azure('IAM-TRUTH', 'plane', 'the operator lets itself in', (s) =>
    s.set('azurerm_role_assignment', 'identity_operator_admits_to_vault_tenant', ['condition'], null),
  ),
  azure('IAM-TRUTH', 'vault', 'the pipeline reads tenants', (s) =>
    plant(s, 'azurerm_role_assignment', 'officer', {
      scope: reference(s, 'azurerm_key_vault', 'tenants_vault', 'id'),
      role_definition_name: 'Key Vault Crypto Officer',
      principal_id: '00000000-0000-4000-8000-000000000211',
    }),
  ),
  azure('IAM-TRUTH', 'bootstrap', 'a role that deletes records', (s) =>
    s.set(
      'azurerm_role_definition',
      'roles_auditAppend',
      ['permissions', 0, 'data_actions'],
      ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*'],
    ),
  ),
  azure('IAM-TRUTH', 'bootstrap', 'a tenant deletes its keyring', (s) =>
    s.set(
      'azurerm_role_definition',
      'roles_keyringUse',
      ['permissions', 0, 'data_actions'],
      ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/*'],
    ),
  ),
  azure('IAM-SUBJECT', 'plane', 'any namespace', (s) =>
    s.set(
      'azurerm_federated_identity_credential',
      'identity_operator_credential',
      ['subject'],
      'system:serviceaccount:*:operator',
    ),
  ),
  azure('IAM-SUBJECT', 'plane', 'another audience', (s) =>
    s.set('azurerm_federated_identity_credential', 'identity_operator_credential', ['audience'], ['anybody']),
  ),
  gcp('IAM-SUBJECT', 'plane', 'a whole namespace', (s) =>
    plant(s, 'google_project_iam_member', 'namespace', {
      member: 'principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/namespace/x',
    }),
  ),
  aws('IAM-SUBJECT', 'plane', 'a pattern of service accounts', (s) =>
    s.replace('aws_iam_role', 'identity_operator', 'assume_role_policy', '"StringEquals"', '"StringLike"'),
  ),
  aws('IAM-WRITER', 'plane', 'a writer that deletes', (s) =>
    s.replace(
      'aws_iam_role_policy',
      'identity_audit_objects',
      'policy',
      '"s3:PutObjectLegalHold"',
      '"s3:DeleteObject"',
    ),
  ),
  aws('IAM-BROAD', 'plane', 'everything of a service', (s) =>
    s.replace('aws_iam_role_policy', 'identity_operator_permissions', 'policy', '"s3:GetObject"', '"s3:*"'),
  ),
  gcp('IAM-ROLE', 'plane', 'a role that nobody has looked up', (s) =>
    s.set('google_project_iam_member', 'cluster_nodes_report', ['role'], 'roles/editor'),
  ),
  azure('IAM-ROLE', 'vault', 'a role that nobody has looked up', (s) =>
    s.set('azurerm_role_assignment', 'kms_officer', ['role_definition_name'], 'Key Vault Administrator'),
  ),
];

export const RULE_MUTANTS: readonly RuleMutant[] = [
  ...keys,
  ...worm,
  ...network,
  ...recovery,
  ...secrets,
  ...terraform,
  ...plan,
  ...permissions,
];
export const NINETEEN: readonly string[] = [...new Set([...plan.map(({ rule }) => rule), 'WORM-LOCK', 'WORM-BORN'])];
