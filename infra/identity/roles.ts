import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import type { Cloud } from '../support/site.js';
import { AZURE_ROLES, buildAzureRoles } from './azure-roles.js';
import type { RolesConfig } from './contract.js';
import { buildGcpRoles, GCP_ROLES } from './gcp-roles.js';

/** AWS has none: each of its roles carries its own policy. */
export const ROLE_NAMES: Readonly<Record<Cloud, readonly string[]>> = {
  aws: [],
  gcp: Object.keys(GCP_ROLES),
  azure: Object.keys(AZURE_ROLES),
};

export function buildRoles(scope: Construct, id: string, config: RolesConfig): void {
  const { site } = config;
  switch (site.cloud) {
    case 'aws':
      return;
    case 'gcp':
      buildGcpRoles(new Construct(scope, id), { ...config, site });
      return;
    case 'azure':
      buildAzureRoles(new Construct(scope, id), { ...config, site });
      return;
    default:
      unreachable(site);
  }
}
