/**
 * What a phase says when it has run. It throws only the unexpected, which the queue retries with backoff.
 *
 * - `done`: the phase holds; its facts go into status.
 * - `wait`: something outside is not ready yet; look again after `afterMs`.
 * - `stalled`: a person must change the spec (or what it refers to); no retry until something is edited.
 *
 * The same reason and message serve the log, the event, the condition and the tests.
 */
export type Outcome<Facts> =
  | { readonly kind: 'done'; readonly facts: Facts }
  | { readonly kind: 'wait'; readonly reason: string; readonly message: string; readonly afterMs: number }
  | { readonly kind: 'stalled'; readonly reason: string; readonly message: string };

export const done = <Facts>(facts: Facts): Outcome<Facts> => ({ kind: 'done', facts });

export const wait = (reason: string, message: string, afterMs = 5_000): Outcome<never> => ({
  kind: 'wait',
  reason,
  message,
  afterMs,
});

export const stalled = (reason: string, message: string): Outcome<never> => ({ kind: 'stalled', reason, message });
