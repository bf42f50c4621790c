import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from '../access/principal.js';
import { problem } from '../http/errors.js';

const MAX_LENGTH = 256;

/** The user that a header names, if it does. */
export const readUserHeader = (headers: IncomingHttpHeaders): string | null => {
  const value = headers['x-user-id'];
  if (typeof value !== 'string' || value === '') return null;
  if (value.length > MAX_LENGTH) {
    throw problem('invalid_request', `The header X-User-ID is longer than ${MAX_LENGTH} characters.`, {
      errors: [{ pointer: '/header/x-user-id', code: 'maxLength', detail: `at most ${MAX_LENGTH} characters` }],
    });
  }
  // Header values arrive as Latin-1; ids are UTF-8.
  const id = Buffer.from(value, 'latin1').toString('utf8');
  if (!/\p{Cc}/u.test(id)) return id;
  throw problem('invalid_request', 'The header X-User-ID holds control characters.', {
    errors: [{ pointer: '/header/x-user-id', code: 'pattern', detail: 'printable characters only' }],
  });
};

/**
 * On whose behalf: the credential's own person, whom nothing in the request may contradict; else the one that body, path or
 * header name. `null` when nobody is named.
 */
export const resolveUserId = (
  principal: Principal,
  named: { readonly explicit: string | null; readonly header: string | null },
): string | null => {
  if (principal.userId === null) return named.explicit ?? named.header;
  for (const [where, value] of [
    ['user_id', named.explicit],
    ['X-User-ID', named.header],
  ] as const) {
    if (value !== null && value !== principal.userId) {
      throw problem('identity_mismatch', `${where} is not the user that this key belongs to.`, {
        errors: [
          {
            pointer: where === 'user_id' ? '/user_id' : '/header/x-user-id',
            code: 'identity_mismatch',
            detail: 'names somebody else',
          },
        ],
      });
    }
  }
  return principal.userId;
};

export const requireUserId = (
  principal: Principal,
  named: { readonly explicit: string | null; readonly header: string | null },
): string => {
  const userId = resolveUserId(principal, named);
  if (userId !== null) return userId;
  throw problem('user_required', 'The request does not say on whose behalf it is.', {
    errors: [{ pointer: '/user_id', code: 'user_required', detail: 'is required with this key' }],
  });
};
