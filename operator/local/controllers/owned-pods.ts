import type { PodSpec, PodTemplateSpec } from 'kubernetes-types/core/v1.js';
import type { KubeClient, LiveObject } from '../../clients/kube.js';
import { RESOURCES } from '../../clients/kube-resources.js';
import { type LivePod, namespaceOf } from '../kinds.js';
import { buildOwnerReference, isControlledBy, nameWithSuffix } from './ownership.js';

/** From the server, not from a cache: a controller sees what its run before has created, and never creates twice. */
export async function listOwnedPods(client: KubeClient, owner: LiveObject): Promise<readonly LivePod[]> {
  const { items } = await client.list<LivePod>(RESOURCES.pods, { namespace: namespaceOf(owner) });
  return items.filter((pod) => isControlledBy(pod, owner));
}

export interface PodOverrides {
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: Partial<PodSpec>;
}

export async function createOwnedPod(
  client: KubeClient,
  owner: LiveObject,
  template: PodTemplateSpec | undefined,
  { labels, spec }: PodOverrides = {},
): Promise<void> {
  await client.create(RESOURCES.pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: nameWithSuffix(owner.metadata.name),
      namespace: namespaceOf(owner),
      labels: { ...template?.metadata?.labels, ...labels },
      annotations: { ...template?.metadata?.annotations },
      ...{ ownerReferences: [buildOwnerReference(owner)] },
    },
    spec: { ...template?.spec, ...spec },
  });
}

export async function deletePods(client: KubeClient, pods: readonly LivePod[]): Promise<void> {
  await Promise.all(
    pods.map((pod) => {
      const ref = { resource: RESOURCES.pods, name: pod.metadata.name, namespace: namespaceOf(pod) };
      return client.delete(ref, { uid: pod.metadata.uid });
    }),
  );
}
