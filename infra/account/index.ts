import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsAccount } from './aws.js';
import { buildAzureAccount } from './azure.js';
import { type AccountConfig, type AccountOutput, checkAccount } from './contract.js';
import { buildGcpAccount } from './gcp.js';

export type { AccountConfig, AccountOutput } from './contract.js';

/** What an account must have before anything else can be made in it. */
export function buildAccount(scope: Construct, id: string, config: AccountConfig): AccountOutput {
  const unit = new Construct(scope, id);
  checkAccount(config);
  const { site } = config;
  switch (site.cloud) {
    case 'aws':
      return buildAwsAccount(unit, { ...config, site });
    case 'gcp':
      return buildGcpAccount(unit, { ...config, site });
    case 'azure':
      return buildAzureAccount(unit, { ...config, site });
    default:
      return unreachable(site);
  }
}
