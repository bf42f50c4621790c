import { problem } from '../http/errors.js';
import { type RateDecision, WINDOW_SECONDS } from './rate-limit.js';

export type LimitName = 'tenant' | 'ip' | 'key';

export interface NamedDecision extends RateDecision {
  readonly name: LimitName;
}

/** The two draft headers and the older three, of the limit that is closest to its end. */
export const buildRateHeaders = (decisions: readonly NamedDecision[]): readonly (readonly [string, string])[] => {
  let tightest: NamedDecision | undefined;
  let policy = '';
  let state = '';
  for (const decision of decisions) {
    const { name, limit, remaining, resetSeconds } = decision;
    const comma = policy === '' ? '' : ', ';
    policy += `${comma}"${name}";q=${limit};w=${WINDOW_SECONDS}`;
    state += `${comma}"${name}";r=${remaining};t=${resetSeconds}`;
    if (tightest === undefined || remaining * tightest.limit < tightest.remaining * limit) tightest = decision;
  }
  if (!tightest) return [];
  return [
    ['RateLimit-Policy', policy],
    ['RateLimit', state],
    ['X-RateLimit-Limit', String(tightest.limit)],
    ['X-RateLimit-Remaining', String(tightest.remaining)],
    ['X-RateLimit-Reset', String(tightest.resetSeconds)],
  ];
};

const OF: Readonly<Record<LimitName, string>> = {
  ip: 'from this address',
  tenant: 'from this tenant',
  key: 'with this key',
};

export const rateLimited = ({ name, limit, resetSeconds }: NamedDecision) =>
  problem('rate_limited', `More than ${limit} requests a minute ${OF[name]}.`, {
    headers: { 'Retry-After': String(resetSeconds) },
  });
