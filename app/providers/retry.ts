import { ProviderError } from './provider-error.js';

/** Two more tries within a second or so: what takes longer is answered 503 or given back to its queue. */
const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 250;

/**
 * Asks again when the provider was away. What it asks us to wait, we wait, if the caller has the time. `mayRepeat`: whether
 * what failed has had no effect, for what must not be done twice.
 */
export const withRetries = async <T>(
  signal: AbortSignal,
  ask: () => Promise<T>,
  mayRepeat: (cause: ProviderError) => boolean = () => true,
): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (cause) {
      const again = cause instanceof ProviderError && cause.trouble === 'unavailable' && attempt < ATTEMPTS;
      if (!again || signal.aborted || !mayRepeat(cause)) throw cause;
      const wanted = (cause.retryAfterSeconds ?? 0) * 1000;
      // Longer than any caller waits: the answer says how long instead.
      if (wanted > MAX_PAUSE_MS) throw cause;
      await pause(Math.max(wanted, FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random())), signal);
    }
  }
};

const MAX_PAUSE_MS = 5_000;

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
