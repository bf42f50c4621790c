import { setTimeout as sleep } from 'node:timers/promises';
import { KubeError } from './kube.js';
import { REASON_CONNECTION_LOST } from './kube-errors.js';

/** Short hiccups are ridden out here; whatever lasts longer belongs to the work queue, which knows about fairness. */
const MAX_ATTEMPTS = 4;
const BASE_MS = 100;
/** A server that asks for more patience than this is better answered by the queue's backoff. */
const LONGEST_WAIT_S = 10;

/**
 * `safe`: sending twice does no harm. `create` is not: after a lost reply nobody knows, so it is sent again only when
 * the server says that it did nothing (429).
 */
export type Repeatable = 'safe' | 'create';

const waitBefore = (error: KubeError, attempt: number, repeatable: Repeatable): number | undefined => {
  const asked = error.retryAfterSeconds;
  if (asked !== undefined && asked > LONGEST_WAIT_S) return undefined;
  const backoff = BASE_MS * 2 ** attempt * (0.5 + Math.random());
  if (error.status === 429) return asked === undefined ? backoff : asked * 1000;
  if (repeatable === 'create') return undefined;
  if (error.reason === REASON_CONNECTION_LOST) return backoff;
  if (error.status === 503) return asked === undefined ? backoff : asked * 1000;
  return error.status >= 500 && asked !== undefined ? asked * 1000 : undefined;
};

export const withRetries = async <T>(
  send: () => Promise<T>,
  repeatable: Repeatable,
  signal: AbortSignal | undefined,
): Promise<T> => {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof KubeError) || attempt + 1 >= MAX_ATTEMPTS) throw error;
      const waitMs = waitBefore(error, attempt, repeatable);
      if (waitMs === undefined) throw error;
      await sleep(waitMs, undefined, signal === undefined ? {} : { signal });
    }
  }
};
