import { problem } from '../http/errors.js';
import { GRANT_SCOPES, parseGrant } from './permissions.js';
import { isAllowedIn, type Principal } from './principal.js';

/** Nobody hands out more than they have: else whoever may make keys or roles would have every right. */
export const requireCovered = (by: Principal, permissions: readonly string[], what: string): void => {
  const missing = permissions.filter((text) => {
    const grant = parseGrant(text);
    if (grant === undefined) return false;
    const scopes = grant.scope === undefined ? GRANT_SCOPES : [grant.scope];
    return !scopes.every((scope) => isAllowedIn(by, grant.permission, scope));
  });
  if (missing.length === 0) return;
  throw problem('forbidden', `The role ${by.role} lacks what ${what} would have: ${missing.slice(0, 20).join(', ')}.`, {
    remedy: 'Use a credential that has these permissions itself.',
  });
};
