import type { PodSpec, TopologySpreadConstraint } from 'kubernetes-types/core/v1.js';
import { definedFields } from '../defined.js';
import type { TenantOptions } from './options.js';

type Scheduling = Pick<
  PodSpec,
  'nodeSelector' | 'tolerations' | 'priorityClassName' | 'topologySpreadConstraints' | 'imagePullSecrets'
>;

const TOPOLOGY = { Zone: 'topology.kubernetes.io/zone', Node: 'kubernetes.io/hostname' } as const;

/** Where pods may run, and how far apart. */
export function buildScheduling(o: TenantOptions, selector: Readonly<Record<string, string>>): Scheduling {
  const { nodeSelector, tolerations, priorityClassName } = o.scheduling;
  return {
    ...(Object.keys(nodeSelector).length === 0 ? {} : { nodeSelector: { ...nodeSelector } }),
    ...(tolerations.length === 0 ? {} : { tolerations: tolerations.map(definedFields) }),
    ...(priorityClassName === undefined ? {} : { priorityClassName }),
    ...buildSpread(o, selector),
    ...(o.imagePullSecrets.length === 0 ? {} : { imagePullSecrets: o.imagePullSecrets.map((name) => ({ name })) }),
  };
}

/** A preference, not a demand: a cluster that lost a zone must still be able to run three pods. */
function buildSpread(
  o: TenantOptions,
  selector: Readonly<Record<string, string>>,
): { readonly topologySpreadConstraints?: TopologySpreadConstraint[] } {
  const spread = o.scheduling.topologySpread;
  if (spread === 'None') return {};
  const keys = spread === 'Zone' ? [TOPOLOGY.Zone, TOPOLOGY.Node] : [TOPOLOGY.Node];
  return {
    topologySpreadConstraints: keys.map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { ...selector } },
    })),
  };
}
