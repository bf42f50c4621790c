import { problem } from '../http/errors.js';
import type { Policies } from './schema.js';

/** What is not listed is on: a switch is for turning something off, or off for a while. */
export const isEnabled = (policies: Pick<Policies, 'features'>, name: string): boolean =>
  policies.features?.find((feature) => feature.name === name)?.enabled ?? true;

export const requireEnabled = (policies: Pick<Policies, 'features'>, name: string): void => {
  if (isEnabled(policies, name)) return;
  throw problem('not_supported', `The feature ${name} is switched off for this tenant.`, {
    remedy: `Ask the platform team to switch it on: spec.features of the MemoryTenant, name ${name}.`,
  });
};
