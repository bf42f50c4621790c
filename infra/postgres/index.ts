import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsPostgres } from './aws.js';
import { buildAzurePostgres } from './azure.js';
import { type PostgresConfig, type PostgresOutput, withPostgresDefaults } from './contract.js';
import { buildGcpPostgres } from './gcp.js';

export type { Maintenance, PostgresConfig, PostgresOutput, SecondRegion, Weekday } from './contract.js';

/** `id` is also the logical id of the primary, so that moving code never moves a database. */
export function buildPostgres(scope: Construct, id: string, config: PostgresConfig): PostgresOutput {
  const unit = new Construct(scope, id);
  const postgres = withPostgresDefaults(config);
  const { site } = postgres;
  switch (site.cloud) {
    case 'aws':
      return buildAwsPostgres(unit, { ...postgres, site });
    case 'gcp':
      return buildGcpPostgres(unit, { ...postgres, site });
    case 'azure':
      return buildAzurePostgres(unit, { ...postgres, site });
    default:
      return unreachable(site);
  }
}
