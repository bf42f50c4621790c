import type { Deployment } from 'kubernetes-types/apps/v1.js';
import { DEPLOYMENTS } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { startFingerprint } from './configuration.js';
import { buildIdentityLabels, buildSelectorLabels, buildTenantLabels, buildTenantMeta, COMPONENTS } from './labels.js';
import { buildMemoryPod } from './memory-pod.js';
import type { TenantOptions } from './options.js';
import { buildReplicas } from './scaling.js';

/** Changes when pods must be replaced for a change that the pod's own text does not show. */
export const CONFIG_ANNOTATION = 'memplane.dev/config';

export const buildDeployment = (o: TenantOptions): K8sObject => {
  const selector = buildSelectorLabels(o, COMPONENTS.memory);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: buildTenantMeta(o, DEPLOYMENTS.memory, COMPONENTS.memory),
    spec: {
      ...buildReplicas(o.mode, o.memory),
      revisionHistoryLimit: 3,
      selector: { matchLabels: selector },
      // A pod goes only when its successor answers.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: {
          labels: { ...buildTenantLabels(o, COMPONENTS.memory), ...buildIdentityLabels(o) },
          annotations: { [CONFIG_ANNOTATION]: startFingerprint(o) },
        },
        spec: buildMemoryPod(o, selector),
      },
    },
  } satisfies Wire<Deployment>;
};
