import type { DbParameterGroupParameter } from '@cdktf/provider-aws/lib/db-parameter-group/index.js';
import type { AwsSite } from '../support/site.js';
import type { ResolvedPostgres } from './contract.js';

const now = (name: string, value: string): DbParameterGroupParameter => ({ name, value, applyMethod: 'immediate' });
/** RDS answers an error to `immediate` for what is read only at start. */
const atStart = (name: string, value: string): DbParameterGroupParameter => ({
  name,
  value,
  applyMethod: 'pending-reboot',
});

/** RDS takes no `wal_level` and no `password_encryption`: it has names of its own for both. */
export function buildParameters({ maxConnections }: ResolvedPostgres<AwsSite>): DbParameterGroupParameter[] {
  return [
    now('rds.force_ssl', '1'),
    now('ssl_min_protocol_version', 'TLSv1.2'),
    now('rds.accepted_password_auth_method', 'scram'),
    atStart('rds.logical_replication', '1'),
    now('max_wal_size', '4096'),
    // In pages of 8 KiB: a quarter of the memory, in bytes, is memory ÷ 4 ÷ 8192.
    atStart('shared_buffers', '{DBInstanceClassMemory/32768}'),
    atStart('max_connections', String(maxConnections)),
    atStart('shared_preload_libraries', 'pg_stat_statements,pgaudit'),
    now('log_connections', '1'),
    now('log_disconnections', '1'),
    now('log_lock_waits', '1'),
    now('log_statement', 'ddl'),
    now('log_min_duration_statement', '1000'),
    // Bind values are memories.
    now('log_parameter_max_length', '0'),
    now('log_parameter_max_length_on_error', '0'),
  ];
}
