import type { MetricSpec } from 'kubernetes-types/autoscaling/v2.js';
import type { Mode, ServiceOptions } from './options.js';

/** A suspended tenant is at zero, which switches an autoscaler off; equal minimum and maximum need none. */
export const hasAutoscaler = (mode: Mode, { minReplicas, maxReplicas }: ServiceOptions): boolean =>
  mode !== 'Suspended' && minReplicas < maxReplicas;

/** Says nothing where the autoscaler decides: two writers of one number would fight over it for ever. */
export const buildReplicas = (mode: Mode, service: ServiceOptions): { readonly replicas?: number } => {
  if (mode === 'Suspended') return { replicas: 0 };
  return hasAutoscaler(mode, service) ? {} : { replicas: service.minReplicas };
};

/** A budget for one pod would either stop every drain or mean nothing. */
export const hasDisruptionBudget = (mode: Mode, { minReplicas }: ServiceOptions): boolean =>
  mode !== 'Suspended' && minReplicas > 1;

export const buildMetrics = (service: ServiceOptions): MetricSpec[] => [
  ...buildMetric('cpu', service.targetCPUUtilizationPercentage),
  ...buildMetric('memory', service.targetMemoryUtilizationPercentage),
];

const buildMetric = (name: 'cpu' | 'memory', averageUtilization: number | undefined): MetricSpec[] =>
  averageUtilization === undefined
    ? []
    : [{ type: 'Resource', resource: { name, target: { type: 'Utilization', averageUtilization } } }];
