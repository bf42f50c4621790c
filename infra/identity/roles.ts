import { Construct } from 'constructs';
import { unreachable } from '../support/errors.js';
import type { Cloud, Site } from '../support/site.js';
import { AZURE_ROLES, buildAzureRoles } from './azure-roles.js';
import { buildGcpRoles, GCP_ROLES } from './gcp-roles.js';

/** Roles of our own, which the plane only assigns: whoever applies the plane need not be able to invent rights. */
export interface RolesConfig<S extends Site = Site> {
  readonly site: S;
  readonly name: string;
  /** Azure: where they may be assigned. */
  readonly scope: string;
  /** Of each role, derived: `projects/…/roles/…`, or a role definition's resource id. */
  readonly ids: Readonly<Record<string, string>>;
}

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
