import { DEPLOYMENTS, TENANT_LABEL } from '../../../../charts/manifests/names.js';
import { COMPONENTS } from '../../../../charts/manifests/tenant/labels.js';
import type { KubeClient, LiveObject } from '../../../clients/kube.js';
import { RESOURCES } from '../../../clients/kube-resources.js';

export interface DeploymentObject extends LiveObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
  };
}

export interface ContainerTrouble {
  readonly pod: string;
  readonly container: string;
  readonly reason: string;
  readonly message: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
  readonly lastState?: { readonly terminated?: { readonly exitCode?: number; readonly message?: string } };
}

interface PodObject extends LiveObject {
  readonly status?: {
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

export const observeDeployment = (kube: KubeClient, namespace: string): Promise<DeploymentObject | undefined> =>
  kube.get<DeploymentObject>({ resource: RESOURCES.deployments, namespace, name: DEPLOYMENTS.memory });

export async function observePods(kube: KubeClient, namespace: string, tenant: string): Promise<readonly PodObject[]> {
  const { items } = await kube.list<PodObject>(RESOURCES.pods, {
    namespace,
    // Scheduled work comes and goes beside the service, and says nothing of it.
    labelSelector: `${TENANT_LABEL}=${tenant},app.kubernetes.io/component=${COMPONENTS.memory}`,
  });
  return items;
}

/** What a container waits for that time alone will not give. */
const TROUBLES: ReadonlyMap<string, string> = new Map([
  ['CrashLoopBackOff', 'CrashLooping'],
  ['CreateContainerConfigError', 'PodNotStarting'],
  ['CreateContainerError', 'PodNotStarting'],
  ['ErrImagePull', 'ImagePullFailed'],
  ['ImagePullBackOff', 'ImagePullFailed'],
  ['InvalidImageName', 'ImagePullFailed'],
]);

export function findTrouble(pods: readonly PodObject[]): ContainerTrouble | undefined {
  for (const { metadata, status } of pods) {
    for (const container of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
      const waiting = container.state?.waiting;
      const reason = TROUBLES.get(waiting?.reason ?? '');
      if (waiting === undefined || reason === undefined) continue;
      const ended = container.lastState?.terminated;
      const exit = ended?.exitCode === undefined ? '' : `exit code ${ended.exitCode}`;
      const message = [waiting.message, exit, ended?.message].filter(Boolean).join('; ');
      return { pod: metadata.name, container: container.name, reason, message };
    }
  }
  return undefined;
}
