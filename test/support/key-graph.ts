import { at, guarded, referred } from './references.js';
import { type Attributes, type Json, plainId, type StackJson } from './terraform-json.js';

type Path = readonly (string | number)[];

/** Types that keep data at rest, and where each says which key encrypts it. */
const KEYED: Readonly<Record<string, readonly Path[]>> = {
  aws_cloudwatch_log_group: [['kms_key_id']],
  aws_db_instance: [['kms_key_id'], ['performance_insights_kms_key_id']],
  aws_db_instance_automated_backups_replication: [['kms_key_id']],
  aws_ecr_repository: [['encryption_configuration', 0, 'kms_key']],
  aws_elasticache_replication_group: [['kms_key_id']],
  aws_s3_bucket_server_side_encryption_configuration: [
    ['rule', 0, 'apply_server_side_encryption_by_default', 'kms_master_key_id'],
  ],
  aws_secretsmanager_secret: [['kms_key_id']],
  aws_sqs_queue: [['kms_master_key_id']],
  google_artifact_registry_repository: [['kms_key_name']],
  google_logging_project_bucket_config: [['cmek_settings', 'kms_key_name']],
  google_memorystore_instance: [['kms_key']],
  google_pubsub_topic: [['kms_key_name']],
  google_secret_manager_secret: [
    ['replication', 'user_managed', 'replicas', 0, 'customer_managed_encryption', 'kms_key_name'],
  ],
  google_sql_database_instance: [['encryption_key_name']],
  google_storage_bucket: [['encryption', 'default_kms_key_name']],
  azurerm_container_registry: [['encryption', 0, 'key_vault_key_id']],
  azurerm_managed_redis: [['customer_managed_key', 'key_vault_key_id']],
  azurerm_postgresql_flexible_server: [['customer_managed_key', 'key_vault_key_id']],
  azurerm_servicebus_namespace: [['customer_managed_key', 'key_vault_key_id']],
  azurerm_storage_account: [['customer_managed_key', 'key_vault_key_id']],
};

/** Where a type keeps data under what another resource says: `aws_s3_bucket` must have its SSE configuration. */
const COMPANIONS: Readonly<Record<string, string>> = {
  aws_s3_bucket: 'aws_s3_bucket_server_side_encryption_configuration',
};

/** Keep nothing at rest, or only what describes other resources. A new type must be put somewhere on purpose. */
const KEYLESS = new RegExp(
  `^(${[
    // Within what is encrypted: a database of a server, a container of an account, a version of a secret.
    'aws_secretsmanager_secret_(version|policy)|aws_sqs_queue_(policy|redrive_allow_policy)|aws_ecr_lifecycle_policy',
    'google_pubsub_subscription|azurerm_servicebus_queue',
    'google_(sql_database|sql_user|secret_manager_secret_version)',
    'azurerm_(key_vault_secret|storage_container|postgresql_flexible_server_.+)',
    'aws_s3_(account_public_access_block|bucket_(lifecycle_configuration|logging|object_lock_configuration))',
    'aws_s3_bucket_(ownership_controls|policy|public_access_block|replication_configuration|versioning)',
    'aws_(db_parameter_group|db_subnet_group|elasticache_(parameter_group|subnet_group|user|user_group))',
    // Keys themselves, and who may use them.
    'aws_kms_(alias|key|replica_key)|google_kms_.+|azurerm_key_vault(_key)?',
    'aws_iam_.+|google_project_iam_.+|google_.+_iam_member|google_org_policy_policy',
    'azurerm_(role_assignment|user_assigned_identity|management_lock)',
    // The network carries and keeps nothing.
    'aws_(default_security_group|eip|flow_log|internet_gateway|nat_gateway|route|route_table|route_table_association)',
    'aws_(security_group|subnet|vpc|vpc_endpoint|vpc_security_group_(egress|ingress)_rule)',
    'google_(compute_.+|dns_.+|logging_project_sink|network_connectivity_.+|service_networking_connection)',
    'azurerm_(nat_gateway.*|network_.+|private_.+|public_ip|subnet.*|virtual_network)',
    // Settings of what is encrypted, and jobs that copy from one to the other.
    'google_storage_transfer_job|azurerm_(monitor_diagnostic_setting|storage_management_policy|storage_object_replication)',
  ].join('|')})$`,
);

/** Without a key of ours, each for a reason. */
const EXEMPT: readonly { readonly address: RegExp; readonly because: string }[] = [
  {
    address: /^aws_s3_bucket_server_side_encryption_configuration\.access_logs(_replica)?_encryption$/,
    because: 'S3 delivers its access logs into no bucket with a KMS key',
  },
];

const KEYS = /^(aws_kms_key|aws_kms_replica_key|google_kms_crypto_key|azurerm_key_vault_key)$/;

/** Everything in a stack that keeps data under no guarded key of that same stack, or that nobody has judged. */
export function keylessOf(stack: StackJson): readonly string[] {
  return Object.entries(stack.resource).flatMap(([type, ofType]) =>
    Object.entries(ofType).flatMap(([id, attributes]) => {
      const address = `${type}.${plainId(id)}`;
      if (EXEMPT.some((one) => one.address.test(address))) return [];
      const paths = KEYED[type];
      if (paths !== undefined) return unkeyed(stack, address, attributes, paths);
      const companion = COMPANIONS[type];
      if (companion !== undefined) return companionless(stack, address, id, companion);
      return KEYLESS.test(type) ? [] : [`${address}: nobody has said whether it keeps data`];
    }),
  );
}

function unkeyed(stack: StackJson, address: string, attributes: Attributes, paths: readonly Path[]): readonly string[] {
  return paths.flatMap((path) => {
    const reference: Json | undefined = at(attributes, ...path);
    const key = referred(stack, reference);
    const ours = key !== undefined && KEYS.test(key.type) && guarded(key.it);
    return ours ? [] : [`${address}: ${path.join('.')} is ${JSON.stringify(reference) ?? 'nothing'}`];
  });
}

function companionless(stack: StackJson, address: string, id: string, companion: string): readonly string[] {
  const found = Object.keys(stack.resource[companion] ?? {}).some((one) => plainId(one) === `${id}_encryption`);
  return found ? [] : [`${address}: no ${companion}`];
}

export const keyedTypes: readonly string[] = Object.keys(KEYED);
/** For mutants: where the first key of a type is said. */
export const firstKeyPath = (type: string): Path => KEYED[type]?.[0] ?? [];
