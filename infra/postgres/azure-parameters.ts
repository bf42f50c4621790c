import type { PostgresqlFlexibleServer } from '@cdktf/provider-azurerm/lib/postgresql-flexible-server/index.js';
import { PostgresqlFlexibleServerConfiguration } from '@cdktf/provider-azurerm/lib/postgresql-flexible-server-configuration/index.js';
import type { ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import type { AzureSite } from '../support/site.js';
import type { ResolvedPostgres } from './contract.js';

type AzurePostgres = ResolvedPostgres<AzureSite>;

/** `shared_buffers` is left alone: Azure gives a quarter of the memory. */
const parameters = ({ maxConnections }: AzurePostgres): Readonly<Record<string, string>> => ({
  // What `CREATE EXTENSION` may name at all.
  'azure.extensions': 'PGCRYPTO,VECTOR,PG_STAT_STATEMENTS,PGAUDIT',
  shared_preload_libraries: 'pg_stat_statements,pgaudit',
  require_secure_transport: 'on',
  ssl_min_protocol_version: 'TLSv1.2',
  wal_level: 'logical',
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
});

/** One after the other: the server takes no two changes at a time. */
export function buildParameters(
  unit: Construct,
  config: AzurePostgres,
  server: PostgresqlFlexibleServer,
): readonly ITerraformDependable[] {
  let previous: readonly PostgresqlFlexibleServerConfiguration[] = [];
  for (const [name, value] of Object.entries(parameters(config))) {
    previous = [
      new PostgresqlFlexibleServerConfiguration(unit, `parameter_${name.replace('.', '_')}`, {
        serverId: server.id,
        name,
        value,
        dependsOn: [...previous],
      }),
    ];
  }
  return previous;
}
