import type { GcpSite } from '../support/site.js';
import type { MetricsOutput } from './contract.js';

/** GKE scrapes, and the project keeps: what decides is a setting of the cluster, and there is nothing else to make. */
export const buildGcpMetrics = ({ projectId }: GcpSite): MetricsOutput => ({
  provider: 'gmp',
  endpoint: `https://monitoring.googleapis.com/v1/projects/${projectId}/location/global/prometheus`,
  annotations: {},
});
