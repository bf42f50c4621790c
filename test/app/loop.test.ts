import { startLoop } from '../../app/loop.js';
import { eventually } from '../support/memory-service.js';

const never = (): never => {
  throw new Error('not expected');
};

describe('a loop', () => {
  it('goes on at once while there is more to do, and rests when there is not', async () => {
    let turns = 0;
    const loop = startLoop({ turn: async () => (++turns < 5 ? 0 : 60_000), onTrouble: never });
    await eventually(
      async () => turns,
      (count) => count === 5,
    );
    await loop.stop();
    expect(turns).toBe(5);
  });

  it('is woken from its rest, and by what came while it was at work', async () => {
    let turns = 0;
    let finish: (() => void) | undefined;
    const loop = startLoop({
      turn: async () => {
        turns += 1;
        if (turns === 2)
          await new Promise<void>((resolve) => {
            finish = resolve;
          });
        return 60_000;
      },
      onTrouble: never,
    });
    await eventually(
      async () => turns,
      (count) => count === 1,
    );
    await new Promise((resolve) => setTimeout(resolve, 10));
    loop.wake();
    await eventually(
      async () => turns,
      (count) => count === 2,
    );
    loop.wake();
    finish?.();
    await eventually(
      async () => turns,
      (count) => count === 3,
    );
    await loop.stop();
  });

  it('goes on after trouble, and says it', async () => {
    const troubles: unknown[] = [];
    let turns = 0;
    const loop = startLoop({
      turn: async () => {
        turns += 1;
        if (turns === 1) throw new Error('once');
        return 60_000;
      },
      onTrouble: (cause) => troubles.push(cause),
      troubleMs: 1,
    });
    await eventually(
      async () => turns,
      (count) => count === 2,
    );
    await loop.stop();
    expect(troubles).toEqual([new Error('once')]);
  });

  it('finishes the turn in hand when it is stopped, and begins no other', async () => {
    const seen: string[] = [];
    const loop = startLoop({
      turn: async () => {
        seen.push('begun');
        await new Promise((resolve) => setTimeout(resolve, 30));
        seen.push(loop.isStopped() ? 'ended after the stop' : 'ended');
        return 0;
      },
      onTrouble: never,
    });
    await eventually(
      async () => seen.length,
      (count) => count > 0,
    );
    await loop.stop();
    expect(seen.at(-1)).toBe('ended after the stop');
    expect(seen.filter((word) => word === 'begun')).toHaveLength(seen.length / 2);
  });
});
