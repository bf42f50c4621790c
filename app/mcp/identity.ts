import type { IncomingHttpHeaders } from 'node:http';
import type { Principal } from '../access/principal.js';
import { problem } from '../http/errors.js';
import type { Caller } from '../memories/service.js';
import { readUserHeader, requireUserId } from '../tenancy/identity.js';
import { metaOf } from './envelope.js';
import type { Params } from './rpc.js';

export const USER_KEY = 'memplane.dev/user_id';

/**
 * On whose behalf a tool is called: the credential's own person, else whom the header or the request's _meta names. Never an
 * argument of the tool: those are written by a model, which may have been talked into anything.
 */
export const resolveCaller = (principal: Principal, headers: IncomingHttpHeaders, params: Params): Caller => {
  const named = metaOf(params)[USER_KEY];
  const caller = { principal, channel: 'mcp' } as const;
  if (named === undefined) return { ...caller, headers };
  if (typeof named !== 'string' || named === '' || named.length > 256 || /\p{Cc}/u.test(named))
    throw problem('invalid_request', `params._meta["${USER_KEY}"] is not the id of a user.`, {
      errors: [
        { pointer: `/_meta/${USER_KEY.replace('/', '~1')}`, code: 'pattern', detail: '1 to 256 printable characters' },
      ],
    });
  const header = readUserHeader(headers);
  if (header !== null && header !== named)
    throw problem('identity_mismatch', `X-User-ID and params._meta["${USER_KEY}"] name two users.`);
  return { ...caller, headers: { ...headers, 'x-user-id': Buffer.from(named, 'utf8').toString('latin1') } };
};

/** A key of the whole tenant could reach anybody's memories by their ids: here it acts for one person, or on what all share. */
export const demandUser = ({ principal, headers }: Caller, args: Params): void => {
  if (args.scope === 'global' && args.supersedes === undefined) return;
  try {
    requireUserId(principal, { explicit: null, header: readUserHeader(headers) });
  } catch (cause) {
    throw (cause as { code?: unknown }).code === 'user_required' ? userRequired() : cause;
  }
};

const userRequired = () =>
  problem('user_required', 'The request does not say on whose behalf it is.', {
    remedy: `This key has no user of its own: the client that is configured with it names one by the header X-User-ID, or in each call by _meta["${USER_KEY}"].`,
  });
