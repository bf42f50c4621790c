import type { TerraformStack } from 'cdktf';
import { buildRoles } from '../../infra/identity/roles.js';
import { rolesSettings } from '../cluster-settings.js';
import type { Environment } from '../spec/environment.js';
import type { Sites } from './sites.js';

/** What must be there before anything can refer to it: principals, roles, and where Terraform remembers. */
export function buildBootstrap(stack: TerraformStack, environment: Environment, { here }: Sites): void {
  buildRoles(stack, 'roles', rolesSettings(environment, here));
}
