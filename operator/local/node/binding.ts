import { type KubeClient, KubeError } from '../../clients/kube.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import type { Log } from '../../runtime/log.js';
import { type LivePod, namespaceOf } from '../kinds.js';

/** A pod that waits for a scheduler. There is one node and no scheduler: it takes every such pod, whatever it selects. */
export const isUnscheduled = (pod: LivePod): boolean =>
  (pod.spec.nodeName ?? '') === '' &&
  pod.metadata.deletionTimestamp === undefined &&
  (pod.spec.schedulingGates ?? []).length === 0;

/** Gives the pod to this node; answers false when that should be tried again. */
export async function bindPod(client: KubeClient, pod: LivePod, nodeName: string, log: Log): Promise<boolean> {
  const { name } = pod.metadata;
  const namespace = namespaceOf(pod);
  try {
    await client.createSubresource({ resource: RESOURCES.pods, name, namespace }, 'binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace },
      target: { apiVersion: 'v1', kind: 'Node', name: nodeName },
    });
    return true;
  } catch (err) {
    // Whoever was faster, or deleted it meanwhile, is right.
    if (err instanceof KubeError && (err.status === 404 || err.status === 409)) return true;
    log.warn({ err, pod: name, namespace }, 'pod not bound; trying again');
    return false;
  }
}
