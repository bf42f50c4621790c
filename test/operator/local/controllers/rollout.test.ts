import fc from 'fast-check';
import {
  planRecreate,
  planRollout,
  resolveBounds,
  type SetScale,
} from '../../../../operator/local/controllers/rollout.js';

const spec = (replicas: number, rollingUpdate?: Record<string, string | number>) => ({
  replicas,
  selector: {},
  template: {},
  strategy: { type: 'RollingUpdate', ...(rollingUpdate === undefined ? {} : { rollingUpdate }) },
});

describe('the bounds of a rolling update', () => {
  it.each([
    [4, undefined, { maxSurge: 1, maxUnavailable: 1 }, '25 % is the default of both'],
    [1, undefined, { maxSurge: 1, maxUnavailable: 0 }, 'surge rounds up and unavailability down'],
    [10, { maxSurge: '30%', maxUnavailable: 2 }, { maxSurge: 3, maxUnavailable: 2 }, 'numbers are taken as they are'],
    [3, { maxSurge: 0, maxUnavailable: 0 }, { maxSurge: 0, maxUnavailable: 1 }, 'with both 0 nothing could ever move'],
    [2, { maxSurge: 0, maxUnavailable: 5 }, { maxSurge: 0, maxUnavailable: 2 }, 'no more than all can be missing'],
  ])('of %i replicas with %j are %j', (replicas, update, bounds, _because) => {
    expect(resolveBounds(spec(replicas, update))).toEqual(bounds);
  });

  it('of a Recreate allow all to be missing and none too many', () => {
    expect(resolveBounds({ ...spec(3), strategy: { type: 'Recreate' } })).toEqual({ maxSurge: 0, maxUnavailable: 3 });
  });
});

describe('a rolling update', () => {
  const set = (name: string, replicas: number, available = replicas): SetScale => ({ name, replicas, available });

  it('starts what the surge allows, then ends what availability allows', () => {
    const state = { desired: 3, maxSurge: 1, maxUnavailable: 0 };
    expect(planRollout({ ...state, current: set('new', 0), old: [set('old', 3)] })).toMatchObject([
      { name: 'new', replicas: 1 },
    ]);
    expect(planRollout({ ...state, current: set('new', 1, 0), old: [set('old', 3)] })).toEqual([]);
    expect(planRollout({ ...state, current: set('new', 1), old: [set('old', 3)] })).toMatchObject([
      { name: 'old', replicas: 2 },
    ]);
  });

  it('takes broken old pods away first', () => {
    const steps = planRollout({
      desired: 2,
      maxSurge: 1,
      maxUnavailable: 0,
      current: set('new', 1, 0),
      old: [set('a', 1, 0), set('b', 2)],
    });
    expect(steps).toMatchObject([{ name: 'a', replicas: 0 }]);
  });

  it('reaches its end within its bounds, whichever pods become ready when', () => {
    const count = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(
        count,
        count,
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 0, max: 3 }),
        fc.infiniteStream(fc.boolean()),
        (before, desired, surge, unavailable, luck) => {
          const maxSurge = surge === 0 && unavailable === 0 ? 1 : surge;
          const maxUnavailable = Math.min(unavailable, desired);
          const bounds = { desired, maxSurge: maxUnavailable === 0 && maxSurge === 0 ? 1 : maxSurge, maxUnavailable };
          const sets = new Map([
            ['new', set('new', 0)],
            ['old', set('old', before)],
          ]);
          for (let round = 0; round < 200; round += 1) {
            const [current = set('new', 0), ...old] = [...sets.values()];
            const servingBefore = [...sets.values()].reduce((total, one) => total + one.available, 0);
            for (const step of planRollout({ ...bounds, current, old })) {
              const known = sets.get(step.name);
              sets.set(step.name, set(step.name, step.replicas, Math.min(known?.available ?? 0, step.replicas)));
            }
            const asked = [...sets.values()].reduce((total, one) => total + one.replicas, 0);
            const serving = [...sets.values()].reduce((total, one) => total + one.available, 0);
            expect(asked).toBeLessThanOrEqual(Math.max(before, desired + bounds.maxSurge));
            if (serving < servingBefore) expect(serving).toBeGreaterThanOrEqual(desired - maxUnavailable);
            // Some pods become ready, others take their time; in the end all do.
            for (const one of sets.values()) {
              const ready = round > 100 || luck.next().value === true ? 1 : 0;
              sets.set(one.name, set(one.name, one.replicas, Math.min(one.replicas, one.available + ready)));
            }
          }
          expect([...sets.values()].map((one) => one.replicas)).toEqual([desired, 0]);
        },
      ),
      { numRuns: 60, seed: 20261121 },
    );
  });
});

describe('a Recreate', () => {
  const state = { desired: 2, maxSurge: 0, maxUnavailable: 2 };
  const scale = (name: string, replicas: number): SetScale => ({ name, replicas, available: replicas });
  it('ends the old pods, waits for the last of them, then starts the new', () => {
    expect(planRecreate({ ...state, current: scale('new', 0), old: [scale('old', 2)] }, 2)).toMatchObject([
      { name: 'old', replicas: 0 },
    ]);
    expect(planRecreate({ ...state, current: scale('new', 0), old: [scale('old', 0)] }, 1)).toEqual([]);
    expect(planRecreate({ ...state, current: scale('new', 0), old: [scale('old', 0)] }, 0)).toMatchObject([
      { name: 'new', replicas: 2 },
    ]);
    expect(planRecreate({ ...state, current: scale('new', 2), old: [scale('old', 0)] }, 0)).toEqual([]);
  });
});
