import type { PodSpec } from 'kubernetes-types/core/v1.js';
import type { LivePod } from '../../../../operator/local/kinds.js';

/** A pod as the server would hand it out. */
export const buildPod = (spec: Partial<PodSpec> = {}, metadata: Partial<LivePod['metadata']> = {}): LivePod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'shop', uid: 'uid-1', resourceVersion: '1', ...metadata },
  spec: { nodeName: 'local', containers: [{ name: 'main', image: 'test/program' }], ...spec },
});
