import { problem } from '../http/errors.js';
import type { GrantScope, Permission } from './permissions.js';
import { isAllowedIn, type Principal } from './principal.js';

/** For what may be seen: whether it is there is no secret, what is missing is the right. */
export const requireIn = (principal: Principal, permission: Permission, scope: GrantScope, pointer?: string): void => {
  if (isAllowedIn(principal, permission, scope)) return;
  throw problem('forbidden', `The role ${principal.role} lacks the permission ${permission} in the scope ${scope}.`, {
    remedy: `Use a credential with ${permission}, or with ${permission}:${scope}.`,
    ...(pointer === undefined
      ? {}
      : { errors: [{ pointer, code: 'forbidden', detail: `${pointer} needs ${permission}:${scope}` }] }),
  });
};
