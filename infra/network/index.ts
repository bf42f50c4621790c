import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsNetwork } from './aws.js';
import { buildAzureNetwork } from './azure.js';
import { type NetworkConfig, type NetworkOutput, withNetworkDefaults } from './contract.js';
import { buildGcpNetwork } from './gcp.js';

export type { Egress, NetworkConfig, NetworkOutput, StoreAccess, Three } from './contract.js';

export function buildNetwork(scope: Construct, id: string, config: NetworkConfig): NetworkOutput {
  const unit = new Construct(scope, id);
  const network = withNetworkDefaults(config);
  const { site } = network;
  switch (site.cloud) {
    case 'aws':
      return buildAwsNetwork(unit, { ...network, site });
    case 'gcp':
      return buildGcpNetwork(unit, { ...network, site });
    case 'azure':
      return buildAzureNetwork(unit, { ...network, site });
    default:
      return unreachable(site);
  }
}
