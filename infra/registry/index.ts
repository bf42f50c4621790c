import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsRegistry } from './aws.js';
import { buildAzureRegistry } from './azure.js';
import { type RegistryConfig, type RegistryOutput, withRegistryDefaults } from './contract.js';
import { buildGcpRegistry } from './gcp.js';

export type { RegistryConfig, RegistryOutput } from './contract.js';

export function buildRegistry(scope: Construct, id: string, config: RegistryConfig): RegistryOutput {
  const unit = new Construct(scope, id);
  const registry = withRegistryDefaults(config);
  const { site } = registry;
  switch (site.cloud) {
    case 'aws':
      return buildAwsRegistry(unit, { ...registry, site });
    case 'gcp':
      return buildGcpRegistry(unit, { ...registry, site });
    case 'azure':
      return buildAzureRegistry(unit, { ...registry, site });
    default:
      return unreachable(site);
  }
}
