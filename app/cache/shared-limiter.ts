import { createRateLimiter, type RateDecision, type SharedLimiter, WINDOW_SECONDS } from '../access/rate-limit.js';
import type { SharedStore } from './redis.js';

/**
 * One window for all replicas, begun by its first request. A request over the limit is not counted, but for the first: that one
 * is told of. Answers what is counted, the milliseconds left, whether it is allowed, whether it is the first refusal.
 */
const TAKE = `
local limit = tonumber(ARGV[1])
local count = tonumber(redis.call('GET', KEYS[1]) or '0')
local left = redis.call('PTTL', KEYS[1])
if count == 0 or left < 0 then
  redis.call('SET', KEYS[1], 1, 'PX', ARGV[2])
  return {1, tonumber(ARGV[2]), 1, 0}
end
if count < limit then return {redis.call('INCR', KEYS[1]), left, 1, 0} end
if count == limit then redis.call('INCR', KEYS[1]) return {count, left, 0, 1} end
return {count, left, 0, 0}`;

export interface SharedLimiterOptions {
  readonly shared: SharedStore | undefined;
  /** A key may hold an address: in a store of others it is a keyed hash. */
  readonly hash: (key: string) => string;
}

/** Counts in Redis for all replicas; while that is away each counts for itself. */
export const createSharedLimiter = ({ shared, hash }: SharedLimiterOptions): SharedLimiter => {
  const local = createRateLimiter();
  if (shared === undefined) return local;
  const take = async (key: string, limit: number): Promise<RateDecision> => {
    try {
      const answer = await shared.run(TAKE, [`limit:${hash(key)}`], [limit, WINDOW_SECONDS * 1000]);
      const [count, left, allowed, first] = answer as readonly [number, number, number, number];
      return {
        allowed: allowed === 1,
        limit,
        remaining: Math.max(0, limit - count),
        resetSeconds: Math.max(1, Math.ceil(left / 1000)),
        firstRefusal: first === 1,
      };
    } catch {
      return local.take(key, limit);
    }
  };
  return { take: (key, limit) => (shared.isReady() ? take(key, limit) : local.take(key, limit)) };
};
