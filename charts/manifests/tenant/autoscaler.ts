import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js';
import { DEPLOYMENTS } from '../names.js';
import type { K8sObject, Wire } from '../object.js';
import { buildTenantMeta, COMPONENTS } from './labels.js';
import type { TenantOptions } from './options.js';
import { buildMetrics, hasAutoscaler } from './scaling.js';

export const buildAutoscaler = (o: TenantOptions): K8sObject | undefined =>
  hasAutoscaler(o.mode, o.memory)
    ? ({
        apiVersion: 'autoscaling/v2',
        kind: 'HorizontalPodAutoscaler',
        metadata: buildTenantMeta(o, DEPLOYMENTS.memory, COMPONENTS.memory),
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: DEPLOYMENTS.memory },
          minReplicas: o.memory.minReplicas,
          maxReplicas: o.memory.maxReplicas,
          metrics: buildMetrics(o.memory),
        },
      } satisfies Wire<HorizontalPodAutoscaler>)
    : undefined;
