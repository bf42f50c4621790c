/** Time as a dependency, so that tests own it. */
export interface Clock {
  /** Milliseconds; only differences mean anything. */
  now(): number;
  /** Wall time, for what is written into objects. */
  date(): Date;
  /** Calls once after `ms`; the returned function takes it back. */
  after(ms: number, call: () => void): () => void;
}

/** `setTimeout` fires at once for anything longer (2^31 - 1 ms, 24.8 days). */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after(ms, call) {
    const timer = setTimeout(call, Math.min(Math.max(ms, 0), LONGEST_TIMEOUT_MS));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or as soon as the signal aborts: whoever waits looks at the signal next. */
export const delay = (clock: Clock, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const finish = (): void => {
      cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const cancel = clock.after(ms, finish);
    signal.addEventListener('abort', finish, { once: true });
  });
