import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsMetrics } from './aws.js';
import { buildAzureMetrics } from './azure.js';
import { checkMetrics, type MetricsConfig, type MetricsOutput } from './contract.js';
import { buildGcpMetrics } from './gcp.js';

export type { MetricsConfig, MetricsOutput } from './contract.js';

export function buildMetrics(scope: Construct, id: string, config: MetricsConfig): MetricsOutput {
  checkMetrics(config);
  const { site } = config;
  switch (site.cloud) {
    case 'aws':
      return buildAwsMetrics(new Construct(scope, id), { ...config, site });
    case 'gcp':
      return buildGcpMetrics(site);
    case 'azure':
      return buildAzureMetrics(new Construct(scope, id), { ...config, site });
    default:
      return unreachable(site);
  }
}
