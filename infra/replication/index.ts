import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsReplication } from './aws.js';
import { buildAzureReplication } from './azure.js';
import { checkReplication, type ReplicationConfig, type ReplicationOutput } from './contract.js';
import { buildGcpReplication } from './gcp.js';

export type { ReplicationConfig, ReplicationOutput } from './contract.js';

export function buildReplication(scope: Construct, id: string, config: ReplicationConfig): ReplicationOutput {
  const unit = new Construct(scope, id);
  checkReplication(config);
  const { site } = config;
  switch (site.cloud) {
    case 'aws':
      return buildAwsReplication(unit, { ...config, site });
    case 'gcp':
      return buildGcpReplication(unit, { ...config, site });
    case 'azure':
      return buildAzureReplication(unit, { ...config, site });
    default:
      return unreachable(site);
  }
}
