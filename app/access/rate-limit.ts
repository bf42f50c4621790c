export interface RateDecision {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly resetSeconds: number;
  /** The first request of the window that is refused: worth telling once. */
  readonly firstRefusal?: boolean;
}

export interface RateLimiter {
  /** Counts one request of `key` against `limit` a minute. A request over the limit is not counted again. */
  take(key: string, limit: number, now?: number): RateDecision;
}

/** As a `RateLimiter`, for all replicas together when there is a store that they share. */
export interface SharedLimiter {
  take(key: string, limit: number): RateDecision | Promise<RateDecision>;
}

export const WINDOW_SECONDS = 60;
/** Bounds the memory that a flood of addresses can take: some 10 MB. */
const MAX_KEYS = 50_000;

/** Fixed windows that begin with a key's first request. In this process only: each replica counts for itself. */
export const createRateLimiter = (): RateLimiter => {
  const windows = new Map<string, { count: number; endsAt: number; refused: boolean }>();
  return {
    take(key, limit, now = Date.now()) {
      let window = windows.get(key);
      if (!window || window.endsAt <= now) {
        if (!window && windows.size >= MAX_KEYS) evict(windows, now);
        window = { count: 0, endsAt: now + WINDOW_SECONDS * 1000, refused: false };
        // Deleting first keeps the map in order of the windows' ends, so that eviction looks at the oldest only.
        windows.delete(key);
        windows.set(key, window);
      }
      const allowed = window.count < limit;
      if (allowed) window.count++;
      const resetSeconds = Math.max(1, Math.ceil((window.endsAt - now) / 1000));
      const firstRefusal = !allowed && !window.refused;
      if (!allowed) window.refused = true;
      return { allowed, limit, remaining: Math.max(0, limit - window.count), resetSeconds, firstRefusal };
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
