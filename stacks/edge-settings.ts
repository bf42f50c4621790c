import type { ClusterOutput } from '../infra/cluster/index.js';
import type { EdgeConfig, EdgeOutput } from '../infra/edge/index.js';
import type { Key } from '../infra/kms/index.js';
import type { MetricsConfig, MetricsOutput } from '../infra/metrics/index.js';
import type { NetworkOutput } from '../infra/network/index.js';
import type { Site } from '../infra/support/site.js';
import { roleIds } from './cluster-settings.js';
import type { PlaneEdge, PlaneMetrics } from './outputs.js';
import type { Environment } from './spec/environment.js';
import { prefixOf } from './spec/names.js';

export function edgeSettings(environment: Environment, site: Site, cluster: ClusterOutput): EdgeConfig {
  const { tags, baseDomain, edge } = environment;
  return {
    ...{ site, tags, cluster, baseDomain },
    name: prefixOf(environment),
    dnsZone: edge.dnsZone,
    zone: edge.manageZone ? 'Made' : { id: edge.zoneId },
    roles: roleIds(environment),
  };
}

export function edgeOutput({ edge }: Environment, { zoneID, nameServers, annotations }: EdgeOutput): PlaneEdge {
  const { dnsZone, manageZone, issuer } = edge;
  return {
    ...{ dnsZone, issuer, nameServers, annotations },
    managed: manageZone,
    ...(zoneID === undefined ? {} : { zoneID }),
  };
}

/** undefined: the charts keep metrics, as everything else in the cluster. */
export function metricsSettings(
  environment: Environment,
  site: Site,
  around: { readonly cluster: ClusterOutput; readonly network: NetworkOutput; readonly key: Key },
): MetricsConfig | undefined {
  const { tags, observability } = environment;
  if (observability.metrics === 'inCluster') return undefined;
  return { site, tags, name: prefixOf(environment), logDays: observability.logDays, ...around };
}

export const metricsOutput = (made: MetricsOutput | undefined): PlaneMetrics =>
  made === undefined ? { target: 'inCluster' } : { target: 'managed', ...made };
