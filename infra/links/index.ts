import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import { buildAwsLinks } from './aws.js';
import { buildAzureLinks } from './azure.js';
import { checkLinks, type LinksConfig, type LinksOutput } from './contract.js';
import { buildGcpLinks } from './gcp.js';

export type { Link, LinksConfig, LinksOutput } from './contract.js';

export function buildLinks(scope: Construct, id: string, config: LinksConfig): LinksOutput {
  checkLinks(config);
  const { site } = config;
  switch (site.cloud) {
    case 'aws':
      return buildAwsLinks();
    case 'gcp':
      return buildGcpLinks();
    case 'azure':
      return buildAzureLinks(new Construct(scope, id), { ...config, site });
    default:
      return unreachable(site);
  }
}
