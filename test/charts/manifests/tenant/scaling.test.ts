import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import { buildTenant } from '../../../../charts/manifests/tenant/build.js';
import type { Mode } from '../../../../charts/manifests/tenant/options.js';
import { only } from '../../../support/manifests.js';
import { MAXIMAL, MINIMAL, tenantOptions } from '../../../support/tenant-options.js';

const build = (mode: Mode, minReplicas: number, maxReplicas: number) =>
  buildTenant(tenantOptions({ mode, memory: { ...MINIMAL.memory, minReplicas, maxReplicas } }));

describe('how many pods there are', () => {
  it.each<[Mode, number, number, number | undefined, readonly string[], string]>([
    ['Active', 1, 1, 1, [], 'one pod needs no budget: it would stop every drain'],
    ['Active', 3, 3, 3, ['PodDisruptionBudget'], 'equal numbers need no autoscaler'],
    ['Active', 3, 10, undefined, ['PodDisruptionBudget', 'HorizontalPodAutoscaler'], 'the autoscaler owns the number'],
    ['Active', 1, 5, undefined, ['HorizontalPodAutoscaler'], 'at its least it is one pod'],
    ['ReadOnly', 3, 10, undefined, ['PodDisruptionBudget', 'HorizontalPodAutoscaler'], 'reading is serving'],
    ['Suspended', 3, 10, 0, [], 'nothing runs, and nothing may start it'],
  ])('%s %i–%i: replicas %p, %j, because %s', (mode, min, max, replicas, kinds) => {
    const objects = build(mode, min, max);
    expect(only<Deployment>(objects, 'Deployment').spec?.replicas).toBe(replicas);
    const scalers = ['PodDisruptionBudget', 'HorizontalPodAutoscaler'];
    expect(objects.map(({ kind }) => kind).filter((kind) => scalers.includes(kind))).toEqual(kinds);
  });

  it('a drain always finds a pod that may go', () => {
    const { spec } = only<PodDisruptionBudget>(build('Active', 2, 2), 'PodDisruptionBudget');
    expect([spec?.maxUnavailable, spec?.minAvailable]).toEqual([1, undefined]);
  });

  it('follows CPU at 70 % and memory at 80 %', () => {
    const { spec } = only<HorizontalPodAutoscaler>(buildTenant(MAXIMAL), 'HorizontalPodAutoscaler');
    expect(spec).toMatchObject({
      minReplicas: 3,
      maxReplicas: 10,
      scaleTargetRef: { kind: 'Deployment', name: 'memory' },
    });
    expect(spec?.metrics?.map(({ resource }) => [resource?.name, resource?.target.averageUtilization])).toEqual([
      ['cpu', 70],
      ['memory', 80],
    ]);
  });
});
