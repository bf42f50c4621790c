import { TENANT_LABEL } from '../../../../../charts/manifests/names.js';
import type { LiveObject } from '../../../../../operator/clients/kube.js';
import { planNamespace } from '../../../../../operator/tenant/phases/namespace/plan.js';

const namespace = (metadata: Partial<LiveObject['metadata']>): LiveObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'mem-acme', uid: 'u', resourceVersion: '1', ...metadata },
});
const ours = { labels: { [TENANT_LABEL]: 'acme' } };

describe('the namespace plan', () => {
  it.each<[string, LiveObject | undefined, object]>([
    ['makes one that is missing', undefined, { kind: 'apply' }],
    ['keeps its own right', namespace(ours), { kind: 'apply' }],
    ['waits for one that is going', namespace({ ...ours, deletionTimestamp: 'now' }), { kind: 'wait' }],
    ['never takes over one without our label', namespace({}), { kind: 'refuse', reason: 'NamespaceConflict' }],
    [
      "never takes over another tenant's",
      namespace({ labels: { [TENANT_LABEL]: 'globex' } }),
      { kind: 'refuse', message: expect.stringContaining('globex') },
    ],
  ])('%s', (_, live, want) => {
    expect(planNamespace('acme', 'mem-acme', live)).toMatchObject(want);
  });
});
