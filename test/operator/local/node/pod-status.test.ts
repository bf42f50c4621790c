import type { ContainerView } from '../../../../operator/local/node/container-state.js';
import { buildPodStatus } from '../../../../operator/local/node/pod-status.js';
import { buildPod } from './pods.js';

const now = new Date('2030-01-01T00:00:00.500Z');
const view = (extra: Partial<ContainerView>): ContainerView => ({
  role: 'app',
  spec: { name: 'main', image: 'a:1' },
  state: { kind: 'running', startedAt: now },
  last: undefined,
  restartCount: 0,
  ready: true,
  started: true,
  id: 'x',
  ...extra,
});
const ended = (exitCode: number) =>
  ({ kind: 'terminated', exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' }) as const;
const waiting = { kind: 'waiting', reason: 'ContainerCreating' } as const;
const build = (containers: readonly ContainerView[], finished = false, pod = buildPod()) =>
  buildPodStatus(pod, { containers, startedAt: now, finished, failure: undefined }, now);
const conditions = (status: ReturnType<typeof build>) =>
  Object.fromEntries((status.conditions ?? []).map(({ type, status: value }) => [type, value]));

describe('a pod’s status', () => {
  it.each([
    ['Pending', [view({ state: waiting, ready: false })], false],
    ['Running', [view({})], false],
    ['Running', [view({ state: waiting, ready: false, last: ended(1) })], false],
    ['Running', [view({ state: ended(0), ready: false }), view({})], false],
    ['Succeeded', [view({ state: ended(0) })], true],
    ['Failed', [view({ state: ended(0) }), view({ state: ended(2) })], true],
    ['Failed', [view({ role: 'init', state: ended(1) }), view({ state: waiting })], true],
    ['Succeeded', [view({ role: 'sidecar', state: ended(143) }), view({ state: ended(0) })], true],
  ])('is %s for %#', (phase, containers, finished) => {
    expect(build(containers, finished).phase).toBe(phase);
  });

  it('is ready when all its containers are', () => {
    expect(conditions(build([view({}), view({})]))).toEqual({
      PodScheduled: 'True',
      Initialized: 'True',
      ContainersReady: 'True',
      Ready: 'True',
    });
    const status = build([view({}), view({ spec: { name: 'side' }, ready: false })]);
    expect(conditions(status)).toMatchObject({ ContainersReady: 'False', Ready: 'False' });
    expect(status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [side]',
    });
  });

  it('is not initialised while an init container has not succeeded', () => {
    const status = build([
      view({ role: 'init', spec: { name: 'migrate' }, ready: false }),
      view({ state: waiting, ready: false }),
    ]);
    expect(status.phase).toBe('Pending');
    expect(status.conditions?.[1]).toMatchObject({
      type: 'Initialized',
      status: 'False',
      message: 'containers with incomplete status: [migrate]',
    });
  });

  it('keeps the time of a condition that has not changed, and the conditions of others', () => {
    const lastTransitionTime = '2029-01-01T00:00:00Z';
    const pod = {
      ...buildPod(),
      status: {
        conditions: [
          { type: 'Ready', status: 'True', lastTransitionTime },
          { type: 'DisruptionTarget', status: 'True' },
        ],
      },
    };
    const status = build([view({})], false, pod);
    expect(status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime).toBe(lastTransitionTime);
    expect(status.conditions?.at(-1)).toEqual({ type: 'DisruptionTarget', status: 'True' });
  });

  it('waits for readiness gates', () => {
    const gated = buildPod({ readinessGates: [{ conditionType: 'example.com/gate' }] });
    expect(conditions(build([view({})], false, gated))).toMatchObject({ ContainersReady: 'True', Ready: 'False' });
    const open = { ...gated, status: { conditions: [{ type: 'example.com/gate', status: 'True' }] } };
    expect(conditions(build([view({})], false, open))).toMatchObject({ Ready: 'True' });
  });

  it('shows times in whole seconds and the last end of a container', () => {
    const status = build([view({ last: { ...ended(3), startedAt: now, finishedAt: now }, restartCount: 1 })]);
    expect(status.containerStatuses?.[0]).toMatchObject({
      restartCount: 1,
      state: { running: { startedAt: '2030-01-01T00:00:00Z' } },
      lastState: { terminated: { exitCode: 3, reason: 'Error', finishedAt: '2030-01-01T00:00:00Z' } },
    });
  });
});
