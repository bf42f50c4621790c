import type { DeploymentObject } from '../../../../../operator/tenant/phases/workload/observe.js';
import { judgeRollout } from '../../../../../operator/tenant/phases/workload/rollout.js';

const deployment = (replicas: number, status: DeploymentObject['status']): DeploymentObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'memory', namespace: 'mem-acme', uid: 'u', resourceVersion: '1', generation: 2 },
  spec: { replicas },
  ...(status === undefined ? {} : { status }),
});
const full = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };

describe('how far a rollout is', () => {
  it.each<[string, DeploymentObject | undefined, boolean, string, boolean, number?]>([
    ['done when every pod is current and ready', deployment(2, full), false, 'done', true],
    ['not done for a status of an older spec', deployment(2, { ...full, observedGeneration: 1 }), false, 'wait', true],
    ['serving while the newest pod is not ready', deployment(2, { ...full, updatedReplicas: 1 }), false, 'wait', true],
    ['not done while an old pod is still there', deployment(2, { ...full, replicas: 3 }), false, 'wait', true],
    ['away while no pod is ready', deployment(2, { ...full, availableReplicas: 0 }), false, 'wait', false],
    ['not begun', deployment(2, undefined), false, 'wait', false],
    ['missing', undefined, false, 'wait', false],
    ['suspended when the last pod has ended', deployment(0, { observedGeneration: 2 }), true, 'done', false],
    ['suspending while a pod is ending', deployment(0, { observedGeneration: 2 }), true, 'wait', false, 1],
    ['suspending while a pod is there', deployment(0, { observedGeneration: 2, replicas: 1 }), true, 'wait', false],
  ])('%s', (_, object, suspended, kind, yes, pods = 0) => {
    expect(judgeRollout(object, suspended, { pods, trouble: undefined })).toMatchObject({
      kind,
      facts: { available: { yes } },
    });
  });

  it('names the pod, the container and where to look when one does not start', () => {
    const trouble = { pod: 'memory-1', container: 'migrate', reason: 'CrashLooping', message: 'exit code 1' };
    expect(
      judgeRollout(deployment(1, { observedGeneration: 2, replicas: 1 }), false, { pods: 1, trouble }),
    ).toMatchObject({
      reason: 'CrashLooping',
      message: expect.stringMatching(
        /container migrate of Pod memory-1.*exit code 1.*kubectl -n mem-acme logs memory-1/,
      ),
    });
  });
});
