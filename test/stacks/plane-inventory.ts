/** What a plane holds beside its buckets, by cloud and type, each kind with the settings that decide on it. */
export type Inventory = Readonly<Record<string, readonly string[]>>;

/** Inventories by type, put together; a type without anything is not in a stack. */
export function merged(...parts: readonly Inventory[]): Inventory {
  const types = new Set(parts.flatMap((part) => Object.keys(part)));
  return Object.fromEntries(
    [...types]
      .sort()
      .map((type) => [type, parts.flatMap((part) => part[type] ?? []).sort()] as const)
      .filter(([, ids]) => ids.length > 0),
  );
}

const each = (ids: readonly string[], prefix: string): readonly string[] => ids.map((id) => `${prefix}_${id}`);

/** `nats`: the zones that have one. */
export function networkInventory(cloud: string, zones: readonly string[], nats: readonly string[]): Inventory {
  const byCloud: Readonly<Record<string, Inventory>> = {
    aws: awsNetwork(zones, nats),
    gcp: GCP_NETWORK,
    azure: azureNetwork(zones, nats),
  };
  return byCloud[cloud] ?? {};
}

function awsNetwork(zones: readonly string[], nats: readonly string[]): Inventory {
  const subnets = ['public', 'nodes', 'data'].flatMap((tier) => each(zones, `network_${tier}`));
  return {
    aws_cloudwatch_log_group: ['network_flows'],
    aws_default_security_group: ['network_default_group'],
    aws_eip: each(nats, 'network_nat_address'),
    aws_flow_log: ['network_flow_log'],
    aws_iam_role: ['network_flow_writer'],
    aws_iam_role_policy: ['network_flow_writes'],
    aws_internet_gateway: ['network_internet'],
    aws_nat_gateway: each(nats, 'network_nat'),
    // Data is not among them: nothing leads from there to the internet.
    aws_route: ['network_default_public', ...each(zones, 'network_default_nodes')],
    aws_route_table: ['network_routes_data', 'network_routes_public', ...each(zones, 'network_routes_nodes')],
    aws_route_table_association: subnets.map((id) => id.replace('network_', 'network_routes_of_')),
    aws_security_group: each(['nodes', 'postgres', 'reader', 'redis', 'endpoints'], 'network_group'),
    aws_subnet: subnets,
    aws_vpc: ['network_vpc'],
    aws_vpc_endpoint: each(
      [
        's3',
        'kms',
        'sts',
        'ecr_api',
        'ecr_dkr',
        'logs',
        'secretsmanager',
        'ec2',
        'eks',
        'eks-auth',
        'sqs',
        'elasticache',
      ],
      'network_endpoint',
    ),
    aws_vpc_security_group_egress_rule: each(
      ['nodes', 'postgres', 'reader', 'redis', 'endpoints', 's3'],
      'network_nodes_out_to',
    ),
    aws_vpc_security_group_ingress_rule: each(
      ['nodes', 'postgres', 'reader', 'redis', 'endpoints'],
      'network_nodes_into',
    ),
  };
}

const GCP_NETWORK: Inventory = {
  google_compute_firewall: each(
    [
      'nodes_into_nodes',
      'nodes_to_nodes',
      'nodes_to_control_plane',
      'nodes_to_postgres',
      'nodes_to_reader',
      'nodes_to_redis',
      'nodes_to_endpoints',
      'deny_in',
      'deny_out',
    ],
    'network_firewall',
  ),
  google_compute_global_address: ['network_databases', 'network_databases_replica'],
  google_compute_network: ['network'],
  google_compute_router: ['network_router'],
  google_compute_router_nat: ['network_nat'],
  google_compute_subnetwork: ['network_data', 'network_nodes'],
  google_dns_managed_zone: ['network_dns_apis', 'network_dns_images'],
  google_dns_record_set: [
    'network_dns_apis_any',
    'network_dns_apis_host',
    'network_dns_images_any',
    'network_dns_images_host',
  ],
  google_logging_project_bucket_config: ['network_flows'],
  google_logging_project_sink: ['network_flow_log'],
  google_network_connectivity_service_connection_policy: ['network_caches'],
  google_service_networking_connection: ['network_peering'],
};

function azureNetwork(zones: readonly string[], nats: readonly string[]): Inventory {
  const subnets = [...each(zones, 'nodes'), 'control_plane', 'postgres', 'reader', 'endpoints'];
  const groups = ['nodes', 'control_plane', 'postgres', 'reader', 'endpoints'];
  const databases = ['replication_in', 'to_replication', 'to_storage', 'to_entra', 'to_keys', 'nodes_in_5432'];
  return {
    azurerm_nat_gateway: each(nats, 'network_nat'),
    azurerm_nat_gateway_public_ip_association: each(nats, 'network_nat_uses'),
    azurerm_network_security_group: each(groups, 'network_group'),
    azurerm_network_security_rule: [
      ...groups.flatMap((group) => each(['deny_in', 'deny_out'], `network_rule_${group}`)),
      ...each(['nodes_in', 'control_plane_in', 'probes_in', 'to_nodes', 'to_control_plane'], 'network_rule_nodes'),
      ...each(['to_postgres', 'to_reader', 'to_redis', 'to_endpoints'], 'network_rule_nodes'),
      ...each(['nodes_in', 'probes_in', 'to_nodes'], 'network_rule_control_plane'),
      ...each(databases, 'network_rule_postgres'),
      ...each(databases, 'network_rule_reader'),
      ...each(['nodes_in_443', 'nodes_in_10000'], 'network_rule_endpoints'),
    ],
    azurerm_network_watcher_flow_log: ['network_flow_log'],
    azurerm_private_dns_zone: ['network_dns_postgres', 'network_dns_queue', 'network_dns_redis'],
    azurerm_private_dns_zone_virtual_network_link: each(['postgres_link', 'queue_link', 'redis_link'], 'network_dns'),
    azurerm_public_ip: each(nats, 'network_nat_address'),
    azurerm_subnet: each(subnets, 'network_subnet'),
    azurerm_subnet_nat_gateway_association: each(zones, 'network_nat_of_nodes'),
    azurerm_subnet_network_security_group_association: each(subnets, 'network_group_of'),
    azurerm_virtual_network: ['network'],
  };
}

export interface Servers {
  readonly replicas: number;
  readonly crossRegion: boolean;
}

const PG = 'pg_pg-a';

/** One server, with what stands beside it. */
export function postgresInventory(cloud: string, servers: Servers): Inventory {
  const byCloud: Readonly<Record<string, Inventory>> = {
    aws: awsPostgres(servers),
    gcp: gcpPostgres(servers),
    azure: azurePostgres(servers),
  };
  return byCloud[cloud] ?? {};
}

const replicasOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${PG}_replica_${index + 1}`);

function awsPostgres({ replicas, crossRegion }: Servers): Inventory {
  const servers = [`${PG}_primary`, ...replicasOf(replicas)];
  return {
    aws_cloudwatch_log_group: servers.flatMap((id) => [`${id}_log_postgresql`, `${id}_log_upgrade`]),
    aws_db_instance: [PG, ...replicasOf(replicas)],
    aws_db_instance_automated_backups_replication: crossRegion ? [`${PG}_backups_copy`] : [],
    aws_db_parameter_group: [`${PG}_parameters`],
    aws_db_subnet_group: [`${PG}_subnets`],
    aws_iam_role: [`${PG}_monitor`],
    aws_iam_role_policy_attachment: [`${PG}_monitors`],
    aws_secretsmanager_secret: [`${PG}_secret`],
    aws_secretsmanager_secret_policy: [`${PG}_secret_policy`],
    aws_secretsmanager_secret_version: [`${PG}_secret_version`],
  };
}

const gcpPostgres = ({ replicas, crossRegion }: Servers): Inventory => ({
  google_secret_manager_secret: [`${PG}_secret`],
  google_secret_manager_secret_version: [`${PG}_secret_version`],
  google_sql_database: [`${PG}_database`],
  google_sql_database_instance: [PG, ...replicasOf(replicas), ...(crossRegion ? [`${PG}_region_replica`] : [])],
  google_sql_user: [`${PG}_administrator`],
});

const AZURE_PARAMETERS = [
  'azure_extensions',
  'shared_preload_libraries',
  'require_secure_transport',
  'ssl_min_protocol_version',
  'wal_level',
  'max_wal_size',
  'max_connections',
  'log_checkpoints',
  'log_connections',
  'log_disconnections',
  'log_lock_waits',
  'log_statement',
  'log_min_duration_statement',
  'log_parameter_max_length',
  'log_parameter_max_length_on_error',
];

function azurePostgres({ replicas, crossRegion }: Servers): Inventory {
  const places = crossRegion ? ['here', 'there'] : ['here'];
  return {
    azurerm_key_vault_secret: [`${PG}_secret`],
    azurerm_management_lock: [`${PG}_lock`],
    azurerm_postgresql_flexible_server: [PG, ...replicasOf(replicas)],
    azurerm_postgresql_flexible_server_configuration: each(AZURE_PARAMETERS, `${PG}_parameter`),
    azurerm_postgresql_flexible_server_database: [`${PG}_database`],
    azurerm_postgresql_flexible_server_virtual_endpoint: replicas > 0 ? [`${PG}_endpoint`] : [],
    azurerm_role_assignment: places.map((place) => `${PG}_${place}_may_wrap`),
    azurerm_user_assigned_identity: places.map((place) => `${PG}_${place}_identity`),
  };
}

/** The managed cache; dev has none. */
export const redisInventory = (cloud: string): Inventory => REDIS[cloud] ?? {};

const REDIS: Readonly<Record<string, Inventory>> = {
  aws: {
    aws_cloudwatch_log_group: ['redis_engine_log', 'redis_slow_log'],
    aws_elasticache_parameter_group: ['redis_parameters'],
    aws_elasticache_replication_group: ['redis'],
    aws_elasticache_subnet_group: ['redis_subnets'],
    aws_elasticache_user: ['redis_nobody', 'redis_service'],
    aws_elasticache_user_group: ['redis_users'],
  },
  gcp: { google_memorystore_instance: ['redis'] },
  azure: {
    azurerm_managed_redis: ['redis'],
    azurerm_management_lock: ['redis_lock'],
    azurerm_private_endpoint: ['redis_endpoint'],
    azurerm_role_assignment: ['redis_may_wrap'],
    azurerm_user_assigned_identity: ['redis_identity'],
  },
};

/** The queue of writes; dev has none. */
export const queueInventory = (cloud: string): Inventory => QUEUES[cloud] ?? {};

const QUEUES: Readonly<Record<string, Inventory>> = {
  aws: {
    aws_sqs_queue: ['queue', 'queue_dead_letter'],
    aws_sqs_queue_policy: ['queue_dead_letter_policy', 'queue_policy'],
    aws_sqs_queue_redrive_allow_policy: ['queue_redrive'],
  },
  gcp: {
    google_pubsub_subscription: ['queue_dead_letter_subscription', 'queue_subscription'],
    google_pubsub_subscription_iam_member: ['queue_may_take'],
    google_pubsub_topic: ['queue', 'queue_dead_letter'],
    google_pubsub_topic_iam_member: ['queue_may_put'],
  },
  azure: {
    azurerm_private_endpoint: ['queue_endpoint'],
    azurerm_role_assignment: ['queue_may_wrap'],
    azurerm_servicebus_namespace: ['queue'],
    azurerm_servicebus_queue: ['queue'],
    azurerm_user_assigned_identity: ['queue_identity'],
  },
};

/** Only Azure links one by one. */
export const linksInventory = (cloud: string): Inventory => (cloud === 'azure' ? AZURE_LINKS : {});

const AZURE_LINKS: Inventory = {
  azurerm_private_dns_zone: ['links_images_zone', 'links_keys_zone', 'links_objects_zone'],
  azurerm_private_dns_zone_virtual_network_link: [
    'links_images_zone_link',
    'links_keys_zone_link',
    'links_objects_zone_link',
  ],
  azurerm_private_endpoint: each(
    [
      'artifacts',
      'backups',
      'audit',
      'audit-replica',
      'keys',
      'keys-replica',
      'images',
      'plane-vault',
      'anchor-vault',
      'tenants-vault',
    ],
    'links_to',
  ),
};

export const registryInventory = (cloud: string): Inventory => REGISTRIES[cloud] ?? {};

const REGISTRIES: Readonly<Record<string, Inventory>> = {
  aws: {
    aws_ecr_lifecycle_policy: ['registry_memplane_lifecycle', 'registry_operator_lifecycle'],
    aws_ecr_repository: ['registry_memplane', 'registry_operator'],
  },
  gcp: { google_artifact_registry_repository: ['registry_images'] },
  azure: {
    azurerm_container_registry: ['registry_images'],
    azurerm_role_assignment: ['registry_may_wrap'],
    azurerm_user_assigned_identity: ['registry_identity'],
  },
};
