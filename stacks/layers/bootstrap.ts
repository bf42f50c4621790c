import type { TerraformStack } from 'cdktf';
import { buildAccount } from '../../infra/account/index.js';
import { buildBucket } from '../../infra/bucket/index.js';
import { buildRoles } from '../../infra/identity/roles.js';
import { buildKms } from '../../infra/kms/index.js';
import { accountSettings, dutiesOf, stateSettings } from '../account-settings.js';
import { rolesSettings } from '../cluster-settings.js';
import { buildBootstrapOutput, identityOf } from '../output.js';
import { kmsSettings } from '../settings.js';
import type { Environment } from '../spec/environment.js';
import type { Sites } from './sites.js';

/**
 * What must be there before anything can refer to it: principals → roles → the key and the bucket of states. Applied
 * by a person, once, and again when the list of roles changes.
 */
export function buildBootstrap(stack: TerraformStack, environment: Environment, { here }: Sites): void {
  const account = buildAccount(stack, 'account', accountSettings(environment, here));
  buildRoles(stack, 'roles', rolesSettings(environment, account.site));
  const kms = buildKms(stack, 'kms', kmsSettings(environment, account.site, 'bootstrap', ['state']));
  const state = buildBucket(stack, 'state', stateSettings(environment, account.site, kms.keys.state));
  buildBootstrapOutput(stack, {
    ...identityOf(environment),
    state: { bucket: state.logTarget, key: kms.keys.state.id },
    principals: { deploy: account.deploy, ...dutiesOf(environment.place) },
    byHand: account.byHand,
  });
}
