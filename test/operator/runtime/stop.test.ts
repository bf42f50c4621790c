import { silentLog } from '../../../operator/runtime/log.js';
import { type Stoppable, stopInOrder } from '../../../operator/runtime/stop.js';

describe('stopping', () => {
  const order: string[] = [];
  const part = (name: string, stop: () => Promise<unknown> = async () => undefined): Stoppable => ({
    name,
    stop: async () => {
      order.push(`${name} begins`);
      await stop();
      order.push(`${name} ends`);
    },
  });
  beforeEach(() => order.splice(0));

  it('goes row by row: nothing of a row begins before all of the earlier one has ended', async () => {
    const rows = [[part('controller a'), part('controller b')], [part('leadership')]];
    expect(await stopInOrder(rows, { deadlineMs: 1_000, log: silentLog })).toBe(true);
    expect(order.indexOf('leadership begins')).toBe(4);
  });

  it('goes on past a part that fails and one that hangs, logs both, and says that it was not clean', async () => {
    const errors: unknown[] = [];
    const hangs = part('hangs', () => new Promise(() => undefined));
    const fails = part('fails', () => Promise.reject(new Error('broken')));
    const clean = await stopInOrder([[hangs, fails], [part('last')]], {
      deadlineMs: 20,
      log: { ...silentLog, error: (fields) => errors.push(fields) },
    });
    expect(clean).toBe(false);
    expect(order).toContain('last ends');
    expect(errors).toMatchObject([
      { part: 'fails', err: { message: 'broken' } },
      { part: 'hangs', err: { message: 'hangs did not stop within 20 ms' } },
    ]);
  });
});
