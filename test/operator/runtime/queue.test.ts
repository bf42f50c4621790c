import fc from 'fast-check';
import { KubeError } from '../../../operator/clients/kube.js';
import { createQueue, type QueueOptions, type RunResult, type WorkQueue } from '../../../operator/runtime/queue.js';
import { ManualClock, settle } from '../../support/manual-clock.js';

interface Harness {
  readonly clock: ManualClock;
  readonly queue: WorkQueue;
  /** Keys in the order their runs started. */
  readonly started: string[];
  readonly failed: { readonly key: string; readonly failures: number; readonly waitMs: number }[];
  /** Ends the run of a key that is under way. */
  finish(key: string, result?: RunResult | Error): Promise<void>;
  readonly signals: Map<string, AbortSignal>;
}

const harness = (options: Partial<QueueOptions> = {}): Harness => {
  const clock = new ManualClock();
  const started: string[] = [];
  const failed: { key: string; failures: number; waitMs: number }[] = [];
  const open = new Map<string, { resolve: (result: RunResult) => void; reject: (error: Error) => void }>();
  const signals = new Map<string, AbortSignal>();
  const queue = createQueue({
    workers: 1,
    clock,
    random: () => 1,
    run: (key, signal) => {
      started.push(key);
      signals.set(key, signal);
      return new Promise((resolve, reject) => open.set(key, { resolve, reject }));
    },
    onError: (key, _error, failures, waitMs) => failed.push({ key, failures, waitMs }),
    ...options,
  });
  return {
    clock,
    queue,
    started,
    failed,
    signals,
    async finish(key, result = {}) {
      const run = open.get(key);
      if (run === undefined) throw new Error(`no run of ${key} is under way`);
      open.delete(key);
      if (result instanceof Error) run.reject(result);
      else run.resolve(result);
      await settle();
    },
  };
};

describe('the work queue', () => {
  it('runs a key once, however often it was added while it waited', async () => {
    const { queue, started, finish } = harness();
    for (let i = 0; i < 5; i += 1) queue.add('a');
    expect(queue.depth).toBe(1);
    queue.start();
    await settle();
    await finish('a');
    expect(started).toEqual(['a']);
  });

  it('runs a key again when it was added during its run, after the keys that already waited', async () => {
    const { queue, started, finish } = harness();
    queue.start();
    queue.add('hot');
    await settle();
    queue.add('cold');
    queue.add('hot');
    await finish('hot');
    await finish('cold');
    await finish('hot');
    expect(started).toEqual(['hot', 'cold', 'hot']);
  });

  it('never starts a second run for a key whose run adds itself at once', async () => {
    let runs = 0;
    let most = 0;
    let active = 0;
    const { queue } = harness({
      workers: 4,
      run: async (key) => {
        active += 1;
        most = Math.max(most, active);
        runs += 1;
        if (runs < 3) queue.add(key);
        await settle();
        active -= 1;
        return {};
      },
    });
    queue.start();
    queue.add('a');
    for (let i = 0; i < 100 && (runs < 3 || active > 0); i += 1) await settle();
    expect([runs, active, most]).toEqual([3, 0, 1]);
  });

  it('keeps the earlier of two delayed adds, whichever came first', async () => {
    for (const [first, second] of [
      [5_000, 1_000],
      [1_000, 5_000],
    ] as const) {
      const { queue, started, clock, finish } = harness();
      queue.start();
      queue.addAfter('a', first);
      queue.addAfter('a', second);
      await clock.advance(999);
      expect(started).toEqual([]);
      await clock.advance(1);
      expect(started).toEqual(['a']);
      await finish('a');
      await clock.advance(60_000);
      expect(started).toEqual(['a']);
    }
  });

  it('comes back when the run asks for it, unless an earlier run decided otherwise', async () => {
    const { queue, started, clock, finish } = harness();
    queue.start();
    queue.add('a');
    await settle();
    await finish('a', { requeueAfterMs: 10_000 });
    await clock.advance(4_000);
    queue.add('a');
    await settle();
    await finish('a');
    await clock.advance(60_000);
    expect(started).toEqual(['a', 'a']);
  });

  it('backs off further with each failure in a row, and forgets them after a success', async () => {
    const { queue, clock, failed, finish } = harness({ backoff: { baseMs: 100, maxMs: 1_000 } });
    queue.start();
    queue.add('a');
    await settle();
    for (let i = 0; i < 5; i += 1) {
      await finish('a', new Error('no'));
      await clock.advance(1_000);
    }
    expect(failed.map(({ waitMs }) => waitMs)).toEqual([100, 200, 400, 800, 1_000]);
    await finish('a');
    queue.add('a');
    await settle();
    await finish('a', new Error('no'));
    expect(failed.at(-1)).toEqual({ key: 'a', failures: 1, waitMs: 100 });
  });

  it('waits at least as long as a busy server asks for', async () => {
    const { queue, failed, finish } = harness();
    queue.start();
    queue.add('a');
    await settle();
    await finish('a', new KubeError({ status: 429, reason: 'TooManyRequests', message: 'busy', retryAfterSeconds: 7 }));
    expect(failed[0]?.waitMs).toBe(7_000);
  });

  it('drops failures and schedules of a forgotten key', async () => {
    const { queue, clock, started, finish } = harness();
    queue.start();
    queue.add('a');
    await settle();
    await finish('a', new Error('no'));
    queue.addAfter('a', 1_000);
    queue.forget('a');
    expect(queue.scheduled).toBe(0);
    await clock.advance(600_000);
    expect(started).toEqual(['a']);
  });

  it('lets an edit overtake the resync of a fleet, and still ends the resync when edits never cease', async () => {
    const { queue, started, finish } = harness();
    for (let i = 0; i < 10; i += 1) queue.add(`fleet-${i}`, 'low');
    queue.add('edited');
    queue.start();
    await settle();
    expect(started).toEqual(['edited']);
    for (let i = 0; i < 80; i += 1) {
      const current = started.at(-1) ?? '';
      queue.add(`edit-${i}`);
      await finish(current);
    }
    expect(started.filter((key) => key.startsWith('fleet-'))).toHaveLength(10);
  });

  it('raises a waiting fleet key when somebody edits its object', async () => {
    const { queue, started } = harness();
    queue.add('a', 'low');
    queue.add('b', 'low');
    queue.add('b');
    queue.start();
    await settle();
    expect(started).toEqual(['b']);
    expect(queue.depth).toBe(1);
  });

  it('tells depth, age and what it is doing', async () => {
    const { queue, clock, finish } = harness();
    queue.add('a');
    await clock.advance(3_000);
    queue.add('b');
    expect([queue.depth, queue.running, queue.oldestMs]).toEqual([2, 0, 3_000]);
    queue.start();
    await settle();
    await finish('a', { requeueAfterMs: 1 });
    expect([queue.depth, queue.running, queue.scheduled, queue.oldestMs]).toEqual([0, 1, 1, 0]);
  });

  it('starts nothing after stop, and waits for what runs', async () => {
    const { queue, started, finish, clock } = harness();
    queue.start();
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 10);
    await settle();
    const stopped = queue.stop(30_000);
    queue.add('d');
    await finish('a');
    expect(await stopped).toBe(true);
    await clock.advance(60_000);
    expect(started).toEqual(['a']);
    expect(clock.pending).toBe(0);
  });

  it('aborts a run that outlasts the deadline of stop, and says so', async () => {
    const { queue, signals, finish, clock } = harness();
    queue.start();
    queue.add('a');
    await settle();
    const stopped = queue.stop(30_000);
    await clock.advance(29_999);
    expect(signals.get('a')?.aborted).toBe(false);
    await clock.advance(1);
    expect(signals.get('a')?.aborted).toBe(true);
    await finish('a', new Error('aborted'));
    expect(await stopped).toBe(false);
  });
});

type Step =
  | { readonly do: 'add' | 'addLow' | 'finish' | 'fail' | 'requeue'; readonly key: string }
  | { readonly do: 'advance'; readonly ms: number };

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('add' as const, 'addLow' as const), key }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('finish' as const, 'fail' as const, 'requeue' as const), key }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(2_000) }) },
);

describe('any interleaving of adds, ends and time', () => {
  it('never runs a key twice at once, respects the workers, and follows each add by a run that starts after it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), async (steps, workers) => {
        let moment = 0;
        const running = new Map<string, (end: RunResult | Error) => void>();
        const lastAdd = new Map<string, number>();
        const lastStart = new Map<string, number>();
        const clock = new ManualClock();
        const queue = createQueue({
          workers,
          clock,
          random: () => 0.5,
          onError: () => undefined,
          run: (name) =>
            new Promise((resolve, reject) => {
              expect(running.has(name)).toBe(false);
              moment += 1;
              lastStart.set(name, moment);
              running.set(name, (end) => {
                running.delete(name);
                if (end instanceof Error) reject(end);
                else resolve(end);
              });
              expect(running.size).toBeLessThanOrEqual(workers);
            }),
        });
        queue.start();
        for (const next of steps) {
          moment += 1;
          if (next.do === 'advance') await clock.advance(next.ms);
          else if (next.do === 'add' || next.do === 'addLow') {
            lastAdd.set(next.key, moment);
            queue.add(next.key, next.do === 'add' ? 'normal' : 'low');
          } else {
            running.get(next.key)?.(
              next.do === 'fail' ? new Error('no') : next.do === 'requeue' ? { requeueAfterMs: 500 } : {},
            );
          }
          await settle();
        }
        // Let everything come to rest: each run that is under way ends well.
        for (let i = 0; i < 50 && (running.size > 0 || queue.depth > 0); i += 1) {
          for (const end of [...running.values()]) end({});
          await settle();
        }
        expect(queue.depth).toBe(0);
        for (const [name, at] of lastAdd) expect(lastStart.get(name) ?? 0).toBeGreaterThan(at);
        expect(await queue.stop(1_000)).toBe(true);
      }),
      { numRuns: 300, seed: 20261121 },
    );
  });

  it('makes no key wait for more runs than there are other keys', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(key, { minLength: 1, maxLength: 100 }), async (adds) => {
        const { queue, started, finish } = harness();
        queue.start();
        const waitingSince = new Map<string, number>();
        for (const name of adds) {
          if (!waitingSince.has(name) && started.at(-1) !== name) waitingSince.set(name, started.length);
          queue.add(name);
          await settle();
          // The first key is hot: it is added again whenever it runs.
          const current = started.at(-1);
          if (current === undefined) continue;
          const since = waitingSince.get(current);
          if (since !== undefined) expect(started.length - since).toBeLessThanOrEqual(5);
          waitingSince.delete(current);
          queue.add('a');
          await finish(current);
        }
      }),
      { numRuns: 100, seed: 20261121 },
    );
  });
});
