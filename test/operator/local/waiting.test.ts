import { Backoff, delay, Wakeup } from '../../../operator/local/waiting.js';

const never = new AbortController().signal;

describe('waiting', () => {
  it('ends at once when the signal aborts', async () => {
    const stop = new AbortController();
    const waited = delay(60_000, stop.signal);
    stop.abort();
    await waited;
    await delay(60_000, stop.signal);
  });

  it('is cut short by a wake, also by one that came before', async () => {
    const wakeup = new Wakeup();
    const waited = wakeup.wait(60_000, never);
    wakeup.wake();
    await waited;
    wakeup.wake();
    await wakeup.wait(60_000, never);
  });

  it('doubles its delays up to the cap and begins again after a reset', () => {
    const backoff = new Backoff({ initialMs: 10, maxMs: 50 });
    expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([10, 20, 40, 50, 50]);
    backoff.reset();
    expect(backoff.next()).toBe(10);
  });
});
