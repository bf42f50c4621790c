import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsObservability } from './aws.js';
import { buildAzureObservability } from './azure.js';
import { type ObservabilityConfig, type ObservabilityOutput, withObservabilityDefaults } from './contract.js';
import { buildGcpObservability } from './gcp.js';

export type { ObservabilityConfig, ObservabilityOutput, WatchedDatabase } from './contract.js';

export function buildObservability(scope: Construct, id: string, config: ObservabilityConfig): ObservabilityOutput {
  const unit = new Construct(scope, id);
  const observability = withObservabilityDefaults(config);
  const { site } = observability;
  switch (site.cloud) {
    case 'aws':
      return buildAwsObservability(unit, { ...observability, site });
    case 'gcp':
      return buildGcpObservability(unit, { ...observability, site });
    case 'azure':
      return buildAzureObservability(unit, { ...observability, site });
    default:
      return unreachable(site);
  }
}
