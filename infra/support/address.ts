import type { TerraformResource } from 'cdktf';

/** As `terraform state` and a plan write it. */
export const addressOf = (resource: TerraformResource): string =>
  `${resource.terraformResourceType}.${resource.friendlyUniqueId}`;
