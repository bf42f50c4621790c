import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsEdge } from './aws.js';
import { buildAzureEdge } from './azure.js';
import { checkEdge, type EdgeConfig, type EdgeOutput } from './contract.js';
import { buildGcpEdge } from './gcp.js';

export type { EdgeConfig, EdgeOutput } from './contract.js';

export function buildEdge(scope: Construct, id: string, config: EdgeConfig): EdgeOutput {
  checkEdge(config);
  const unit = new Construct(scope, id);
  const { site } = config;
  switch (site.cloud) {
    case 'aws':
      return buildAwsEdge(unit, { ...config, site });
    case 'gcp':
      return buildGcpEdge(unit, { ...config, site });
    case 'azure':
      return buildAzureEdge(unit, { ...config, site });
    default:
      return unreachable(site);
  }
}
