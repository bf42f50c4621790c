import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsCluster } from './aws.js';
import { buildAzureCluster } from './azure.js';
import { type ClusterConfig, type ClusterOutput, withClusterDefaults } from './contract.js';
import { buildGcpCluster } from './gcp.js';

export type { ClusterConfig, ClusterOutput, Pool } from './contract.js';

export function buildCluster(scope: Construct, id: string, config: ClusterConfig): ClusterOutput {
  const unit = new Construct(scope, id);
  const cluster = withClusterDefaults(config);
  const { site } = cluster;
  switch (site.cloud) {
    case 'aws':
      return buildAwsCluster(unit, { ...cluster, site });
    case 'gcp':
      return buildGcpCluster(unit, { ...cluster, site });
    case 'azure':
      return buildAzureCluster(unit, { ...cluster, site });
    default:
      return unreachable(site);
  }
}
