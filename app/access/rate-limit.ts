import { problem } from '../http/errors.js';

export interface RateDecision {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

export interface RateLimiter {
  /** Counts one request of `key` against `limit` a minute. A request over the limit is not counted again. */
  take(key: string, limit: number, now?: number): RateDecision;
}

export const WINDOW_SECONDS = 60;
/** Bounds the memory that a flood of addresses can take: some 10 MB. */
const MAX_KEYS = 50_000;

/** Fixed windows that begin with a key's first request. In this process only: each replica counts for itself. */
export const createRateLimiter = (): RateLimiter => {
  const windows = new Map<string, { count: number; endsAt: number }>();
  return {
    take(key, limit, now = Date.now()) {
      let window = windows.get(key);
      if (!window || window.endsAt <= now) {
        if (!window && windows.size >= MAX_KEYS) evict(windows, now);
        window = { count: 0, endsAt: now + WINDOW_SECONDS * 1000 };
        // Deleting first keeps the map in order of the windows' ends, so that eviction looks at the oldest only.
        windows.delete(key);
        windows.set(key, window);
      }
      const allowed = window.count < limit;
      if (allowed) window.count++;
      const resetSeconds = Math.max(1, Math.ceil((window.endsAt - now) / 1000));
      return { allowed, limit, remaining: Math.max(0, limit - window.count), resetSeconds };
    },
  };
};

const evict = (windows: Map<string, { endsAt: number }>, now: number): void => {
  let room = 0;
  for (const [key, { endsAt }] of windows) {
    if (endsAt > now && room > 0) return;
    windows.delete(key);
    room++;
  }
};

export interface NamedDecision extends RateDecision {
  readonly name: 'tenant' | 'ip';
}

/** The two draft headers and the older three, of the limit that is closest to its end. */
export const buildRateHeaders = (decisions: readonly NamedDecision[]): Readonly<Record<string, string>> => {
  const tightest = [...decisions].sort((a, b) => a.remaining / a.limit - b.remaining / b.limit)[0];
  if (!tightest) return {};
  return {
    'RateLimit-Policy': decisions.map(({ name, limit }) => `"${name}";q=${limit};w=${WINDOW_SECONDS}`).join(', '),
    RateLimit: decisions
      .map(({ name, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`)
      .join(', '),
    'X-RateLimit-Limit': String(tightest.limit),
    'X-RateLimit-Remaining': String(tightest.remaining),
    'X-RateLimit-Reset': String(tightest.resetSeconds),
  };
};

export const rateLimited = (decision: NamedDecision) =>
  problem(
    'rate_limited',
    `More than ${decision.limit} requests a minute from this ${decision.name === 'ip' ? 'address' : 'tenant'}.`,
    {
      headers: { 'Retry-After': String(decision.resetSeconds) },
    },
  );
