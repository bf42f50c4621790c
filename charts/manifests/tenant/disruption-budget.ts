import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import { DEPLOYMENTS } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { buildSelectorLabels, buildTenantMeta, COMPONENTS } from './labels.js';
import type { TenantOptions } from './options.js';
import { hasDisruptionBudget } from './scaling.js';

/** One at a time, counted in pods that may go: a minimum that equals the replicas would block every drain. */
export const buildDisruptionBudget = (o: TenantOptions): K8sObject | undefined =>
  hasDisruptionBudget(o.mode, o.memory)
    ? ({
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: buildTenantMeta(o, DEPLOYMENTS.memory, COMPONENTS.memory),
        spec: {
          maxUnavailable: 1,
          selector: { matchLabels: buildSelectorLabels(o, COMPONENTS.memory) },
          // A pod that is not ready protects nothing, and must not keep its node from being drained.
          unhealthyPodEvictionPolicy: 'AlwaysAllow',
        },
      } satisfies Wire<PodDisruptionBudget>)
    : undefined;
