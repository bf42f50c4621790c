import type { ContainerStatus } from 'kubernetes-types/core/v1.js';
import { resolveResumed } from '../../../../operator/local/node/resume.js';

const now = new Date('2030-01-01T00:00:00Z');
const status = (extra: Partial<ContainerStatus>): ContainerStatus => ({
  name: 'm',
  image: '',
  imageID: '',
  ready: false,
  restartCount: 2,
  ...extra,
});
const running = status({ state: { running: { startedAt: '2029-12-31T00:00:00Z' } } });
const done = status({ state: { terminated: { exitCode: 0 } } });

describe('after a new agent has come', () => {
  it.each([
    ['a container that ran and restarts', running, 'Always', { restartCount: 3, exitCode: 137, over: false }],
    [
      'a container that ran and may not restart',
      running,
      'Never',
      { restartCount: 2, exitCode: undefined, over: true },
    ],
    ['one that had succeeded', done, 'OnFailure', { restartCount: 2, exitCode: undefined, over: true }],
    ['one that had succeeded but always restarts', done, 'Always', { restartCount: 3, exitCode: 0, over: false }],
    [
      'one that waits for its next start',
      status({ state: { waiting: {} }, lastState: { terminated: { exitCode: 4 } } }),
      'Always',
      { restartCount: 3, exitCode: 4, over: false },
    ],
    [
      'one that never started',
      status({ restartCount: 0, state: { waiting: {} } }),
      'Always',
      { restartCount: 0, exitCode: undefined, over: false },
    ],
    ['one that nobody has seen', undefined, 'Never', { restartCount: 0, exitCode: undefined, over: false }],
  ] as const)('%s goes on', (_, before, policy, wanted) => {
    const { restartCount, last, over } = resolveResumed(before, policy, now);
    expect({ restartCount, exitCode: last?.exitCode, over: over !== undefined }).toEqual(wanted);
  });
});
