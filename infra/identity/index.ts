import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsIdentity } from './aws.js';
import { buildAzureIdentity } from './azure.js';
import { type IdentityConfig, type IdentityOutput, withIdentityDefaults } from './contract.js';
import { buildGcpIdentity } from './gcp.js';

export type { IdentityConfig, IdentityOutput, Namespaces } from './contract.js';

export function buildIdentity(scope: Construct, id: string, config: IdentityConfig): IdentityOutput {
  const unit = new Construct(scope, id);
  const identity = withIdentityDefaults(config);
  const { site } = identity;
  switch (site.cloud) {
    case 'aws':
      return buildAwsIdentity(unit, { ...identity, site });
    case 'gcp':
      return buildGcpIdentity(unit, { ...identity, site });
    case 'azure':
      return buildAzureIdentity(unit, { ...identity, site });
    default:
      return unreachable(site);
  }
}
