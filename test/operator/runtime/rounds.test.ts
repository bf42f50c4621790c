import { createRounds, forEachAtOnce } from '../../../operator/runtime/rounds.js';
import { settle } from '../../support/manual-clock.js';

interface Held {
  readonly signal: AbortSignal;
  readonly end: () => void;
  readonly fail: (cause: Error) => void;
}

/** Rounds whose looks end when the test says so; the next one comes by itself in an hour. */
const held = () => {
  const looks: Held[] = [];
  const troubles: unknown[] = [];
  const rounds = createRounds({
    everyMs: 3_600_000,
    look: (signal) => new Promise((end, fail) => looks.push({ signal, end, fail })),
    onTrouble: (cause) => troubles.push(cause),
  });
  const first = (): Held => {
    const [look] = looks;
    if (look === undefined) throw new Error('no round was begun');
    return look;
  };
  return { rounds, looks, troubles, first };
};

describe('rounds', () => {
  it('begin at once, and a stop tells the round in hand and waits for it', async () => {
    const { rounds, first } = held();
    rounds.start();
    let stopped = false;
    const stopping = rounds.stop().then(() => {
      stopped = true;
    });
    await settle();
    expect([first().signal.aborted, stopped]).toEqual([true, false]);
    first().end();
    await stopping;
  });

  it('tell of a round that failed, but not of one that was stopped half-way', async () => {
    const failing = held();
    failing.rounds.start();
    failing.first().fail(new Error('away'));
    await settle();
    expect(failing.troubles).toMatchObject([{ message: 'away' }]);
    await failing.rounds.stop();

    const stopped = held();
    stopped.rounds.start();
    const stopping = stopped.rounds.stop();
    stopped.first().fail(new Error('stopped'));
    await stopping;
    expect(stopped.troubles).toEqual([]);
  });

  it('do not begin after a stop, which may overtake the start', async () => {
    const { rounds, looks } = held();
    await rounds.stop();
    rounds.start();
    await settle();
    expect(looks).toEqual([]);
  });

  it('come again and again, one at a time', async () => {
    let running = 0;
    let most = 0;
    let looks = 0;
    let enough: () => void = () => undefined;
    const came = new Promise<void>((resolve) => {
      enough = resolve;
    });
    const rounds = createRounds({
      everyMs: 1,
      look: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
        looks += 1;
        if (looks === 3) enough();
      },
      onTrouble: () => undefined,
    });
    rounds.start();
    await came;
    await rounds.stop();
    expect([most, running]).toEqual([1, 0]);
  });
});

describe('so many at a time', () => {
  it('does each once and never more than that', async () => {
    let running = 0;
    let most = 0;
    const done: number[] = [];
    await forEachAtOnce([1, 2, 3, 4, 5], 2, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await settle();
      running -= 1;
      done.push(item);
    });
    expect([most, done]).toEqual([2, [1, 2, 3, 4, 5]]);
  });

  it('throws when nothing of it goes on any more, and begins nothing after a failure', async () => {
    const begun: number[] = [];
    let ended = false;
    const work = forEachAtOnce([1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error('no');
      await settle();
      await settle();
      ended = true;
    });
    await expect(work).rejects.toThrow('no');
    expect([begun, ended]).toEqual([[1, 2], true]);
  });
});
