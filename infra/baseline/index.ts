import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsBaseline } from './aws.js';
import { buildAzureBaseline } from './azure.js';
import type { BaselineConfig, BaselineOutput } from './contract.js';
import { buildGcpBaseline } from './gcp.js';

export type { BaselineConfig, BaselineOutput } from './contract.js';

export function buildBaseline(scope: Construct, id: string, config: BaselineConfig): BaselineOutput {
  const unit = new Construct(scope, id);
  const { site } = config;
  switch (site.cloud) {
    case 'aws':
      return buildAwsBaseline(unit, { ...config, site });
    case 'gcp':
      return buildGcpBaseline(unit, { ...config, site });
    case 'azure':
      return buildAzureBaseline(unit, { ...config, site });
    default:
      return unreachable(site);
  }
}
