import type { SqlDatabaseInstanceSettingsDatabaseFlags } from '@cdktf/provider-google/lib/sql-database-instance/index.js';
import type { GcpSite } from '../support/site.js';
import type { ResolvedPostgres } from './contract.js';

/**
 * Cloud SQL takes no `wal_level` but a flag of its own; TLS and its version are settings, not flags. `shared_buffers`
 * is left alone: Cloud SQL gives a third of the memory, and refuses values that are not in pages of the instance.
 */
export function buildFlags({ maxConnections }: ResolvedPostgres<GcpSite>): SqlDatabaseInstanceSettingsDatabaseFlags[] {
  const flags: Readonly<Record<string, string>> = {
    'cloudsql.iam_authentication': 'on',
    'cloudsql.logical_decoding': 'on',
    'cloudsql.enable_pgaudit': 'on',
    password_encryption: 'scram-sha-256',
    max_wal_size: '4096',
    max_connections: String(maxConnections),
    log_checkpoints: 'on',
    log_connections: 'on',
    log_disconnections: 'on',
    log_lock_waits: 'on',
    log_statement: 'ddl',
    log_min_duration_statement: '1000',
    // Bind values are memories.
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
  };
  return Object.entries(flags).map(([name, value]) => ({ name, value }));
}
