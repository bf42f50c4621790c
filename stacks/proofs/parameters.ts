import { at, type Json, listOf, type Resource, resourcesOf, type StackJson } from './terraform-json.js';

/**
 * Parameters of Postgres 16 and 17 and of the three clouds that a memory store has reason to set. A misspelt one is
 * accepted at plan; on RDS it fails the apply, elsewhere it does nothing.
 */
const KNOWN = new Set(
  `archive_timeout authentication_timeout autovacuum autovacuum_analyze_scale_factor autovacuum_max_workers
  autovacuum_naptime autovacuum_vacuum_cost_limit autovacuum_vacuum_scale_factor azure.accepted_password_auth_method
  azure.extensions checkpoint_completion_target checkpoint_timeout cloudsql.enable_pgaudit
  cloudsql.iam_authentication cloudsql.logical_decoding cloudsql.enable_pgvector connection_throttle.enable default_statistics_target
  effective_cache_size effective_io_concurrency hnsw.ef_search idle_in_transaction_session_timeout idle_session_timeout
  log_autovacuum_min_duration log_checkpoints log_connections log_disconnections log_duration log_error_verbosity
  log_executor_stats log_hostname log_line_prefix log_lock_waits log_min_duration_statement log_min_error_statement
  log_min_messages log_parameter_max_length log_parameter_max_length_on_error log_parser_stats log_planner_stats
  log_statement log_statement_stats log_temp_files maintenance_work_mem max_connections max_locks_per_transaction
  max_logical_replication_workers max_parallel_maintenance_workers max_parallel_workers max_replication_slots
  max_slot_wal_keep_size max_wal_senders max_wal_size max_worker_processes min_wal_size password_encryption
  pgaudit.log pgaudit.log_catalog pgaudit.role pgbouncer.enabled random_page_cost rds.accepted_password_auth_method
  rds.allowed_extensions rds.force_ssl rds.log_retention_period rds.logical_replication require_secure_transport
  shared_buffers shared_preload_libraries ssl_max_protocol_version ssl_min_protocol_version statement_timeout
  temp_file_limit track_activity_query_size track_io_timing wal_buffers wal_compression wal_level
  wal_sender_timeout work_mem`
    .trim()
    .split(/\s+/),
);

export const isParameter = (name: Json | undefined): boolean => KNOWN.has(String(name));

type Named = readonly [one: Resource, attribute: string, names: readonly (Json | undefined)[]];

/** Where each cloud is told of parameters. */
export function parametersOf(stack: StackJson): readonly Named[] {
  const groups = resourcesOf(stack, 'aws_db_parameter_group').map((one) => named(one, ['parameter']));
  const flags = resourcesOf(stack, 'google_sql_database_instance').map((one) =>
    named(one, ['settings', 'database_flags']),
  );
  const each = resourcesOf(stack, 'azurerm_postgresql_flexible_server_configuration').map(
    (one): Named => [one, 'name', [at(one.attributes, 'name')]],
  );
  return [...groups, ...flags, ...each];
}

const named = (one: Resource, path: readonly string[]): Named => [
  one,
  `${path.join('.')}.name`,
  listOf(at(one.attributes, ...path)).map((parameter) => at(parameter, 'name')),
];
